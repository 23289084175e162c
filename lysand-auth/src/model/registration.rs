//! Registrations of apps: as they were sent, and checked (Mastodon §2, RFC 7591).

use url::Url;

use crate::model::app::{AppLinks, DEVICE_GRANT};
use crate::model::host_scope::HostScope;
use crate::model::openid_client::{CheckedOpenId, OpenIdRegistration};
use crate::model::redirect_uri::{RedirectUri, UriProblem};
use crate::model::scope::Scopes;
use crate::model::shown_name::{self, NameProblem};

/// In which words a registration is spoken, and answered when it is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// `POST /api/v1/apps` (Mastodon §2): what it does not know is ignored, and a name is required.
    #[default]
    Mastodon,
    /// `POST /oauth/register` (RFC 7591): what it asks for is had or refused.
    Dynamic,
}

/// A registration as it was sent.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Registration {
    /// How to read the rest.
    pub dialect: Dialect,
    /// `client_name`.
    pub name: Option<String>,
    /// `redirect_uris`: each element may hold several, separated by white space.
    pub redirect_uris: Vec<String>,
    /// `scopes`; `scope` in RFC 7591.
    pub scopes: Option<String>,
    /// `website`; `client_uri` in RFC 7591.
    pub website: Option<String>,
    /// `token_endpoint_auth_method`: `none` makes the app public.
    pub auth_method: Option<String>,
    /// `grant_types`: an app that names `refresh_token` gets tokens that expire.
    pub grant_types: Vec<String>,
    /// `response_types`.
    pub response_types: Vec<String>,
    /// `logo_uri`, `policy_uri`, `tos_uri` in RFC 7591.
    pub links: AppLinks,
    /// What it sent of OpenID Connect.
    pub openid: OpenIdRegistration,
    /// What else of [`JUDGED`](Registration::JUDGED) was sent, by name.
    pub further: Vec<(String, String)>,
}

/// A registration that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedRegistration {
    /// The name, as it was sent.
    pub name: String,
    /// At least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// At least one.
    pub scopes: Scopes,
    /// http or https with a host.
    pub website: Option<String>,
    /// The app has no secret.
    pub is_public: bool,
    /// Its tokens expire, and are refreshed.
    pub expiring: bool,
    /// The grant types that it may use; `None` is all but that for devices.
    pub grants: Option<Vec<String>>,
    /// It may use that for devices (RFC 8628).
    pub device_grant: bool,
    /// What the app says of itself elsewhere.
    pub links: AppLinks,
    /// What it registers of OpenID Connect.
    pub openid: CheckedOpenId,
}

/// One thing that is wrong with a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is about a redirect URI: `invalid_redirect_uri` (RFC 7591 §3.2.2).
    RedirectUri(&'static str),
    /// It is about anything else: `invalid_client_metadata`.
    Metadata(&'static str),
}

impl Problem {
    /// The sentence for the app's developer; Mastodon's, where Mastodon has one.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::RedirectUri(message) | Self::Metadata(message) => message,
        }
    }
}

/// What an app that registers by RFC 7591 may ask for when it does not say (faults A17).
const OPENID_SCOPES: &str = "openid profile email";
/// What is said of a grant type that is not offered.
pub(crate) const GRANT_TYPES: &str = "grant_types may name authorization_code, client_credentials and refresh_token";
const MAX_NAME: usize = 60;
const MAX_URL: usize = 2_000;

impl Registration {
    /// Members of RFC 7591 and its kin by which an app asks for something that is not done here, unless its value is
    /// harmless (faults A19).
    pub const JUDGED: [&str; 16] = [
        "request_object_signing_alg",
        "request_object_encryption_alg",
        "request_object_encryption_enc",
        "request_uris",
        "require_signed_request_object",
        "require_pushed_authorization_requests",
        "dpop_bound_access_tokens",
        "tls_client_certificate_bound_access_tokens",
        "subject_type",
        "id_token_encrypted_response_alg",
        "id_token_encrypted_response_enc",
        "userinfo_signed_response_alg",
        "userinfo_encrypted_response_alg",
        "authorization_signed_response_alg",
        "authorization_encrypted_response_alg",
        "introspection_signed_response_alg",
    ];

    /// Whether it names the device grant (RFC 8628).
    pub(crate) fn asks_for_devices(&self) -> bool {
        has(&self.grant_types, DEVICE_GRANT)
    }

