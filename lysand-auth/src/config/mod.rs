//! What an embedder decides, one file a section. No file and no environment is read here; see [`Config::check`] for what is
//! refused.

mod admin;
#[cfg(feature = "sso")]
mod authorities;
mod base_url;
mod closing;
mod factors;
mod frontend;
mod legal;
mod lifetimes;
mod live;
mod lockout;
mod mail;
mod native;
mod oauth;
mod openid;
mod passkeys;
mod password;
mod personal_tokens;
mod problem;
mod rate_limits;
mod resonite;
mod sessions;
mod signups;
mod sso;
mod synctv;
mod way_back;

pub use self::admin::AdminRules;
#[cfg(feature = "sso")]
pub(crate) use self::authorities::authorities;
pub use self::base_url::{BaseUrl, BaseUrlError};
pub use self::closing::Closing;
pub use self::factors::{AfterSso, FactorKind, Factors, Required};
use self::frontend::OWN;
pub use self::frontend::{Frontend, FrontendRoutes};
pub use self::legal::LegalText;
pub use self::lifetimes::Lifetimes;
pub(crate) use self::live::InForce;
pub use self::live::LiveConfig;
pub use self::lockout::Lockout;
pub use self::mail::MailRules;
pub use self::native::{AdminPasswords, Native, Toki};
pub use self::oauth::{AuthorizeErrors, BearerInQuery, OAuthRules};
pub use self::openid::OpenIdRules;
pub use self::passkeys::Passkeys;
pub use self::password::{ChangeEnds, PasswordRules};
pub use self::personal_tokens::PersonalTokens;
pub use self::problem::{ConfigProblem, ConfigProblems};
pub use self::rate_limits::RateLimits;
pub use self::resonite::Resonite;
pub use self::sessions::{Networks, SessionRules};
pub use self::signups::{Invitations, Mode, Signups};
pub use self::sso::{CallbackStyle, Endpoints, Protocol, Provider, ProviderResponseMode, ProviderSignUp, Sso};
pub use self::synctv::{Names, Synctv};
pub use self::way_back::WayBack;
use crate::keys::Keys;
pub use crate::model::host_scope::HostScope;
use crate::model::mail_token::Purpose;
pub use crate::model::openid_client::SigningAlg;
pub use crate::model::rate_limit::{Limit, Rule, source_of};
pub use crate::model::redirect_uri::RedirectMatch;
use crate::model::scope;
pub use crate::model::strength::Acr;

/// A network, as `trusted_proxies` lists them.
pub use ipnet::IpNet;

/// What realm a challenge names, unless the host says another.
pub(crate) const DEFAULT_REALM: &str = "Lysand Auth";

/// All that an embedder decides about sign-in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The server's public origin. Every absolute URL is built from it, never from a request (security WEB-12).
    pub base_url: BaseUrl,
    /// What signs session cookies, and what secrets are derived from.
    pub keys: Keys,
    /// The name of the sign-in cookie: `jwt`, as Lysand's document says, unless another one stands in the way on this host.
    pub session_cookie: String,
    /// The realm that a challenge names (`WWW-Authenticate`): what an app shows to a person who is asked for a token.
    pub realm: String,
    /// Scopes of the host's own, beside those that the library knows.
    pub scopes: Vec<HostScope>,
    /// Where the pages of a sign-in are, and what frontends are told.
    pub frontend: Frontend,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How often things may be tried.
    pub rate_limits: RateLimits,
    /// How strictly OAuth is spoken.
    pub oauth: OAuthRules,
    /// What the server does as an OpenID provider.
    pub openid: OpenIdRules,
    /// How mail is sent at the start; [`Auth::live_config`](crate::Auth::live_config) tells what is in force.
    pub mail: MailRules,
    /// Networks whose `X-Forwarded-For` is believed (security ID-3).
    pub trusted_proxies: Vec<IpNet>,
    /// Single sign-on.
    pub sso: Sso,
    /// Who may sign up at the start, and what is asked of them; [`Auth::signups`](crate::Auth::signups) tells what is in force.
    /// Nobody, unless the host says so and mounts [`Surface::People`](crate::web::Surface::People).
    pub signups: Signups,
    /// How people recover and change passwords and addresses.
    pub password: PasswordRules,
    /// What is kept of sign-ins with browsers, and when they end.
    pub sessions: SessionRules,
    /// Whether people make tokens for programs of their own, and how long those live.
    pub personal_tokens: PersonalTokens,
    /// What happens to accounts whose owners close them.
    pub closing: Closing,
    /// What the people who run the server can do where.
    pub admin: AdminRules,
    /// Which second factors there are.
    pub factors: Factors,
    /// For which domain passkeys are made.
    pub passkeys: Passkeys,
    /// Programs that send name and password themselves, and what they speak. Nothing, unless the host says so and mounts a surface
    /// for them, such as `Surface::Toki`.
    pub native: Native,
    /// The name under which authenticator apps list the server, and by which people know it, at the start; nothing is its host.
    /// [`Auth::live_config`](crate::Auth::live_config) tells what is in force.
    pub title: Option<String>,
}

