//! The application's side of the journey: it registers, sends people away, and waits for them to come back with a code.

mod redirects;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

pub use redirects::Redirects;

use crate::server::ServerProcess;

/// The redirect URI of an application that cannot be redirected to: the person copies the code.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// An application as the server knows it after `POST /api/v1/apps`.
#[derive(Debug)]
pub struct RegisteredApp {
    /// Its public name tag.
    pub client_id: String,
    /// Its password.
    pub client_secret: String,
    /// Where people are sent back to.
    pub redirect_uri: String,
    /// What it asks for.
    pub scopes: String,
}

/// One trip of one person to the server: where to send them, and what to remember until they are back.
#[derive(Debug)]
pub struct Trip {
    /// The authorize URL with everything in it.
    pub url: Url,
    /// Comes back unchanged with the answer.
    pub state: String,
    /// Proves at the token endpoint that the one who asked is the one who redeems (RFC 7636).
    pub verifier: String,
}

impl RegisteredApp {
    /// Registers an application called `name`.
    pub async fn register(server: &ServerProcess, name: &str, redirect_uri: &str, scopes: &str) -> Self {
        let form = [("client_name", name), ("redirect_uris", redirect_uri), ("scopes", scopes)];
        let reply = server.http().post(server.url("/api/v1/apps")).form(&form).send().await.expect("an answer");
        let (status, body) = (reply.status(), reply.text().await.expect("a body"));
        assert_eq!(status, 200, "registration was refused: {body}");

        let app: Value = serde_json::from_str(&body).expect("JSON");
        Self {
            client_id: text(&app, "client_id"),
            client_secret: text(&app, "client_secret"),
            redirect_uri: redirect_uri.to_owned(),
            scopes: scopes.to_owned(),
        }
    }

    /// Prepares the authorization request of one person, with `state` and PKCE.
    pub fn trip(&self, server: &ServerProcess) -> Trip {
        let (state, verifier) = (random(), random());
        let mut url = server.url("/oauth/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.scopes)
            .append_pair("state", &state)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)))
            .append_pair("code_challenge_method", "S256");
        Trip { url, state, verifier }
    }

    /// Redeems the code that a person brought back, and returns the access token.
    pub async fn redeem(&self, server: &ServerProcess, trip: &Trip, code: &str) -> String {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("code_verifier", &trip.verifier),
        ];
        let reply = server.http().post(server.url("/oauth/token")).form(&form).send().await.expect("an answer");
        let (status, body) = (reply.status(), reply.text().await.expect("a body"));
        assert_eq!(status, 200, "the code was refused: {body}");
        text(&serde_json::from_str(&body).expect("JSON"), "access_token")
    }

    /// The account that `token` speaks for.
    pub async fn verify_credentials(server: &ServerProcess, token: &str) -> Value {
        let url = server.url("/api/v1/accounts/verify_credentials");
        let reply = server.http().get(url).bearer_auth(token).send().await.expect("an answer");
        let (status, body) = (reply.status(), reply.text().await.expect("a body"));
        assert_eq!(status, 200, "the token was refused: {body}");
        serde_json::from_str(&body).expect("JSON")
    }
}

/// The value of a query parameter, decoded.
pub fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn text(object: &Value, key: &str) -> String {
    let value = object[key].as_str();
    value.unwrap_or_else(|| panic!("no text `{key}` in {object}")).to_owned()
}

fn random() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}
