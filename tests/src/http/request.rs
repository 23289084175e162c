//! Requests under construction.

use std::time::Duration;

use reqwest::header;
use serde_json::Value;

use super::cookies::CookieJar;
use super::response::Response;
use crate::app::SignedIn;
use crate::openapi;

/// A request under construction.
pub struct Request {
    builder: reqwest::RequestBuilder,
    is_documented: bool,
}

impl Request {
    /// A request of this client.
    pub fn new(http: &reqwest::Client, method: reqwest::Method, url: &str) -> Self {
        Self { builder: http.request(method, url), is_documented: false }
    }

    /// The same, whose answer must be what the OpenAPI document says: the server's own, and no host's or provider's.
    pub fn documented(self) -> Self {
        Self { is_documented: true, ..self }
    }

    fn with(self, more: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> Self {
        Self { builder: more(self.builder), ..self }
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|request| request.header(name, value))
    }

    /// Adds a header of any bytes.
    pub fn raw_header(self, name: &str, value: header::HeaderValue) -> Self {
        self.with(|request| request.header(name, value))
    }

    /// Presents a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.with(|request| request.bearer_auth(token))
    }

    /// Presents client credentials in a header.
    pub fn basic(self, user: &str, password: &str) -> Self {
        self.with(|request| request.basic_auth(user, Some(password)))
    }

    /// Presents the sign-in cookie.
    pub fn session(self, signed_in: &SignedIn) -> Self {
        self.with(|request| request.header(header::COOKIE, format!("jwt={}", signed_in.cookie)))
    }

    /// Presents all cookies of a browser.
    pub fn cookies(self, jar: &CookieJar) -> Self {
        match jar.header() {
            Some(cookies) => self.header("cookie", &cookies),
            None => self,
        }
    }

    /// Sends an urlencoded body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.with(|request| request.form(pairs))
    }

    /// Sends a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.with(|request| request.json(body))
    }

    /// Sends a body of a type.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.with(|request| request.header(header::CONTENT_TYPE, content_type).body(body.into()))
    }

    /// Sends a multipart body.
    pub fn multipart(self, pairs: &[(&str, &str)]) -> Self {
        let mut body = String::new();
        for (name, value) in pairs {
            body += &format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        self.body("multipart/form-data; boundary=line", body + "--line--\r\n")
    }

    /// Sends a body of no type.
    pub fn bare_body(self, body: impl Into<Vec<u8>>) -> Self {
        self.with(|request| request.body(body.into()))
    }

    /// Sends it. A server error is a failure of the test, unless the server says that it is busy or cut off from others.
    pub async fn send(self) -> Response {
        let response = self.try_send().await.expect("a response");
        let (status, body) = (response.status, &response.body);
        assert!(!status.is_server_error() || matches!(status.as_u16(), 502 | 503), "a server error: {status} {body}");
        response
    }

    /// Sends it and leaves the body to the caller, who has so long for all of it.
    pub async fn open(self, limit: Duration) -> reqwest::Response {
        self.builder.timeout(limit).send().await.expect("a response")
    }

    /// Sends it; none when no whole response came.
    pub async fn try_send(self) -> Option<Response> {
        let (client, request) = self.builder.build_split();
        let request = request.expect("a request");
        let asked = self.is_documented.then(|| (request.method().clone(), request.url().path().to_owned()));
        let reply = client.execute(request).await.ok()?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let response = Response { status, headers, body: reply.text().await.ok()? };
        if let Some((method, path)) = asked {
            openapi::require(&method, &path, &response);
        }
        Some(response)
    }
}