impl Config {
    /// The defaults for an origin and its keys.
    #[must_use]
    pub fn new(base_url: BaseUrl, keys: Keys) -> Self {
        Self {
            base_url,
            keys,
            session_cookie: "jwt".to_owned(),
            realm: DEFAULT_REALM.to_owned(),
            scopes: Vec::new(),
            frontend: Frontend::default(),
            lifetimes: Lifetimes::default(),
            rate_limits: RateLimits::default(),
            oauth: OAuthRules::default(),
            openid: OpenIdRules::default(),
            mail: MailRules::default(),
            trusted_proxies: Vec::new(),
            sso: Sso::default(),
            signups: Signups::default(),
            password: PasswordRules::default(),
            sessions: SessionRules::default(),
            personal_tokens: PersonalTokens::default(),
            closing: Closing::default(),
            admin: AdminRules::default(),
            factors: Factors::default(),
            passkeys: Passkeys::default(),
            native: Native::default(),
            title: None,
        }
    }

    /// The name of the sign-in cookie.
    #[must_use]
    pub fn with_session_cookie(self, name: impl Into<String>) -> Self {
        Self { session_cookie: name.into(), ..self }
    }

    /// The realm that a challenge names.
    #[must_use]
    pub fn with_realm(self, realm: impl Into<String>) -> Self {
        Self { realm: realm.into(), ..self }
    }

    /// Scopes of the host's own: apps can register and ask for them, the consent page explains them, the metadata name
    /// them, and [`Bearer`](crate::web::Bearer) checks them.
    #[must_use]
    pub fn with_scopes(self, scopes: Vec<HostScope>) -> Self {
        Self { scopes, ..self }
    }

    /// Where the pages of a sign-in are, and what frontends are told.
    #[must_use]
    pub fn with_frontend(self, frontend: Frontend) -> Self {
        Self { frontend, ..self }
    }

    /// How long things live.
    #[must_use]
    pub fn with_lifetimes(self, lifetimes: Lifetimes) -> Self {
        Self { lifetimes, ..self }
    }

    /// How often things may be tried.
    #[must_use]
    pub fn with_rate_limits(self, rate_limits: RateLimits) -> Self {
        Self { rate_limits, ..self }
    }

    /// How strictly OAuth is spoken.
    #[must_use]
    pub fn with_oauth(self, oauth: OAuthRules) -> Self {
        Self { oauth, ..self }
    }

    /// What the server does as an OpenID provider.
    #[must_use]
    pub fn with_openid(self, openid: OpenIdRules) -> Self {
        Self { openid, ..self }
    }

    /// How mail is sent.
    #[must_use]
    pub fn with_mail(self, mail: MailRules) -> Self {
        Self { mail, ..self }
    }

