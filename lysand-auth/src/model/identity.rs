//! Identities at providers, and the flow that leads a browser to a provider and back (security RP-4, RP-6).

use serde::{Deserialize, Serialize};

use crate::ambient::Timestamp;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::authorization::CheckedRequest;
use crate::model::native::Dialect;
use crate::model::native_return::NativeReturn;
use crate::model::session::SessionId;
use crate::secret::{Digest, Secret};

/// The longest subject that is kept, in bytes (OpenID Connect Core §2: 255 ASCII characters).
pub(crate) const MAX_SUBJECT: usize = 255;

/// Who a person is at a provider: exact and unique. No address and no name ever stands in for it (security RP-6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    /// Whose word it is.
    pub issuer: String,
    /// The provider's key for the person; not empty.
    pub subject: String,
}

/// What a provider tells about the person who signed in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProviderProfile {
    /// Who it is.
    pub identity: Identity,
    /// The name that the person has there; only a proposal.
    pub username: Option<String>,
    /// How the person is called there.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// Whether the provider says that the address is the person's own.
    pub email_verified: bool,
    /// How well it says to have made sure of that (`acr`), where that matters (FAC-95).
    pub acr: Option<String>,
}

impl ProviderProfile {
    /// How a page names the identity to the person.
    #[must_use]
    pub(crate) fn label(&self) -> Option<String> {
        let named = self.username.as_ref().or(self.email.as_ref()).or(self.name.as_ref())?;
        let shown: String = named.chars().filter(|c| !c.is_control()).take(100).collect();
        Some(shown).filter(|shown| !shown.trim().is_empty())
    }

    /// A user name to propose for a new account: the part of the name there before an `@`, else of the address; letters in lower
    /// case, what joins words as underscores, nothing else (Lysand §13.3, faults B5).
    #[must_use]
    pub(crate) fn proposed_username(&self) -> Option<String> {
        let front =
            |text: &Option<String>| text.as_deref().map(|text| folded(text.split('@').next().unwrap_or_default()));
        let of_name = front(&self.username).filter(|name| !name.is_empty());
        of_name.or_else(|| front(&self.email)).filter(|name| !name.is_empty())
    }

    /// What is kept of it until the person has chosen a name.
    pub(crate) fn held(&self) -> HeldIdentity {
        HeldIdentity {
            subject: self.identity.subject.clone(),
            label: self.label(),
            username: self.proposed_username(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            acr: self.acr.clone(),
        }
    }
}

/// The longest name of an account.
const LONGEST_NAME: usize = 30;

/// A name as accounts have them.
fn folded(name: &str) -> String {
    let letters = name.trim().chars().flat_map(char::to_lowercase).filter_map(|letter| match letter {
        'a'..='z' | '0'..='9' | '_' => Some(letter),
        ' ' | '.' | '-' => Some('_'),
        _ => None,
    });
    letters.take(LONGEST_NAME).collect()
}

/// An identity of somebody who has still to choose a name (people PPL-41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldIdentity {
    /// The provider's key for the person.
    pub subject: String,
    /// How the person knows it.
    pub label: Option<String>,
    /// The name to propose.
    pub username: Option<String>,
    /// The address there.
    pub email: Option<String>,
    /// Whether the provider says that it is the person's own.
    pub email_verified: bool,
    /// Its `acr`, where that matters.
    #[serde(default)]
    pub acr: Option<String>,
}

/// An identity that belongs to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkedIdentity {
    /// The row's key.
    pub id: String,
    /// Whose it is.
    pub account_id: AccountId,
    /// Who the account's owner is at the provider.
    pub identity: Identity,
    /// How the person knows it.
    pub label: Option<String>,
    /// Since when.
    pub linked_at: Timestamp,
}