    /// Checks the whole registration. `plain_http` tells whether redirects to http sites are accepted; `own` are the scopes of
    /// the host beside the library's.
    ///
    /// # Errors
    /// All that is wrong, in Mastodon's order and words (Mastodon §2.2).
    pub fn check(self, plain_http: bool, own: &[HostScope]) -> Result<CheckedRegistration, Vec<Problem>> {
        use Problem::{Metadata, RedirectUri as Redirect};
        let mut problems = Vec::new();
        let (redirect_uris, about_uris, too_long) = check_uris(&self.redirect_uris, plain_http);
        let dynamic = self.dialect == Dialect::Dynamic;
        let name = match self.name.filter(|name| shown_name::check(name) != Err(NameProblem::Blank)) {
            None if dynamic => redirect_uris.first().map(|uri| uri.destination().to_string()).unwrap_or_default(),
            None => {
                problems.push(Metadata("Application name can't be blank"));
                String::new()
            }
            Some(name) => name,
        };
        problems.extend(about_uris.into_iter().map(Redirect));
        let scopes = self.scopes.as_deref().filter(|scopes| !scopes.trim().is_empty());
        let scopes = Scopes::register(scopes.unwrap_or(if dynamic { OPENID_SCOPES } else { "read" }), own);
        if scopes.is_err() {
            problems.push(Metadata("Scopes doesn't match those configured on the server."));
        }
        if shown_name::check(&name) == Err(NameProblem::Hidden) {
            problems.push(Metadata("Application name contains characters that cannot be seen"));
        }
        if name.chars().count() > MAX_NAME {
            problems.push(Metadata("Application name is too long (maximum is 60 characters)"));
        }
        if too_long {
            problems.push(Redirect("Redirect URI is too long (maximum is 2000 characters)"));
        }
        let website = self.website.filter(|website| !website.trim().is_empty());
        problems.extend(website.iter().flat_map(|website| about_website(website)).map(Metadata));
        if dynamic {
            let method = self.auth_method.as_deref();
            problems.extend(not_offered(method, &self.grant_types, &self.response_types).map(Metadata));
            problems.extend(not_done(&self.further).map(Metadata));
            problems.extend(about_links(&self.links).map(Metadata));
        }
        let openid = self.openid.check(&redirect_uris, plain_http).unwrap_or_else(|about| {
            problems.extend(about.into_iter().map(Metadata));
            CheckedOpenId::default()
        });
        let is_public = self.auth_method.as_deref() == Some("none");
        let [expiring, device_grant] = ["refresh_token", DEVICE_GRANT].map(|word| has(&self.grant_types, word));
        let grants = dynamic.then_some(self.grant_types).map(or_codes);
        let links = if dynamic { self.links } else { AppLinks::default() };
        match scopes {
            Ok(scopes) if problems.is_empty() => Ok(CheckedRegistration {
                name,
                redirect_uris,
                scopes,
                website,
                is_public,
                expiring,
                grants,
                device_grant,
                links,
                openid,
            }),
            _ => Err(problems),
        }
    }
}

fn has(words: &[String], word: &str) -> bool {
    words.iter().any(|known| known == word)
}

/// The grant types of an app that names none (RFC 7591 §2).
fn or_codes(named: Vec<String>) -> Vec<String> {
    if named.is_empty() { vec!["authorization_code".to_owned()] } else { named }
}

/// What a dynamic registration asks for and cannot have (RFC 7591 §2).
fn not_offered<'a>(
    method: Option<&'a str>,
    grant_types: &'a [String],
    response_types: &'a [String],
) -> impl Iterator<Item = &'static str> {
    let unknown = |words: &[String], known: &[&str]| words.iter().any(|word| !known.contains(&word.as_str()));
    let brings_tokens = ["authorization_code", DEVICE_GRANT].into_iter().any(|word| has(grant_types, word));
    let refreshes_nothing = has(grant_types, "refresh_token") && !brings_tokens;
    let method = method.filter(|method| !["none", "client_secret_basic", "client_secret_post"].contains(method));
    [
        method.map(|_| "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post"),
        unknown(grant_types, &["authorization_code", "client_credentials", "refresh_token", DEVICE_GRANT])
            .then_some(GRANT_TYPES),
        refreshes_nothing.then_some("grant_types: refresh_token needs authorization_code"),
        unknown(response_types, &["code"]).then_some("response_types may name code"),
    ]
    .into_iter()
    .flatten()
}