    /// Networks whose `X-Forwarded-For` is believed (security ID-3).
    #[must_use]
    pub fn with_trusted_proxies(self, trusted_proxies: Vec<IpNet>) -> Self {
        Self { trusted_proxies, ..self }
    }

    /// Single sign-on.
    #[must_use]
    pub fn with_sso(self, sso: Sso) -> Self {
        Self { sso, ..self }
    }

    /// Who may sign up, and what is asked of them.
    #[must_use]
    pub fn with_signups(self, signups: Signups) -> Self {
        Self { signups, ..self }
    }

    /// How people recover and change passwords and addresses.
    #[must_use]
    pub fn with_password(self, password: PasswordRules) -> Self {
        Self { password, ..self }
    }

    /// What is kept of sign-ins with browsers, and when they end.
    #[must_use]
    pub fn with_sessions(self, sessions: SessionRules) -> Self {
        Self { sessions, ..self }
    }

    /// Whether people make tokens for programs of their own, and how long those live.
    #[must_use]
    pub fn with_personal_tokens(self, personal_tokens: PersonalTokens) -> Self {
        Self { personal_tokens, ..self }
    }

    /// What happens to accounts whose owners close them.
    #[must_use]
    pub fn with_closing(self, closing: Closing) -> Self {
        Self { closing, ..self }
    }

    /// What the people who run the server can do where.
    #[must_use]
    pub fn with_admin(self, admin: AdminRules) -> Self {
        Self { admin, ..self }
    }

    /// Which second factors there are.
    #[must_use]
    pub fn with_factors(self, factors: Factors) -> Self {
        Self { factors, ..self }
    }

    /// For which domain passkeys are made.
    #[must_use]
    pub fn with_passkeys(self, passkeys: Passkeys) -> Self {
        Self { passkeys, ..self }
    }

    /// Programs that send name and password themselves.
    #[must_use]
    pub fn with_native(self, native: Native) -> Self {
        Self { native, ..self }
    }

