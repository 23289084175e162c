//! What has to be there before a measurement: an account, a token, an application, a signed-in browser.
//!
//! All of it is made as an admin or a client would make it: by the server's own commands and over HTTP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::Outcome;
use crate::http::{BlockingConnection, Connection, Reply, encode, request};
use crate::server::Installation;

/// Loopback, so that the server asks for consent in every flow: a live grant lets it skip only for `https` addresses.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1/cb";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
const ACCOUNT: &str = "bench";
pub(crate) const ADDRESS: &str = "bench@example.org";
const SCOPES: &str = "read write follow push";
const LIMIT: Duration = Duration::from_secs(10);

/// An application that was registered, and an account that may sign in to it.
pub(crate) struct Prepared {
    pub(crate) address: SocketAddr,
    pub(crate) authority: String,
    /// An access token of the account.
    pub(crate) token: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    login_target: String,
}

/// Makes account, token and application on a running server.
pub(crate) fn prepare(installation: &Installation) -> Outcome<Arc<Prepared>> {
    let input = format!("{PASSWORD}\n");
    let create = ["account", "create", ACCOUNT, "--email", ADDRESS, "--password-stdin"];
    installation.administer(&create, &input)?;
    let printed = installation.administer(&["token", "create", ACCOUNT, "--scopes", "read"], "")?;
    let token = printed.lines().map(str::trim).rfind(|line| !line.is_empty());
    let token = token.ok_or("`token create` printed nothing")?.to_owned();

    let form = encode(&[("client_name", "Bench"), ("redirect_uris", REDIRECT_URI), ("scopes", SCOPES)]);
    let mut connection = BlockingConnection::new(installation.address, LIMIT);
    let reply = connection.exchange(&request("POST", "/api/v1/apps", &installation.authority, &[], &form))?;
    if reply.status != 200 {
        return Err(format!("registration of the application: {}", reply.summary()).into());
    }
    let app: Value = serde_json::from_slice(&reply.body)?;
    let field =
        |name: &str| app[name].as_str().map(str::to_owned).ok_or_else(|| format!("the application has no {name}"));
    let client_id = field("client_id")?;
    let query = encode(&[
        ("client_id", &client_id),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", SCOPES),
    ]);
    Ok(Arc::new(Prepared {
        address: installation.address,
        authority: installation.authority.clone(),
        token,
        client_secret: field("client_secret")?,
        client_id,
        login_target: format!("/api/auth/login?{query}"),
    }))
}

impl Prepared {
    /// The bearer check as every client of the measurement sends it.
    pub(crate) fn bearer_check(&self, path: &str) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.token);
        request("GET", path, &self.authority, &[("Authorization", &bearer), ("Accept", "application/json")], "")
    }

    /// A sign-in with that password, as a page of the server's own origin posts it.
    pub(crate) fn sign_in(&self, password: &str) -> Vec<u8> {
        self.sign_in_as(ACCOUNT, password)
    }

    /// The same with the name of somebody else.
    pub(crate) fn sign_in_as(&self, name: &str, password: &str) -> Vec<u8> {
        let form = encode(&[("identifier", name), ("password", password)]);
        request("POST", &self.login_target, &self.authority, &[("Sec-Fetch-Site", "same-origin")], &form)
    }

    /// The address of another route that signs in for the same request.
    pub(crate) fn sign_in_target(&self, path: &str) -> String {
        self.login_target.replacen("/api/auth/login", path, 1)
    }

    /// Query parameters of an authorization request with that state and challenge.
    pub(crate) fn authorize_target(&self, state: &str, challenge: &str) -> String {
        let query = encode(&[
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", SCOPES),
            ("state", state),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
            ("force_login", "false"),
        ]);
        format!("/oauth/authorize?{query}")
    }
}

/// Whether a reply to a sign-in says that it succeeded: on to the consent page, with the session cookie.
pub(crate) fn signed_in(reply: &Reply<'_>) -> bool {
    reply.status == 302
        && reply.header("location").is_some_and(|to| to.contains("/oauth/consent?"))
        && reply.headers("set-cookie").iter().any(|cookie| cookie.starts_with("jwt="))
}

/// A connection with the cookies of one browser.
pub(crate) struct Browser {
    connection: Connection,
    cookies: Vec<(String, String)>,
    header: String,
}

impl Browser {
    /// A browser without cookies.
    pub(crate) fn new(address: SocketAddr) -> Browser {
        Browser { connection: Connection::new(address), cookies: Vec::new(), header: String::new() }
    }

    /// The cookies for the next request's `Cookie` header.
    pub(crate) fn cookies(&self) -> &str {
        &self.header
    }

    /// The same browser with its cookies, and a connection of its own.
    pub(crate) fn reopened(&self) -> Browser {
        let connection = Connection::new(self.connection.address());
        Browser { connection, cookies: self.cookies.clone(), header: self.header.clone() }
    }

    /// Sends a request and keeps the cookies that the reply sets.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        let reply = self.connection.exchange(request).await?;
        let set = reply.headers("set-cookie");
        if !set.is_empty() {
            for cookie in &set {
                keep(&mut self.cookies, cookie);
            }
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            self.header = pairs.collect::<Vec<_>>().join("; ");
        }
        Ok(reply)
    }
}

/// Puts a cookie in the place of one with the same name; an emptied or expired one goes.
fn keep(cookies: &mut Vec<(String, String)>, set: &str) {
    let (pair, attributes) = set.split_once(';').unwrap_or((set, ""));
    let Some((name, value)) = pair.trim().split_once('=') else {
        return;
    };
    cookies.retain(|(known, _)| known != name);
    let ended = attributes.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0"));
    if !ended && !value.is_empty() {
        cookies.push((name.to_owned(), value.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::keep;

    #[test]
    fn bench_cookie_jar_keeps_replaces_and_removes_cookies() {
        let mut cookies = Vec::new();
        keep(&mut cookies, "jwt=one; HttpOnly; Path=/");
        keep(&mut cookies, "form=a");
        keep(&mut cookies, "jwt=two; Max-Age=60");
        keep(&mut cookies, "form=; Max-Age=0");
        assert_eq!(cookies, [("jwt".to_owned(), "two".to_owned())]);
    }
}
