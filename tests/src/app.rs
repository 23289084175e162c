//! An OAuth client as its programmer sees it: what it registered, what it asks for, what it got.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::http::form;

/// Where the usual app sends people back to. Nothing listens there: tests read the `Location`.
pub const CALLBACK: &str = "https://app.example/callback";

/// The redirect URI of an app that cannot be redirected to: the person copies the code.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// A registered app.
#[derive(Clone, Debug)]
pub struct App {
    /// `client_id`
    pub client_id: String,
    /// `client_secret`
    pub client_secret: String,
    /// The first registered redirect URI.
    pub redirect_uri: String,
    /// The registered scopes.
    pub scopes: String,
}

/// One authorization request: where to send the person, and what to remember until they are back.
#[derive(Debug)]
pub struct AuthorizationRequest {
    /// The authorize URL with everything in it.
    pub url: Url,
    /// Comes back unchanged with the response.
    pub state: String,
    /// Proves at the token endpoint that the one who asked is the one who redeems (RFC 7636).
    pub verifier: String,
}

/// What a sign-in left behind.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The value of the `jwt` cookie.
    pub cookie: String,
    /// The pending code.
    pub code: String,
    /// Where the browser was sent.
    pub consent: Url,
}

/// What a code or a refresh token bought.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// `access_token`
    pub access: String,
    /// `refresh_token`
    pub refresh: String,
}

impl App {
    /// The app that was registered with these, by the response to `POST /api/v1/apps`.
    pub fn registered(body: &Value, redirect_uris: &str, scopes: &str) -> Self {
        Self {
            client_id: text(body, "client_id"),
            client_secret: text(body, "client_secret"),
            redirect_uri: redirect_uris.split_whitespace().next().unwrap_or_default().to_owned(),
            scopes: scopes.to_owned(),
        }
    }

    /// An authorization request for everything that the app registered, as a query.
    pub fn authorize_query(&self) -> String {
        self.authorize_query_with(&[])
    }

    /// The same with other or more parameters; an empty value leaves one out.
    pub fn authorize_query_with(&self, changes: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("scope", &self.scopes),
        ];
        for (name, value) in changes {
            match pairs.iter_mut().find(|(known, _)| known == name) {
                Some(pair) => pair.1 = value,
                None => pairs.push((name, value)),
            }
        }
        pairs.retain(|(_, value)| !value.is_empty());
        form(&pairs)
    }

    /// An authorization request of one person at the server with this base URL, with `state` and PKCE.
    pub fn authorization_request(&self, base: &Url) -> AuthorizationRequest {
        let (state, verifier) = (random(), random());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let more = [("state", state.as_str()), ("code_challenge", &challenge), ("code_challenge_method", "S256")];
        let mut url = base.join("/oauth/authorize").expect("a path");
        url.set_query(Some(&self.authorize_query_with(&more)));
        AuthorizationRequest { url, state, verifier }
    }

    /// The form that redeems a code.
    pub fn code_form<'a>(&'a self, code: &'a str) -> Vec<(&'static str, &'a str)> {
        let grant = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &self.redirect_uri)];
        [&grant[..], &self.credentials()].concat()
    }

    /// The form that redeems a refresh token.
    pub fn refresh_form<'a>(&'a self, token: &'a str) -> Vec<(&'static str, &'a str)> {
        [&[("grant_type", "refresh_token"), ("refresh_token", token)][..], &self.credentials()].concat()
    }

    /// The members of a form by which the app proves who it is.
    pub fn credentials(&self) -> [(&'static str, &str); 2] {
        [("client_id", &self.client_id), ("client_secret", &self.client_secret)]
    }
}

impl TokenPair {
    /// The two tokens of a response of the token endpoint.
    #[track_caller]
    pub fn of(body: &Value) -> Self {
        Self { access: text(body, "access_token"), refresh: text(body, "refresh_token") }
    }
}

#[track_caller]
fn text(object: &Value, key: &str) -> String {
    let value = object[key].as_str();
    value.unwrap_or_else(|| panic!("no text `{key}` in {object}")).to_owned()
}

fn random() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}
