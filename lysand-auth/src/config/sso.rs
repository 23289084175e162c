//! Single sign-on: which identity providers there are, and what their word is worth here.

use std::collections::BTreeSet;
use std::time::Duration;

#[cfg(feature = "sso")]
use serde_json::Value;
use url::Url;

use super::base_url::BaseUrl;
use super::factors::AfterSso;
use super::problem::ConfigProblem;
use crate::secret::Secret;

/// Single sign-on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sso {
    /// No password signs anybody in, a provider does (Lysand §13.2).
    pub forced: bool,
    /// An unknown person at a provider gets an account (Lysand §13.3).
    pub allow_registration: bool,
    /// The providers, in the order in which they are offered.
    pub providers: Vec<Provider>,
    /// Certificate authorities beside the public ones, as PEM: for providers inside a company.
    pub trusted_roots: Vec<String>,
    /// The address of the icon of a provider that has none, on this server.
    pub default_icon: String,
    /// How long a browser may be away at a provider.
    pub flow_lifetime: Duration,
    /// The HTTP proxy through which providers are asked, `http://[user:password@]host:port`. It finds the addresses of
    /// their names. Those that may be private ([`Provider::may_be_private`]) are asked without it.
    pub outgoing_proxy: Option<Secret>,
}

impl Default for Sso {
    fn default() -> Self {
        Self {
            forced: false,
            allow_registration: false,
            providers: Vec::new(),
            trusted_roots: Vec::new(),
            default_icon: "/favicon.ico".into(),
            flow_lifetime: Duration::from_secs(600),
            outgoing_proxy: None,
        }
    }
}

/// An identity provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Provider {
    /// Names it in URLs.
    pub id: String,
    /// Names it to people.
    pub name: String,
    /// The address of its icon.
    pub icon: Option<String>,
    /// This server's `client_id` there.
    pub client_id: String,
    /// This server's `client_secret` there.
    pub client_secret: Secret,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The shape of the address to which the provider sends people back.
    pub callback: CallbackStyle,
    /// Its addresses may be inside the operator's own network. Loopback addresses of its configuration count as such.
    pub allow_private: bool,
    /// How the provider sends people back.
    pub response_mode: ProviderResponseMode,
    /// Other clients of the provider that may stand beside this server in `aud` of its ID tokens.
    pub trusted_audiences: Vec<String>,
    /// `"true"` as text counts in `email_verified`: the provider writes booleans as text.
    pub trust_text_booleans: bool,
    /// Whether somebody whom nobody here knows may sign up with it; `None` as [`Sso::allow_registration`] says (people PPL-201).
    pub sign_up: Option<ProviderSignUp>,
    /// Whether an address that it calls verified counts as confirmed (people PPL-42).
    pub trust_email: bool,
    /// Whether its sign-in is asked for a second factor of ours as well; `None` as [`Factors::after_sso`](super::Factors::after_sso) says
    /// (FAC-95).
    pub after_sso: Option<AfterSso>,
    /// Values of `acr` in its ID tokens with which its sign-in is enough although it would be asked. Without any the claim is not read.
    pub trusted_acr: Vec<String>,
    /// Which protocol it speaks, and where.
    pub protocol: Protocol,
}

/// Whether somebody may sign up with a provider. The stricter of this and the mode of sign-up counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderSignUp {
    /// Nobody may.
    No,
    /// Staff decides, whatever the mode.
    Review,
    /// As the mode says.
    Yes,
}

/// The shape of a callback's address (Lysand §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackStyle {
    /// `/oauth/sso/<id>/callback`, always the same: most providers compare it literally.
    #[default]
    Exact,
    /// The same with `flow_id` and more in its query, as the document has it.
    Query,
}

/// How a provider sends people back to a callback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderResponseMode {
    /// By a redirect, with everything in the address.
    #[default]
    Query,
    /// By a form that the person's browser posts: Apple demands it as soon as a name or an address is asked for.
    FormPost,
}

/// What a provider speaks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Protocol {
    /// OpenID Connect: everything else is in the provider's own document.
    OpenId {
        /// The issuer, exactly as the provider names itself.
        issuer: String,
    },
    /// OAuth 2 alone: who the person is stands in the answer of a user endpoint.
    OAuth2(Endpoints),
}

/// Where a provider without OpenID Connect is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Endpoints {
    /// Where people sign in.
    pub authorization_url: String,
    /// Where a code is redeemed.
    pub token_url: String,
    /// Where the person is described.
    pub userinfo_url: String,
    /// The member of that description which never changes and is nobody else's.
    pub subject_field: String,
    /// The member with the user name.
    pub username_field: String,
    /// The member with the e-mail address.
    pub email_field: String,
}

