//! What an embedder decides, one file a section. No file and no environment is read here; see [`Config::check`] for what is
//! refused.

#[cfg(feature = "sso")]
mod authorities;
mod base_url;
mod frontend;
mod lifetimes;
mod oauth;
mod problem;
mod rate_limits;
mod sso;

#[cfg(feature = "sso")]
pub(crate) use self::authorities::authorities;
pub use self::base_url::{BaseUrl, BaseUrlError};
pub use self::frontend::{Frontend, FrontendRoutes};
pub use self::lifetimes::Lifetimes;
pub use self::oauth::{AuthorizeErrors, OAuthRules};
pub use self::problem::{ConfigProblem, ConfigProblems};
pub use self::rate_limits::RateLimits;
pub use self::sso::{CallbackStyle, Endpoints, Protocol, Provider, Sso};
use crate::secret::Secret;

/// All that an embedder decides about sign-in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The server's public origin. Every absolute URL is built from it, never from a request (security WEB-12).
    pub base_url: BaseUrl,
    /// Ed25519 private keys as PKCS#8 PEM: the first signs session cookies, all of them verify.
    pub signing_keys: Vec<Secret>,
    /// The name of the sign-in cookie: `jwt`, as Lysand's document says, unless another one stands in the way on this host.
    pub session_cookie: String,
    /// Where the pages of a sign-in are, and what frontends are told.
    pub frontend: Frontend,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How often things may be tried.
    pub rate_limits: RateLimits,
    /// How strictly OAuth is spoken.
    pub oauth: OAuthRules,
    /// Networks whose `X-Forwarded-For` is believed (security ID-3).
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Single sign-on.
    pub sso: Sso,
}

impl Config {
    /// The defaults for an origin and its signing keys.
    #[must_use]
    pub fn new(base_url: BaseUrl, signing_keys: Vec<Secret>) -> Self {
        Self {
            base_url,
            signing_keys,
            session_cookie: "jwt".to_owned(),
            frontend: Frontend::default(),
            lifetimes: Lifetimes::default(),
            rate_limits: RateLimits::default(),
            oauth: OAuthRules::default(),
            trusted_proxies: Vec::new(),
            sso: Sso::default(),
        }
    }

    /// Everything that is wrong with this configuration, at once; empty when all is well.
    #[must_use]
    pub fn check(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if self.signing_keys.is_empty() {
            problems.push(ConfigProblem::new("signing_keys", "give at least one Ed25519 key as PKCS#8 PEM"));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let name = self.session_cookie.as_str();
        let is_ours = ["form", "__Host-form"].contains(&name) || name.contains("sso_");
        let needs_https = name.starts_with("__") && !self.base_url.is_secure();
        if name.is_empty() || !name.bytes().all(is_name) || is_ours || needs_https {
            let why = "must be letters, digits, `_`, `-` or `.`, no name of another cookie of ours, and begin with `__` over https alone";
            problems.push(ConfigProblem::new("session_cookie", why));
        }
        problems.extend(self.lifetimes.check());
        problems.extend(self.frontend.check(&self.base_url));
        problems.extend(self.sso.check());
        problems
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

    /// The address of the page where people sign up, without a query: for hosts that have one. No redirect of this
    /// library leads there yet.
    #[must_use]
    pub fn register_page(&self) -> String {
        self.page(&self.frontend.routes.register)
    }

    /// The address of the page where people choose a new password, without a query: for hosts that have one. No redirect
    /// of this library leads there yet.
    #[must_use]
    pub fn password_reset_page(&self) -> String {
        self.page(&self.frontend.routes.password_reset)
    }

    fn page(&self, route: &str) -> String {
        format!("{}{route}", self.frontend.origin.as_ref().unwrap_or(&self.base_url).as_str())
    }
}
