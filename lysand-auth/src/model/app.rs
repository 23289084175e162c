//! Apps: the Mastodon API's word for OAuth clients.

use std::fmt;

use crate::ambient::Timestamp;
use crate::model::redirect_uri::{RedirectMatch, RedirectUri};
use crate::model::scope::Scopes;

/// The device authorization grant (RFC 8628 §3.4).
pub(crate) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The library's key for an app; not the `client_id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppId(String);

impl AppId {
    /// Wraps a key.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A registered app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct App {
    /// The library's key.
    pub id: AppId,
    /// OAuth's client identifier.
    pub client_id: String,
    /// The name, as it was sent.
    pub name: String,
    /// The website: http or https with a host, or none.
    pub website: Option<String>,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// What may be asked for.
    pub scopes: Scopes,
    /// When it registered.
    pub created_at: Timestamp,
    /// It has no secret: PKCE is required, and consent is asked every time (RFC 6749 §2.1, security AS-2).
    pub is_public: bool,
    /// It asked for access tokens that expire, and refreshes them.
    pub expiring: bool,
    /// The operator says that it is the server's own: Mastodon's superapp (Mastodon §5.4). See [`App::skips_consent`].
    pub first_party: bool,
    /// A person once let it in, or the operator registered it: it is not merely one that somebody registered.
    pub approved: bool,
    /// The grant types that it registered, by their names in RFC 7591 §2; `None` for an app of Mastodon's route, which may
    /// use all (faults A19) but that for devices.
    pub grants: Option<Vec<String>>,
    /// It asked for the device grant (RFC 8628), which no app has unasked.
    pub device_grant: bool,
    /// What it says of itself elsewhere.
    pub links: AppLinks,
}

/// What an app says of itself elsewhere: http or https addresses with a host (RFC 7591 §2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppLinks {
    /// `logo_uri`
    pub logo: Option<String>,
    /// `policy_uri`
    pub policy: Option<String>,
    /// `tos_uri`
    pub terms: Option<String>,
}

impl AppLinks {
    /// Reads back what [`to_stored`](Self::to_stored) wrote.
    pub(crate) fn stored(text: &str) -> Self {
        let mut lines = text.split('\n').map(|line| Some(line.to_owned()).filter(|line| !line.is_empty()));
        let mut next = || lines.next().flatten();
        Self { logo: next(), policy: next(), terms: next() }
    }

    /// One address a line, which has no line break in it; nothing when there is none.
    pub(crate) fn to_stored(&self) -> Option<String> {
        let lines = [&self.logo, &self.policy, &self.terms].map(|link| link.as_deref().unwrap_or_default());
        lines.iter().any(|line| !line.is_empty()).then(|| lines.join("\n"))
    }
}

impl App {
    /// Whether it registered by RFC 7591, and so expects what OpenID clients do (faults A2).
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.grants.is_some()
    }

    /// Whether nobody is asked about it: it is the server's own, and can prove to be itself (Mastodon §5.4, security AS-2).
    #[must_use]
    pub fn skips_consent(&self) -> bool {
        self.first_party && !self.is_public
    }

    /// The registered URI that admits `presented` (Mastodon §3), as the app sent it in this request.
    #[must_use]
    pub fn admit_redirect(&self, presented: Option<&str>, matching: RedirectMatch) -> Option<RedirectUri> {
        let presented = presented?;
        let known = self.redirect_uris.iter().any(|registered| registered.admits(presented, matching));
        known.then(|| RedirectUri::stored(presented))
    }

    /// The grant types that the app may use, by their names in RFC 7591 §2.
    #[must_use]
    pub fn grant_types(&self) -> Vec<&'static str> {
        let registered =
            |name: &str| self.grants.as_ref().is_none_or(|grants| grants.iter().any(|known| known == name));
        let mut types = Vec::new();
        types.extend(registered("authorization_code").then_some("authorization_code"));
        types.extend((!self.is_public && registered("client_credentials")).then_some("client_credentials"));
        types.extend(self.expiring.then_some("refresh_token"));
        types.extend(self.device_grant.then_some(DEVICE_GRANT));
        types
    }

    /// Whether its registration names a grant type, or leaves it open (RFC 7591 §2, faults A19).
    #[must_use]
    pub fn may_use(&self, grant_type: &str) -> bool {
        (self.grants.is_none() && grant_type != DEVICE_GRANT) || self.grant_types().contains(&grant_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_skipped_only_for_confidential_first_party_app() {
        let app = |first_party, is_public| App {
            id: AppId::new("1"),
            client_id: "1".into(),
            name: "Test".into(),
            website: None,
            redirect_uris: vec![RedirectUri::stored("https://a.example/cb")],
            scopes: Scopes::stored("read"),
            created_at: Timestamp::from_micros(0),
            is_public,
            expiring: false,
            first_party,
            approved: true,
            grants: None,
            device_grant: false,
            links: AppLinks::default(),
        };
        for (first_party, is_public, skips) in
            [(true, false, true), (true, true, false), (false, false, false), (false, true, false)]
        {
            assert_eq!(app(first_party, is_public).skips_consent(), skips, "{first_party} {is_public}");
        }
    }
}