impl Endpoints {
    /// These addresses, and members named as most providers of this kind name them: `id`, `login`, `email`.
    #[must_use]
    pub fn new(
        authorization_url: impl Into<String>,
        token_url: impl Into<String>,
        userinfo_url: impl Into<String>,
    ) -> Self {
        Self {
            authorization_url: authorization_url.into(),
            token_url: token_url.into(),
            userinfo_url: userinfo_url.into(),
            subject_field: "id".to_owned(),
            username_field: "login".to_owned(),
            email_field: "email".to_owned(),
        }
    }
}

impl Provider {
    /// A provider. What it issued, `client_id` and `client_secret`, is still to be set.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, protocol: Protocol) -> Self {
        let scopes = match &protocol {
            Protocol::OpenId { .. } => ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            Protocol::OAuth2(_) => Vec::new(),
        };
        Self {
            id: id.into(),
            name: name.into(),
            protocol,
            client_id: String::new(),
            client_secret: Secret::default(),
            icon: None,
            scopes,
            callback: CallbackStyle::Exact,
            allow_private: false,
            response_mode: ProviderResponseMode::Query,
            trusted_audiences: Vec::new(),
            trust_text_booleans: false,
            sign_up: None,
            trust_email: true,
            after_sso: None,
            trusted_acr: Vec::new(),
        }
    }

    /// Whether `email_verified` says that an address is the person's own.
    #[must_use]
    #[cfg(feature = "sso")]
    pub(crate) fn vouches(&self, email_verified: &Value) -> bool {
        match email_verified {
            Value::Bool(word) => *word,
            Value::String(word) => self.trust_text_booleans && word.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// Whether its word finishes a sign-in by itself, where it said this `acr` (FAC-95).
    pub(crate) fn is_enough(&self, usual: AfterSso, acr: Option<&str>) -> bool {
        self.is_trusted(acr) || self.after_sso.unwrap_or(usual) == AfterSso::Skip
    }

    /// Whether what it says of how it made sure of the person is taken as two proofs (FAC-95).
    pub(crate) fn is_trusted(&self, acr: Option<&str>) -> bool {
        acr.is_some_and(|acr| self.trusted_acr.iter().any(|trusted| trusted == acr))
    }

    /// Whose word an identity of this provider is (security RP-6). For OAuth 2 alone that is the place and the member
    /// which the subject was read from, so that a change of either makes no stranger inherit an account.
    #[must_use]
    pub fn issuer(&self) -> String {
        match &self.protocol {
            Protocol::OpenId { issuer } => issuer.clone(),
            Protocol::OAuth2(endpoints) => format!("{}#{}", endpoints.userinfo_url, endpoints.subject_field),
        }
    }

    /// Whether its addresses may be private ones: because the operator said so, or gave a loopback address.
    #[must_use]
    pub fn may_be_private(&self) -> bool {
        let is_near = |text: &String| Url::parse(text).is_ok_and(|url| is_loopback(&url));
        self.allow_private || self.addresses().iter().all(|(_, address)| is_near(address))
    }

    fn addresses(&self) -> Vec<(&'static str, &String)> {
        match &self.protocol {
            Protocol::OpenId { issuer } => vec![("url", issuer)],
            Protocol::OAuth2(endpoints) => vec![
                ("authorization_url", &endpoints.authorization_url),
                ("token_url", &endpoints.token_url),
                ("userinfo_url", &endpoints.userinfo_url),
            ],
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let id_is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if self.id.is_empty() || self.id.len() > 64 || !self.id.bytes().all(id_is_plain) || self.id.starts_with('.') {
            problems.push("give an id of letters, digits, - and _, up to 64".to_owned());
        }
        if self.name.trim().is_empty() {
            problems.push("give a name".to_owned());
        }
        if self.client_id.is_empty() || self.client_secret.is_empty() {
            problems.push("give the client_id and client_secret that the provider issued".to_owned());
        }
        for (name, address) in self.addresses() {
            if !Url::parse(address).is_ok_and(|url| is_usable(&url)) {
                problems.push(format!("{name} must be an https: address without user name or fragment"));
            }
        }
        let is_openid = matches!(self.protocol, Protocol::OpenId { .. });
        if is_openid && !self.scopes.iter().any(|scope| scope == "openid") {
            problems.push("scopes must have openid".to_owned());
        }
        if self.trusted_audiences.iter().any(|audience| audience.trim().is_empty()) {
            problems.push("trusted_audiences must hold client ids".to_owned());
        }
        if let Protocol::OAuth2(endpoints) = &self.protocol
            && endpoints.subject_field.is_empty()
        {
            problems.push("give the subject_field, such as id".to_owned());
        }
        problems
    }
}

/// https, or plain http to this very machine.
fn is_usable(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    bare && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
}

/// An HTTP proxy: a host and nothing behind it.
fn is_proxy(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare
    })
}