/// The flow that leads a browser to a provider and back, as the store keeps it. All that decides is here; what the callback's URL
/// says beside the state is a hint (security RP-4).
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// The row's key; may be seen.
    pub id: String,
    /// SHA-256 of `state`.
    pub state: Digest,
    /// The provider, by its id in the configuration.
    pub provider: String,
    /// The provider's issuer when the flow began.
    pub issuer: String,
    /// What an older version kept of a flow that it began; else they are derived.
    pub stored_secrets: Option<FlowSecrets>,
    /// The callback's address as it was sent to the provider.
    pub callback: String,
    /// SHA-256 of the cookie of the browser that began; `None` when a program without a browser did.
    pub browser: Option<Vec<u8>>,
    /// Of a link: the session of that browser, when somebody was signed in there.
    pub session: Option<SessionId>,
    /// What for.
    pub purpose: Purpose,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When the browser came back.
    pub used_at: Option<Timestamp>,
    /// The link that awaits the owner's confirmation, when a link came back to another browser than it began in.
    pub unconfirmed: Option<UnconfirmedLink>,
    /// The identity of somebody who has still to choose a name.
    pub held: Option<HeldIdentity>,
    /// When a link was made, or ended without being made.
    pub finished_at: Option<Timestamp>,
}

/// What a flow must repeat to the provider, and the provider to us.
#[derive(Clone, Debug)]
pub(crate) struct FlowSecrets {
    /// The PKCE verifier.
    pub verifier: Secret,
    /// The nonce that the ID token must repeat.
    pub nonce: Secret,
}

impl FlowSecrets {
    /// Derives them from what the address and the browser carry, under a key of ours: neither the database nor the address
    /// alone gives them away (faults C12).
    #[must_use]
    pub(crate) fn derive(key: &[u8; 64], state: &Secret, browser: Option<&Secret>) -> Self {
        let browser = browser.map_or("", Secret::expose);
        let derived = |label: &str| Secret::derive(key, &[label, state.expose(), browser].map(str::as_bytes));
        Self { verifier: derived("verifier"), nonce: derived("nonce") }
    }
}

/// What a flow is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// To sign in, for an app that asked.
    SignIn(AppId, CheckedRequest),
    /// To link an identity to an account.
    Link(AccountId, StartedBy),
    /// To sign in with a native client (native 2.6).
    Native(Dialect, NativeReturn),
}

/// The right by which a link was begun; when it has ended, the link is not made (security REV-1).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartedBy {
    /// An access token, by its key.
    Token(String),
    /// A browser session.
    Session(SessionId),
}

impl StartedBy {
    /// The browser session, when it is one.
    pub(crate) fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Token(_) => None,
            Self::Session(session) => Some(session),
        }
    }
}

/// An identity whose link awaits confirmation by the owner of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnconfirmedLink {
    /// The provider's key for the person.
    pub subject: String,
    /// How the person knows it.
    pub label: Option<String>,
}

/// What a callback's URL claims about its flow.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Hints {
    /// `flow_id` or `flow`.
    pub flow_id: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `link`.
    pub link: bool,
    /// `user_id`.
    pub user_id: Option<String>,
}

impl Flow {
    /// Whether the browser may still come back.
    #[must_use]
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }

    /// Whether `cookie` is the one of the browser that began. A missing cookie is nobody's.
    #[must_use]
    pub(crate) fn is_of_browser(&self, cookie: Option<&Secret>) -> bool {
        match (&self.browser, cookie) {
            (Some(browser), Some(cookie)) => !cookie.is_empty() && cookie.digest().matches(browser),
            _ => false,
        }
    }

    /// Whether the hints agree with the flow; `client_id` is the app's of a sign-in (Lysand §9).
    #[must_use]
    pub(crate) fn agrees(&self, hints: &Hints, client_id: Option<&str>) -> bool {
        let same_flow = hints.flow_id.as_ref().is_none_or(|id| *id == self.id);
        let same_client = hints.client_id.is_none() || hints.client_id.as_deref() == client_id;
        let same_purpose = match &self.purpose {
            Purpose::SignIn(..) => !hints.link && hints.user_id.is_none(),
            Purpose::Link(account, _) => hints.user_id.as_ref().is_none_or(|id| id == account.as_str()),
            // It comes back elsewhere.
            Purpose::Native(..) => false,
        };
        same_flow && same_client && same_purpose
    }
}

/// The errors that a provider may send with the browser (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
const REGISTERED: [&str; 16] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

