//! What an app registers of OpenID Connect beside its redirect URIs: how its tokens are signed, and how it takes part in signing
//! out (OpenID Connect RP-Initiated Logout 1.0, Back-Channel Logout 1.0).

use url::{Origin, Url};

use crate::model::redirect_uri::RedirectUri;

/// How many addresses an app may register for the end of a sign-out (FAC-146).
const MOST_URIS: usize = 10;
/// The longest list of them, and the longest address where an app is told, in characters.
const LONGEST: usize = 2_000;

/// By which algorithm the id tokens of an app are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256: the standard's default.
    #[default]
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlg {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Rs256, Self::EdDsa];

    /// The name on the wire (RFC 7518 §3.1, RFC 8037 §3.1).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// What an app sent of this.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OpenIdRegistration {
    /// `id_token_signed_response_alg`.
    pub signed_by: Option<String>,
    /// `post_logout_redirect_uris`: each element may hold several, separated by white space.
    pub post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`.
    pub backchannel_logout_uri: Option<String>,
    /// `backchannel_logout_session_required`.
    pub backchannel_logout_session_required: bool,
}

/// What passed of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedOpenId {
    /// The algorithm that the app asked for, if it did.
    pub signed_by: Option<SigningAlg>,
    /// Where the browser may go after a sign-out.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where the app is told that a session is over.
    pub backchannel_logout_uri: Option<String>,
    /// Whether it wants to be told which session.
    pub backchannel_logout_session_required: bool,
}

/// What is known of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenIdClient {
    /// By which algorithm its tokens are signed.
    pub signed_by: SigningAlg,
    /// Where the browser may go after a sign-out: byte for byte as it was sent.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where the app is told that a session is over.
    pub backchannel_logout_uri: Option<String>,
    /// Whether it wants to be told which session.
    pub backchannel_logout_session_required: bool,
}

impl Default for OpenIdClient {
    /// An app that registered before there was anything to choose (FAC-133).
    fn default() -> Self {
        Self {
            signed_by: SigningAlg::EdDsa,
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
        }
    }
}

impl OpenIdRegistration {
    /// Checks it for an app with these redirect URIs.
    ///
    /// # Errors
    /// All that is wrong.
    pub(crate) fn check(
        self,
        redirect_uris: &[RedirectUri],
        plain_http: bool,
    ) -> Result<CheckedOpenId, Vec<&'static str>> {
        let mut problems = Vec::new();
        let signed_by = self.signed_by.as_deref().filter(|name| !name.is_empty()).map(SigningAlg::named);
        if signed_by == Some(None) {
            problems.push("id_token_signed_response_alg must be RS256 or EdDSA");
        }
        let words = || self.post_logout_redirect_uris.iter().flat_map(|text| text.split_ascii_whitespace());
        let post_logout_redirect_uris: Vec<_> = words().filter_map(|word| RedirectUri::register(word).ok()).collect();
        let is_wrong = |uri: &RedirectUri| uri.is_out_of_band() || (!plain_http && uri.is_unprotected());
        if post_logout_redirect_uris.len() != words().count() || post_logout_redirect_uris.iter().any(is_wrong) {
            problems.push("post_logout_redirect_uris must follow the rules of redirect_uris");
        }
        if words().count() > MOST_URIS || words().map(|word| word.chars().count() + 1).sum::<usize>() > LONGEST {
            problems.push("post_logout_redirect_uris are too many: ten, and 2000 characters in all");
        }
        let backchannel_logout_uri = self.backchannel_logout_uri.filter(|uri| !uri.trim().is_empty());
        if backchannel_logout_uri.as_deref().is_some_and(|uri| !may_be_told(uri, redirect_uris)) {
            problems.push("backchannel_logout_uri must be an https URL with host and port of one of the https redirect URIs, without user \
                 and fragment");
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(CheckedOpenId {
            signed_by: signed_by.flatten(),
            post_logout_redirect_uris,
            backchannel_logout_uri,
            backchannel_logout_session_required: self.backchannel_logout_session_required,
        })
    }
}

impl CheckedOpenId {
    /// What is kept of it; `usual` is the algorithm of an app that asks for none.
    pub(crate) fn into_client(self, usual: SigningAlg) -> OpenIdClient {
        OpenIdClient {
            signed_by: self.signed_by.unwrap_or(usual),
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            backchannel_logout_session_required: self.backchannel_logout_session_required,
        }
    }
}

/// Whether an app with these redirect URIs may be told there: at its own place alone, so that nobody makes the server call
/// somebody else (FAC-148). Where its name leads is judged when it is called.
fn may_be_told(uri: &str, redirect_uris: &[RedirectUri]) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let is_clean = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let is_clean =
        is_clean && !uri.contains(['#', '\\']) && !uri.contains(|c: char| c.is_whitespace() || c.is_control());
    let origin = |uri: &RedirectUri| Url::parse(uri.as_str()).ok().map(|url| url.origin());
    let is_same = |own: Option<Origin>| own.is_some_and(|own| own == url.origin());
    is_clean && uri.chars().count() <= LONGEST && redirect_uris.iter().map(origin).any(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(registration: OpenIdRegistration) -> Result<CheckedOpenId, Vec<&'static str>> {
        let uris = ["https://a.example/cb", "https://a.example:8443/cb", "http://b.example/cb", "app://cb"];
        registration.check(&uris.map(RedirectUri::stored), true)
    }

    #[test]
    fn backchannel_logout_uri_elsewhere_than_the_app_is_refused() {
        let told = |uri: &str| OpenIdRegistration { backchannel_logout_uri: Some(uri.into()), ..Default::default() };
        for fine in ["https://a.example/out", "https://A.example:443/out?x=1", "https://a.example:8443/"] {
            assert_eq!(check(told(fine)).unwrap().backchannel_logout_uri.as_deref(), Some(fine));
        }
        assert_eq!(check(told(" ")).unwrap().backchannel_logout_uri, None);
        for wrong in [
            "http://a.example/out",
            "http://b.example/out",
            "https://b.example/out",
            "https://a.example:9/out",
            "https://x.a.example/",
            "https://u@a.example/",
            "https://u:p@a.example/",
            "https://a.example/#x",
            "https://a.example/\nx",
            "https://a.example\\@b.example/",
            "app://cb",
            "no address",
            "//a.example/out",
        ] {
            assert_eq!(check(told(wrong)).unwrap_err().len(), 1, "{wrong}");
        }
    }

    #[test]
    fn logout_redirects_follow_the_rules_of_redirect_uris() {
        let many = |number: usize| vec!["https://a.example/x".to_owned(); number];
        let sent = |uris: Vec<String>| OpenIdRegistration { post_logout_redirect_uris: uris, ..Default::default() };
        assert_eq!(check(sent(many(10))).unwrap().post_logout_redirect_uris.len(), 10);
        assert_eq!(check(sent(many(11))).unwrap_err().len(), 1);
        for wrong in
            ["javascript:alert(1)", "https://a.example/#x", "urn:ietf:wg:oauth:2.0:oob", "nothing", "file:///x"]
        {
            assert_eq!(check(sent(vec![wrong.to_owned()])).unwrap_err().len(), 1, "{wrong}");
        }
        let plain =
            OpenIdRegistration { post_logout_redirect_uris: vec!["http://a.example/".into()], ..Default::default() };
        assert!(plain.clone().check(&[], true).is_ok() && plain.check(&[], false).is_err());
    }

    #[test]
    fn signing_algorithm_unknown_is_refused_and_absent_is_the_usual() {
        let sent = |name: Option<&str>| OpenIdRegistration { signed_by: name.map(str::to_owned), ..Default::default() };
        for (name, alg) in
            [(None, SigningAlg::Rs256), (Some(""), SigningAlg::Rs256), (Some("EdDSA"), SigningAlg::EdDsa)]
        {
            assert_eq!(check(sent(name)).unwrap().into_client(SigningAlg::Rs256).signed_by, alg);
        }
        for wrong in ["none", "HS256", "ES256", "rs256", "RS256 EdDSA"] {
            assert!(check(sent(Some(wrong))).is_err(), "{wrong}");
        }
        assert_eq!(OpenIdClient::default().signed_by, SigningAlg::EdDsa);
    }
}