fn is_loopback(url: &Url) -> bool {
    BaseUrl::parse(&url.origin().ascii_serialization()).is_ok_and(|origin| origin.is_loopback())
}

impl Sso {
    /// The provider with this id.
    #[must_use]
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// Whether the word of every provider finishes a sign-in by itself.
    pub(crate) fn are_enough(&self, usual: AfterSso) -> bool {
        self.providers.iter().all(|provider| provider.is_enough(usual, None))
    }

    /// The provider whose word an identity is.
    #[must_use]
    pub fn provider_of_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.issuer() == issuer)
    }

    /// The address of a provider's icon, as APIs tell it.
    #[must_use]
    pub fn icon(&self, provider: &Provider, base_url: &BaseUrl) -> String {
        provider.icon.clone().unwrap_or_else(|| base_url.join(&self.default_icon))
    }

    pub(super) fn check(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        for provider in &self.providers {
            let id = &provider.id;
            let mut remedies = provider.problems();
            for (what, key) in [("id", id.clone()), ("issuer", provider.issuer())] {
                if !seen.insert((what, key)) {
                    remedies.push(format!("another provider has the same {what}"));
                }
            }
            let named = remedies.into_iter().map(|remedy| format!("provider {id:?}: {remedy}"));
            problems.extend(named.map(|remedy| ConfigProblem::new("oidc.providers", remedy)));
        }
        if self.forced && self.providers.is_empty() {
            problems.push(ConfigProblem::new("oidc.forced", "nobody could sign in: configure a provider first"));
        }
        #[cfg(feature = "sso")]
        problems.extend(super::authorities::problems(&self.trusted_roots));
        #[cfg(not(feature = "sso"))]
        if !self.providers.is_empty() {
            let remedy = "this program is built without providers: enable the feature `sso` of lysand-auth";
            problems.push(ConfigProblem::new("oidc.providers", remedy));
        }
        if self.outgoing_proxy.as_ref().is_some_and(|proxy| !is_proxy(proxy.expose())) {
            // Its value is not shown: it may hold a password.
            problems.push(ConfigProblem::new("http.outgoing_proxy", "must be http://[user:password@]host:port"));
        }
        if self.flow_lifetime < Duration::from_secs(1) {
            problems.push(ConfigProblem::new("oidc.flow_ttl", "must be one second at least"));
        }
        problems
    }
}

#[cfg(all(test, feature = "sso"))]
mod tests {
    use super::*;

    fn openid(id: &str, issuer: &str) -> Provider {
        let mut provider = Provider::new(id, "Example ID", Protocol::OpenId { issuer: issuer.into() });
        provider.client_id = "c".into();
        provider.client_secret = Secret::new("s");
        provider
    }

    fn remedies(providers: Vec<Provider>) -> Vec<String> {
        Sso { providers, ..Sso::default() }.check().into_iter().map(|problem| problem.remedy).collect()
    }

    #[test]
    fn sso_config_check_reports_invalid_and_duplicate_providers() {
        let good = openid("example", "https://id.example");
        assert_eq!(remedies(vec![good.clone(), openid("near", "http://127.0.0.1:1/x")]), Vec::<String>::new());
        for (bad, word) in [
            (openid("a/b", "https://id.example"), "give an id"),
            (openid("a", "http://id.example"), "https"),
            (openid("a", "https://u@id.example"), "https"),
            (Provider { scopes: vec![], ..good.clone() }, "openid"),
            (Provider { client_secret: Secret::default(), ..good.clone() }, "client_secret"),
            (Provider { trusted_audiences: vec![String::new()], ..good.clone() }, "trusted_audiences"),
        ] {
            let found = remedies(vec![bad]);
            assert!(found.len() == 1 && found[0].contains(word), "{found:?}");
        }
        assert_eq!(remedies(vec![good.clone(), good.clone()]).len(), 2);
        assert_eq!(remedies(vec![good.clone(), openid("other", "https://id.example")]).len(), 1);
    }

    #[test]
    fn provider_private_address_is_allowed_only_for_loopback_or_allow_private() {
        assert!(openid("a", "http://localhost:1").may_be_private());
        assert!(!openid("a", "https://id.example").may_be_private());
        assert!(Provider { allow_private: true, ..openid("a", "https://id.example") }.may_be_private());
    }

    #[test]
    fn outgoing_proxy_must_be_an_http_address() {
        for good in ["http://proxy.example:3128", "http://u:p@10.0.0.1:3128/", "https://proxy.example"] {
            assert!(is_proxy(good), "{good}");
        }
        for bad in ["", "proxy:3128", "socks5://proxy:1080", "http://proxy/path", "http://proxy?x", "http://"] {
            assert!(!is_proxy(bad), "{bad}");
        }
    }
}