/// What a dynamic registration demands that is not done here (RFC 7591 §3.2.1, faults A19).
fn not_done(further: &[(String, String)]) -> impl Iterator<Item = &'static str> {
    Registration::JUDGED.into_iter().filter(|name| {
        let harmless: &[&str] = match *name {
            "subject_type" => &["public"],
            "userinfo_signed_response_alg" | "request_object_signing_alg" => &["none"],
            name if name.starts_with("require_") || name.ends_with("_access_tokens") => &["false"],
            _ => &[],
        };
        further.iter().any(|(known, value)| known == name && !value.is_empty() && !harmless.contains(&value.as_str()))
    })
}

fn about_website(website: &str) -> impl Iterator<Item = &'static str> + use<> {
    let malformed = (host_of_website(website).is_none()).then_some("Application website is not a valid URL");
    let is_long = website.chars().count() > MAX_URL;
    malformed.into_iter().chain(is_long.then_some("Application website is too long (maximum is 2000 characters)"))
}

fn about_links(links: &AppLinks) -> impl Iterator<Item = &'static str> {
    let is_wrong = |link: &Option<String>| {
        link.as_deref().is_some_and(|link| host_of_website(link).is_none() || link.chars().count() > MAX_URL)
    };
    let each = [
        (is_wrong(&links.logo), "logo_uri must be an http or https URL"),
        (is_wrong(&links.policy), "policy_uri must be an http or https URL"),
        (is_wrong(&links.terms), "tos_uri must be an http or https URL"),
    ];
    each.into_iter().filter_map(|(wrong, message)| wrong.then_some(message))
}

/// The URIs that passed, what is wrong with the others, and whether all together are too long.
fn check_uris(sent: &[String], plain_http: bool) -> (Vec<RedirectUri>, Vec<&'static str>, bool) {
    let words: Vec<&str> = sent.iter().flat_map(|text| text.split_ascii_whitespace()).collect();
    if words.is_empty() {
        return (Vec::new(), vec!["Redirect URI can't be blank"], false);
    }
    let mut accepted = Vec::new();
    let mut refused: Vec<UriProblem> = Vec::new();
    for word in &words {
        match RedirectUri::register(word) {
            Ok(uri) if !plain_http && uri.is_unprotected() => refused.push(UriProblem::Unprotected),
            Ok(uri) => accepted.push(uri),
            Err(more) => refused.extend(more),
        }
    }
    refused.sort_unstable();
    refused.dedup();
    let length = words.iter().map(|word| word.chars().count() + 1).sum::<usize>().saturating_sub(1);
    (accepted, refused.into_iter().map(UriProblem::message).collect(), length > MAX_URL)
}