/// A provider's error as it may be passed on: its name when that is a registered one, and its text, shortened.
#[must_use]
pub(crate) fn provider_error(name: &str, description: Option<&str>) -> (&'static str, String) {
    const LONGEST: usize = 200;
    let name = REGISTERED.into_iter().find(|known| *known == name).unwrap_or("server_error");
    let text: String = description.unwrap_or_default().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let text = if text.trim().is_empty() { "The identity provider refused.".to_owned() } else { text };
    (name, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::authorization::ResponseMode;
    use crate::model::redirect_uri::RedirectUri;
    use crate::model::scope::Scopes;

    fn flow(purpose: Purpose) -> Flow {
        let moment = Timestamp::from_micros(1_000_000);
        Flow {
            id: "f1".into(),
            state: Digest::of(b"state"),
            provider: "p".into(),
            issuer: "https://id.example".into(),
            stored_secrets: None,
            callback: "https://a.example/cb".into(),
            browser: Some(Secret::new("b").digest().as_bytes().to_vec()),
            session: None,
            purpose,
            expires_at: moment.plus(std::time::Duration::from_secs(600)),
            used_at: None,
            unconfirmed: None,
            held: None,
            finished_at: None,
        }
    }

    fn sign_in() -> Flow {
        let checked = CheckedRequest {
            redirect_uri: RedirectUri::stored("https://app.example/"),
            scopes: Scopes::stored("read"),
            state: None,
            challenge: None,
            nonce: None,
            response_mode: ResponseMode::Query,
            acr_values: None,
            account_hint: None,
        };
        flow(Purpose::SignIn(AppId::new("a"), checked))
    }

    #[test]
    fn sso_flow_is_bound_to_the_browser_that_started_it() {
        let flow = sign_in();
        assert!(flow.is_of_browser(Some(&Secret::new("b"))));
        for other in [None, Some(&Secret::new("")), Some(&Secret::new("c"))] {
            assert!(!flow.is_of_browser(other));
        }
        let unbound = Flow { browser: None, ..flow };
        assert!(!unbound.is_of_browser(Some(&Secret::new("b"))) && !unbound.is_of_browser(None));
    }

    #[test]
    fn sso_flow_verifier_and_nonce_depend_on_key_state_and_browser() {
        let derive = |key: u8, state: &str, browser: Option<&str>| {
            let browser = browser.map(Secret::new);
            let made = FlowSecrets::derive(&[key; 64], &Secret::new(state), browser.as_ref());
            [made.verifier.expose().to_owned(), made.nonce.expose().to_owned()]
        };
        let usual = derive(1, "s", Some("b"));
        assert_eq!(usual, derive(1, "s", Some("b")));
        assert!(usual[0] != usual[1] && usual[0].len() == 43);
        for other in [derive(2, "s", Some("b")), derive(1, "t", Some("b")), derive(1, "s", None), derive(1, "sb", None)]
        {
            assert!(!other.contains(&usual[0]) && !other.contains(&usual[1]));
        }
    }

    #[test]
    fn sso_callback_hints_that_contradict_the_flow_are_refused() {
        let hints = |flow_id: Option<&str>, client_id: Option<&str>, link, user_id: Option<&str>| Hints {
            flow_id: flow_id.map(Into::into),
            client_id: client_id.map(Into::into),
            link,
            user_id: user_id.map(Into::into),
        };
        let flow_in = sign_in();
        for good in [hints(None, None, false, None), hints(Some("f1"), Some("client"), false, None)] {
            assert!(flow_in.agrees(&good, Some("client")), "{good:?}");
        }
        for bad in [
            hints(Some("f2"), None, false, None),
            hints(None, Some("other"), false, None),
            hints(None, None, true, None),
            hints(None, None, false, Some("u1")),
        ] {
            assert!(!flow_in.agrees(&bad, Some("client")), "{bad:?}");
        }
        let link = flow(Purpose::Link(AccountId::new("u1"), StartedBy::Token("t".into())));
        for good in [hints(None, None, false, None), hints(Some("f1"), None, true, Some("u1"))] {
            assert!(link.agrees(&good, None), "{good:?}");
        }
        for bad in [hints(None, None, true, Some("u2")), hints(None, Some("client"), true, None)] {
            assert!(!link.agrees(&bad, None), "{bad:?}");
        }
    }

    #[test]
    fn sso_provider_error_code_is_allowlisted_and_description_sanitized() {
        assert!(REGISTERED.is_sorted());
        assert_eq!(provider_error("access_denied", Some("no\r\n")), ("access_denied", "no".into()));
        assert_eq!(provider_error("<script>", None).0, "server_error");
        assert_eq!(provider_error("x", Some(&"é".repeat(500))).1.chars().count(), 200);
    }
}
