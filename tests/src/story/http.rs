//! Requests of a story, and demands on what comes back.

use reqwest::{StatusCode, header};
use serde_json::Value;
use url::Url;

use super::SignedIn;

/// A request under construction.
pub struct Call(pub(super) reqwest::RequestBuilder);

impl Call {
    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// Presents a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    /// Presents client credentials in a header.
    pub fn basic(self, user: &str, password: &str) -> Self {
        Self(self.0.basic_auth(user, Some(password)))
    }

    /// Presents the sign-in cookie.
    pub fn session(self, signed_in: &SignedIn) -> Self {
        Self(self.0.header(header::COOKIE, format!("jwt={}", signed_in.cookie)))
    }

    /// Sends an urlencoded body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        Self(self.0.form(pairs))
    }

    /// Sends a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// Sends a body of a type.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.header(header::CONTENT_TYPE, content_type).body(body.into()))
    }

    /// Sends a multipart body.
    pub fn multipart(self, pairs: &[(&str, &str)]) -> Self {
        let mut body = String::new();
        for (name, value) in pairs {
            body += &format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        self.body("multipart/form-data; boundary=line", body + "--line--\r\n")
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        let reply = self.0.send().await.expect("an answer");
        let (status, headers) = (reply.status(), reply.headers().clone());
        let body = reply.text().await.expect("a body");
        assert!(!status.is_server_error() || matches!(status.as_u16(), 502 | 503), "a server error: {status} {body}");
        Answer { status, headers, body }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: header::HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// Demands a status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {:?}", self.body, self.headers.get("location"));
        self
    }

    /// Demands an OAuth error: status, name and the headers that go with it (Mastodon §6.6).
    #[track_caller]
    pub fn is_oauth_error(self, status: u16, error: &str, description: &str) -> Self {
        let answer = self.is(status);
        let body = answer.json();
        assert_eq!((&body["error"], &body["error_description"]), (&error.into(), &description.into()));
        assert_eq!(answer.header("cache-control"), "no-store");
        answer
    }

    /// Demands an API error: `{"error": text}` and nothing else.
    #[track_caller]
    pub fn is_api_error(self, status: u16, error: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.json(), serde_json::json!({ "error": error }));
        answer
    }

    /// Demands a redirect to the login page with this error, and that the session was left alone.
    #[track_caller]
    pub fn is_login_error(self, error: &str, description: &str) -> Self {
        let answer = self.is(302);
        let location = answer.location();
        assert_eq!(location.path(), "/oauth/authorize", "{location}");
        let found = (query_of(&location, "error"), query_of(&location, "error_description"));
        assert_eq!(found, (Some(error.into()), Some(description.into())), "{location}");
        assert_eq!(answer.cookie("jwt"), None);
        answer
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
}

/// A path with a query.
pub fn encode(path: &str, pairs: &[(&str, &str)]) -> String {
    format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

/// The value of a query parameter, which must stand there at most once.
#[track_caller]
pub fn query_of(url: &Url, name: &str) -> Option<String> {
    let values: Vec<_> = url.query_pairs().filter(|(known, _)| known == name).collect();
    assert!(values.len() < 2, "{name} stands twice in {url}");
    values.into_iter().next().map(|(_, value)| value.into_owned())
}
