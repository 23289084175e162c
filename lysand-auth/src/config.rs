//! What an embedder decides. No file and no environment is read here; see [`Config::check`] for what is refused.

mod frontend;
mod sso;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use url::Url;

pub use self::frontend::{Frontend, FrontendRoutes};
pub(crate) use self::sso::authorities;
pub use self::sso::{CallbackStyle, Endpoints, Protocol, Provider, Sso};
use crate::model::app::App;
use crate::model::redirect_uri::RedirectMatch;
use crate::model::throttle::{Limit, Rule};
use crate::secret::Secret;

/// All that an embedder decides about sign-in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The server's public origin. Every absolute URL is built from it, never from a request (security WEB-12).
    pub base_url: BaseUrl,
    /// Ed25519 private keys as PKCS#8 PEM: the first signs session cookies, all of them verify.
    pub signing_keys: Vec<Secret>,
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
        for (name, lifetime) in [
            ("lifetimes.authorization_code", self.lifetimes.authorization_code),
            ("lifetimes.out_of_band_code", self.lifetimes.out_of_band_code),
            ("lifetimes.pending_code", self.lifetimes.pending_code),
            ("lifetimes.session", self.lifetimes.session),
            ("lifetimes.access_token", self.lifetimes.access_token.unwrap_or(Duration::MAX)),
            ("lifetimes.expiring_access_token", self.lifetimes.expiring_access_token),
            ("lifetimes.refresh_token_idle", self.lifetimes.refresh_token_idle),
            ("lifetimes.refresh_token", self.lifetimes.refresh_token),
        ] {
            if lifetime < Duration::from_secs(1) {
                problems.push(ConfigProblem::new(name, "must be one second at least"));
            }
        }
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

/// One thing that is wrong with a [`Config`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The field, as a path.
    pub field: &'static str,
    /// What to do about it.
    pub remedy: String,
}

impl ConfigProblem {
    pub(crate) fn new(field: &'static str, remedy: impl Into<String>) -> Self {
        Self { field, remedy: remedy.into() }
    }
}

/// All that is wrong with a [`Config`].
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(|p| format!("{}: {}", p.field, p.remedy)).collect::<Vec<_>>().join("; "))]
pub struct ConfigProblems(pub Vec<ConfigProblem>);

/// An origin: scheme, host and port, without path or trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    secure: bool,
    host: String,
}

/// Why a text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It is no absolute URL.
    #[error("is not an absolute URL")]
    NotAbsolute,
    /// Its scheme is neither `http` nor `https`.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// It has a path, query, fragment or user information.
    #[error("must be an origin alone, without path, query or user name")]
    NotAnOrigin,
}

impl BaseUrl {
    /// Reads an origin; one trailing slash is forgiven.
    ///
    /// # Errors
    /// When `text` is not an absolute http(s) URL that consists of an origin only.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| BaseUrlError::NotAbsolute)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme);
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::NotAnOrigin);
        }
        Ok(Self {
            text: url.origin().ascii_serialization(),
            secure: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().to_owned(),
        })
    }

    /// The origin as text, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True for `https`: cookies are `Secure` and carry the `__Host-` prefix.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// True for `localhost`, `*.localhost` and loopback addresses, where plain http is harmless.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The issuer identifier, the same string everywhere: the origin with a trailing slash (Mastodon §10).
    #[must_use]
    pub fn issuer(&self) -> String {
        self.join("/")
    }

    /// An absolute URL on this origin; `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

/// How long things live (security AS-7).
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A code, from consent to redemption.
    pub authorization_code: Duration,
    /// A code that a person copies by hand.
    pub out_of_band_code: Duration,
    /// A code that waits for consent.
    pub pending_code: Duration,
    /// A browser session.
    pub session: Duration,
    /// How long after its redemption a code may come back without ending the token that it bought: for clients that
    /// try again when an answer is lost (security ONE-3). The same grace holds for a used refresh token (ONE-4).
    pub replay_grace: Duration,
    /// An access token of any app; `None` when only apps that ask for it get tokens that expire (Mastodon §11.4). A
    /// value demands it of all apps, which then get refresh tokens as well.
    pub access_token: Option<Duration>,
    /// An access token of an app that asked for tokens that expire.
    pub expiring_access_token: Duration,
    /// A refresh token that nobody uses (security AS-8).
    pub refresh_token_idle: Duration,
    /// A family of refresh tokens, used or not, from consent on (security AS-8).
    pub refresh_token: Duration,
}