    /// The name by which people know the server.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// Everything that is wrong with this configuration, at once; empty when all is well.
    #[must_use]
    pub fn check(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if self.keys.signing().is_empty() {
            problems.push(ConfigProblem::new("keys.signing", "give at least one Ed25519 key as PKCS#8 PEM"));
        }
        if self.keys.secrets().is_empty() {
            problems.push(ConfigProblem::new("keys.secrets", "give at least one key of 32 random bytes"));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let name = self.session_cookie.as_str();
        let is_ours = ["form", "__Host-form"].contains(&name)
            || name.contains("sso_")
            || name.contains("signin_")
            || ["passkey", "__Host-passkey"].contains(&name);
        let needs_https = name.starts_with("__") && !self.base_url.is_secure();
        if name.is_empty() || !name.bytes().all(is_name) || is_ours || needs_https {
            let why = "must be letters, digits, `_`, `-` or `.`, no name of another cookie of ours, and begin with `__` over https alone";
            problems.push(ConfigProblem::new("session_cookie", why));
        }
        let is_quotable = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        if self.realm.is_empty() || !self.realm.chars().all(is_quotable) {
            problems.push(ConfigProblem::new("realm", "must be ASCII text without quotation marks and backslashes"));
        }
        let scopes = scope::problems(&self.scopes);
        problems.extend(scopes.map(|(word, why)| ConfigProblem::new("scopes", format!("{word:?} {why}"))));
        problems.extend(self.lifetimes.check());
        problems.extend(self.mail.check());
        problems.extend(self.frontend.check(&self.base_url));
        problems.extend(self.openid.check());
        problems.extend(self.sso.check());
        problems.extend(self.signups.check());
        problems.extend(self.password.check());
        problems.extend(self.sessions.check());
        problems.extend(self.personal_tokens.check());
        problems.extend(self.closing.check());
        let has_passkeys = cfg!(feature = "passkeys") && self.passkeys.domain(&self.base_url).is_some();
        problems.extend(self.factors.check(has_passkeys));
        problems.extend(self.passkeys.check(&self.base_url));
        problems.extend(self.native.check((&self.scopes, &self.sso, &self.frontend)));
        problems
    }

    /// The name of the sign-in cookie's twin, which no other host can set; none where that cookie is of such a kind itself,
    /// and over http, where there is none of that kind (faults F13).
    pub(crate) fn session_cookie_twin(&self) -> Option<String> {
        let is_needed = self.base_url.is_secure() && !self.session_cookie.starts_with("__Host-");
        is_needed.then(|| format!("__Host-{}", self.session_cookie))
    }

    /// The address of the sign-in page, without a query.
    #[must_use]
    pub fn login_page(&self) -> String {
        self.page(&self.frontend.routes.login)
    }

    /// The address of the consent page, without a query.
    #[must_use]
    pub fn consent_page(&self) -> String {
        self.page(&self.frontend.routes.consent)
    }

    /// The address of the home page, without a query.
    #[must_use]
    pub fn home_page(&self) -> String {
        self.page(&self.frontend.routes.home)
    }

    /// The address of the page where people sign up, without a query.
    #[must_use]
    pub fn register_page(&self) -> String {
        self.page(&self.frontend.routes.register)
    }

    /// The address of the page where people choose a new password, without a query.
    #[must_use]
    pub fn password_reset_page(&self) -> String {
        self.page(&self.frontend.routes.password_reset)
    }

    /// The address in a mail that opens what its token is for.
    pub(crate) fn mailed_link(&self, purpose: Purpose, token: &str) -> String {
        match purpose {
            Purpose::Confirm => format!("{}?token={token}", self.page_named("confirm").0),
            Purpose::Reset | Purpose::FirstPassword => format!("{}?token={token}", self.password_reset_page()),
            Purpose::EmailConfirm => format!("{}?token={token}", self.page_named("email_confirm").0),
            Purpose::EmailStop => self.base_url.join(&format!("/account/email/stop?token={token}")),
            Purpose::EmailUndo => format!("{}?token={token}", self.page_named("email_undo").0),
            // There is none; whoever is led here by mistake signs in.
            Purpose::SignIn | Purpose::Factor | Purpose::WayBack => self.login_page(),
            Purpose::WayBackStop => self.base_url.join(&format!("/account/way_back/stop?token={token}")),
            Purpose::Invited => format!("{}?invite={token}", self.register_page()),
        }
    }

    /// Every page that a frontend may have, by the name of its route: its address, and whether it is the frontend's (people
    /// PPL-233).
    pub(crate) fn pages(&self) -> impl Iterator<Item = (&'static str, String, bool)> {
        OWN.iter().map(|(name, _)| {
            let (address, is_of_frontend) = self.page_named(name);
            (*name, address, is_of_frontend)
        })
    }

    /// Where people find a page whose place a frontend can take, by the name of its route (`account` for
    /// `frontend.routes.account`): the frontend's, or our own.
    #[must_use]
    pub fn page_url(&self, route: &str) -> String {
        self.page_named(route).0
    }

    /// The address of a page by the name of its route, without a query, and whether it is the frontend's.
    pub(crate) fn page_named(&self, name: &str) -> (String, bool) {
        let own = OWN.iter().find(|(known, _)| *known == name).map_or("/", |(_, own)| own);
        match (&self.frontend.origin, self.frontend.routes.path(name)) {
            (Some(origin), Some(path)) => {
                let address = format!("{}{path}", origin.as_str());
                let is_of_frontend = address != self.base_url.join(own);
                (address, is_of_frontend)
            }
            _ => (self.base_url.join(own), false),
        }
    }

    fn page(&self, route: &str) -> String {
        format!("{}{route}", self.frontend.origin.as_ref().unwrap_or(&self.base_url).as_str())
    }
}
