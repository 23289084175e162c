//! Responses, and demands on them.

use reqwest::{StatusCode, header};
use serde_json::Value;
use url::Url;

use super::url::{encode, query_of};
use crate::app::SignedIn;

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: header::HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Response {
    /// Demands a status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {:?}", self.body, self.headers.get("location"));
        self
    }

    /// Demands an OAuth error: status, name and the headers that go with it (Mastodon §6.6).
    #[track_caller]
    pub fn is_oauth_error(self, status: u16, error: &str, description: &str) -> Self {
        let response = self.is(status);
        let body = response.json();
        assert_eq!((&body["error"], &body["error_description"]), (&error.into(), &description.into()));
        assert_eq!(response.header("cache-control"), "no-store");
        response
    }

    /// Demands an API error: `{"error": text}` and nothing else.
    #[track_caller]
    pub fn is_api_error(self, status: u16, error: &str) -> Self {
        let response = self.is(status);
        assert_eq!(response.json(), serde_json::json!({ "error": error }));
        response
    }

    /// Demands a redirect to the login page with this error, and that the session was left alone.
    #[track_caller]
    pub fn is_login_error(self, error: &str, description: &str) -> Self {
        let response = self.is(302);
        let location = response.location();
        assert_eq!(location.path(), "/oauth/authorize", "{location}");
        let found = (query_of(&location, "error"), query_of(&location, "error_description"));
        assert_eq!(found, (Some(error.into()), Some(description.into())), "{location}");
        assert_eq!(response.cookie("jwt"), None);
        response
    }

    /// What a sign-in left behind, which must have led to the consent page.
    #[track_caller]
    pub fn signed_in(&self) -> SignedIn {
        assert_eq!(self.status, 302, "{}", self.body);
        let consent = self.location();
        assert_eq!(consent.path(), "/oauth/consent", "{consent}");
        let code = query_of(&consent, "code").expect("a pending code");
        SignedIn { cookie: self.cookie("jwt").expect("a session cookie"), code, consent }
    }

    /// The body as JSON of exactly our content type.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A page's markup with the escapes of slashes and ampersands undone, so that a story can look for addresses.
    pub fn markup(&self) -> String {
        self.body.replace("&#x2F;", "/").replace("&amp;", "&").replace("&#x26;", "&")
    }

    /// A header's value; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where the browser is sent.
    #[track_caller]
    pub fn location(&self) -> Url {
        Url::parse(self.header("location")).unwrap_or_else(|error| panic!("{error}: {:?}", self.header("location")))
    }

    /// The value of a cookie that was set to something.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let value = self.set_cookie(name)?.split(';').next()?.split_once('=')?.1.to_owned();
        (!value.is_empty()).then_some(value)
    }

    /// The whole `Set-Cookie` line of a cookie.
    pub fn set_cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        lines.into_iter().find(|line| line.starts_with(&format!("{name}="))).map(str::to_owned)
    }

    /// The value of a hidden field of the page's first form that has one.
    #[track_caller]
    pub fn hidden(&self, name: &str) -> String {
        let field = self.body.split("<input").find(|field| field.contains(&format!("name=\"{name}\"")));
        let value = field.and_then(|field| field.split("value=\"").nth(1)).and_then(|rest| rest.split('"').next());
        value.unwrap_or_else(|| panic!("no hidden field {name} in {}", self.body)).to_owned()
    }

    /// Demands that a link was made.
    #[track_caller]
    pub fn is_linked(self) -> Self {
        let response = self.is(302);
        assert!(response.header("location").ends_with("/?oidc_account_linked=true"), "{}", response.header("location"));
        response
    }

    /// Demands that no link was made, with this title and text.
    #[track_caller]
    pub fn is_link_error(self, title: &str, text: &str) -> Self {
        let response = self.is(302);
        let wanted =
            encode("/", &[("oidc_account_linking_error", title), ("oidc_account_linking_error_message", text)]);
        assert!(response.header("location").ends_with(&wanted), "{}", response.header("location"));
        assert_eq!(response.cookie("jwt"), None);
        response
    }
}