/// The host of a website as a person should see it, in ASCII; `None` when the address is none to show: another scheme, user
/// information before the host, something hidden (faults F7).
pub(crate) fn host_of_website(text: &str) -> Option<String> {
    let has_scheme = ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let url = Url::parse(text).ok().filter(|_| has_scheme && shown_name::check(text).is_ok())?;
    let names_nobody = url.username().is_empty() && url.password().is_none();
    url.host_str().filter(|_| names_nobody).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration() -> Registration {
        Registration {
            name: Some("Test".into()),
            redirect_uris: vec!["https://a.example/cb\r\n app://cb".into()],
            scopes: Some("read write".into()),
            website: Some(" ".into()),
            ..Registration::default()
        }
    }

    #[test]
    fn app_registration_splits_redirect_uris_and_drops_blank_website() {
        let checked = registration().check(true, &[]).unwrap();
        let uris: Vec<_> = checked.redirect_uris.iter().map(RedirectUri::as_str).collect();
        assert_eq!(uris, ["https://a.example/cb", "app://cb"]);
        assert_eq!(checked.website, None);
    }

    #[test]
    fn app_registration_with_several_problems_reports_all_in_order() {
        let bad = Registration {
            name: None,
            redirect_uris: vec!["javascript:alert(1) data:x".into()],
            scopes: Some("everything".into()),
            website: Some("javascript://x".into()),
            ..Registration::default()
        };
        assert_eq!(
            messages(bad),
            [
                "Application name can't be blank",
                "Redirect URI is forbidden by the server.",
                "Redirect URI must specify a scheme.",
                "Scopes doesn't match those configured on the server.",
                "Application website is not a valid URL",
            ]
        );
    }

    fn messages(registration: Registration) -> Vec<&'static str> {
        match registration.check(true, &[]) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.into_iter().map(Problem::message).collect(),
        }
    }

    #[test]
    fn app_registration_with_too_long_or_blank_fields_is_refused() {
        let name = Registration { name: Some("é".repeat(61)), ..registration() };
        assert_eq!(messages(name), ["Application name is too long (maximum is 60 characters)"]);
        let exact = Registration { name: Some("é".repeat(60)), ..registration() };
        assert!(exact.check(true, &[]).is_ok());
        let long = format!("https://a.example/{}", "x".repeat(2_000));
        let uris = Registration { redirect_uris: vec![long.clone()], ..registration() };
        assert_eq!(messages(uris), ["Redirect URI is too long (maximum is 2000 characters)"]);
        let website = Registration { website: Some(long), ..registration() };
        assert_eq!(messages(website), ["Application website is too long (maximum is 2000 characters)"]);
        let none = Registration { redirect_uris: vec![" \n".into()], ..registration() };
        assert_eq!(messages(none), ["Redirect URI can't be blank"]);
    }

    #[test]
    fn app_website_that_names_a_user_or_hides_something_is_refused() {
        for (website, host) in [
            ("https://a.example", Some("a.example")),
            ("HTTPS://A.example:8443/x?y#z", Some("a.example")),
            ("https://bücher.example/", Some("xn--bcher-kva.example")),
            ("https://аpple.example/", Some("xn--pple-43d.example")),
            ("https://[2001:db8::1]/", Some("[2001:db8::1]")),
            ("https://a.example@evil.example", None),
            ("https://a.example%2F:x@evil.example/", None),
            ("https://:x@evil.example/", None),
            ("https://a.example/\u{202E}gpj.exe", None),
            ("https://a.example/\u{200B}", None),
            ("https://a.example/\nx", None),
            ("ftp://a.example", None),
        ] {
            assert_eq!(host_of_website(website).as_deref(), host, "{website:?}");
            let sent = Registration { website: Some(website.into()), ..registration() };
            assert_eq!(sent.check(true, &[]).is_ok(), host.is_some(), "{website:?}");
        }
    }

    #[test]
    fn app_registration_auth_method_and_grant_types_are_read_per_dialect() {
        let asked = Registration {
            auth_method: Some("none".into()),
            grant_types: vec!["authorization_code".into(), "refresh_token".into()],
            ..registration()
        };
        let checked = asked.clone().check(true, &[]).unwrap();
        assert!(checked.is_public && checked.expiring);
        let plain = registration().check(true, &[]).unwrap();
        assert!(!plain.is_public && !plain.expiring);

        let odd = Registration {
            auth_method: Some("private_key_jwt".into()),
            grant_types: vec!["implicit".into()],
            response_types: vec!["token".into()],
            ..registration()
        };
        assert_eq!(
            odd.clone().check(true, &[]).map(|checked| checked.is_public),
            Ok(false),
            "Mastodon reads none of these"
        );
        let dynamic = Registration { dialect: Dialect::Dynamic, ..odd };
        assert_eq!(messages(dynamic).len(), 3);
        let nameless = Registration { dialect: Dialect::Dynamic, name: None, ..asked };
        assert_eq!(nameless.check(true, &[]).map(|checked| checked.name).as_deref(), Ok("a.example"));
    }

    #[test]
    fn redirect_uri_plain_http_when_disallowed_is_refused_except_loopback() {
        let http = |uri: &str| Registration { redirect_uris: vec![uri.into()], ..registration() };
        assert!(http("http://a.example/cb").check(true, &[]).is_ok());
        let refused = Err(vec![Problem::RedirectUri("Redirect URI must be an HTTPS/SSL URI.")]);
        assert_eq!(http("http://a.example/cb").check(false, &[]), refused);
        for fine in ["http://127.0.0.1/cb", "http://localhost/cb", "https://a.example/cb", "app://cb"] {
            assert!(http(fine).check(false, &[]).is_ok(), "{fine}");
        }
    }
}