impl Lifetimes {
    /// How long an access token of `app` lives; `None` is until it is revoked.
    #[must_use]
    pub fn access_token_of(&self, app: &App) -> Option<Duration> {
        self.access_token.or(app.expiring.then_some(self.expiring_access_token))
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authorization_code: Duration::from_secs(60),
            out_of_band_code: Duration::from_secs(600),
            pending_code: Duration::from_secs(600),
            session: Duration::from_secs(7 * 24 * 3600),
            replay_grace: Duration::ZERO,
            access_token: None,
            expiring_access_token: Duration::from_secs(3600),
            refresh_token_idle: Duration::from_secs(30 * 24 * 3600),
            refresh_token: Duration::from_secs(365 * 24 * 3600),
        }
    }
}

/// How strictly OAuth is spoken. The defaults are what today's Mastodon clients bear (security AS-18).
#[derive(Clone, Copy, Debug)]
pub struct OAuthRules {
    /// Who is told of an app's mistake in an authorization request.
    pub authorize_errors: AuthorizeErrors,
    /// How redirect URIs are compared (DEV-11).
    pub redirect_match: RedirectMatch,
    /// Whether an app may register a redirect to a site over plain http (security AS-4).
    pub plain_http_redirects: bool,
    /// Whether secrets, codes and tokens are taken from a request's query as well (DEV-1).
    pub secrets_in_query: bool,
    /// Whether every app must use PKCE, not public ones alone (security AS-6).
    pub require_pkce: bool,
    /// Whether a token can be revoked by whoever holds it, without proof of the client (Mastodon §7).
    pub revoke_by_possession: bool,
}

impl Default for OAuthRules {
    fn default() -> Self {
        Self {
            authorize_errors: AuthorizeErrors::default(),
            redirect_match: RedirectMatch::default(),
            plain_http_redirects: true,
            secrets_in_query: true,
            require_pkce: false,
            revoke_by_possession: false,
        }
    }
}

/// Who is told of an app's mistake, once client and redirect URI are known to be good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthorizeErrors {
    /// The app, by a redirect (RFC 6749 §4.1.2.1, DEV-15).
    #[default]
    Redirect,
    /// The person, on a page, as Mastodon does it.
    Page,
}

/// How often things may be tried.
#[derive(Clone, Debug)]
pub struct RateLimits {
    /// False switches all limits off: for tests and benchmarks.
    pub enabled: bool,
    /// Departures from [`Rule::default_limit`].
    pub overrides: BTreeMap<Rule, Limit>,
}

impl RateLimits {
    /// The limit of a rule; `None` when limits are off.
    #[must_use]
    pub fn of(&self, rule: Rule) -> Option<Limit> {
        self.enabled.then(|| self.overrides.get(&rule).copied().unwrap_or_else(|| rule.default_limit()))
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { enabled: true, overrides: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let base = BaseUrl::parse("https://Social.example:443/").unwrap();
        assert_eq!(base.as_str(), "https://social.example");
        assert_eq!(base.issuer(), "https://social.example/");
        assert!(base.is_secure() && !base.is_loopback());
        assert!(BaseUrl::parse("http://[::1]:8080").unwrap().is_loopback());
        assert!(BaseUrl::parse("http://a.localhost").unwrap().is_loopback());
        for (text, error) in [
            ("social.example", BaseUrlError::NotAbsolute),
            ("ftp://social.example", BaseUrlError::Scheme),
            ("https://social.example/path", BaseUrlError::NotAnOrigin),
            ("https://u@social.example", BaseUrlError::NotAnOrigin),
            ("https://social.example/?x", BaseUrlError::NotAnOrigin),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
    }
}
