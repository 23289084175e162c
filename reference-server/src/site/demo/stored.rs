//! What the demo remembers between the redirect and the callback: in an encrypted cookie, as an app would remember it in a
//! session of its own.

use actix_session::config::CookieContentSecurity;
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::{Key, SameSite};
use lysand_auth::Auth;
use lysand_auth::config::BaseUrl;
use lysand_auth::error::Error;
use lysand_auth::host::pages::{Language, Reader};
use lysand_auth::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::app::{Credentials, DemoApp};
use super::steps;

const KEY: &str = "demo";

/// The middleware that keeps the session of the demo, and of nothing else, in a cookie of its own.
pub(super) fn sessions(auth: &Auth) -> SessionMiddleware<CookieSessionStore> {
    let secure = auth.config().base_url.is_secure();
    let name = if secure { "__Host-demo" } else { "demo" };
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&auth.subkey("demo session")))
        .cookie_name(name.to_owned())
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Private)
        .build()
}

/// A run of the demo that began in this browser.
pub(super) struct StoredRun(Contents);

/// What the cookie holds.
#[derive(Deserialize, Serialize)]
struct Contents {
    id: String,
    client_id: String,
    #[serde(serialize_with = "exposed")]
    client_secret: Secret,
    #[serde(serialize_with = "exposed")]
    verifier: Secret,
    state: String,
    /// What was asked for in `lang` when it began.
    #[serde(default)]
    lang: Option<String>,
}

/// Into the encrypted cookie, and nowhere else.
fn exposed<S: serde::Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

impl StoredRun {
    /// A new run, with a state and a verifier of its own; registers the demo where that is still to do.
    pub(super) async fn begin(auth: &Auth, app: &DemoApp, lang: Option<Language>) -> Result<Self, Error> {
        let Credentials { id, client_id, client_secret } = app.credentials(auth).await?;
        let verifier = Secret::generate(auth.ambient());
        let state = Secret::generate(auth.ambient()).expose().to_owned();
        let lang = lang.map(|lang| lang.to_string());
        Ok(Self(Contents { id, client_id, client_secret, verifier, state, lang }))
    }

    /// Stores the run in the cookie, in place of any that was there.
    pub(super) fn store(&self, session: &Session) -> Result<(), Error> {
        session.insert(KEY, &self.0).map_err(|error| Error::failed(error.to_string()))
    }

    /// Takes the run out of the cookie: each comes back once.
    pub(super) fn take(session: &Session) -> Option<Self> {
        let contents = session.get::<Contents>(KEY).ok().flatten()?;
        session.remove(KEY);
        Some(Self(contents))
    }

    pub(super) fn client_id(&self) -> &str {
        &self.0.client_id
    }

    pub(super) fn client_secret(&self) -> &Secret {
        &self.0.client_secret
    }

    pub(super) fn verifier(&self) -> &Secret {
        &self.0.verifier
    }

    /// The language in which the run began, if one was asked for.
    pub(super) fn lang(&self) -> Option<Language> {
        self.0.lang.as_deref().and_then(Language::parse)
    }

    pub(super) fn state(&self) -> &str {
        &self.0.state
    }

    /// The verifier's digest (RFC 7636 §4.2).
    pub(super) fn challenge(&self) -> String {
        self.0.verifier.digest().to_base64url()
    }

    /// Where the browser goes.
    pub(super) fn authorize_url(&self, base_url: &BaseUrl) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client_id())
            .append_pair("redirect_uri", &steps::redirect_uri(base_url))
            .append_pair("scope", steps::SCOPE)
            .append_pair("state", self.state())
            .append_pair("code_challenge", &self.challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        let mut reader = Reader::default();
        reader.asked = self.lang();
        reader.keep(&base_url.join(&format!("/oauth/authorize?{query}")))
    }

    /// The answer to the registration (Mastodon §2.3), for the page.
    pub(super) fn registered(&self, base_url: &BaseUrl) -> Value {
        let redirect_uri = steps::redirect_uri(base_url);
        json!({
            "id": self.0.id,
            "name": steps::NAME,
            "website": base_url.join("/"),
            "scopes": [steps::SCOPE],
            "redirect_uris": [redirect_uri],
            "redirect_uri": redirect_uri,
            "client_id": self.0.client_id,
            "client_secret": self.0.client_secret.expose(),
            "client_secret_expires_at": 0,
            "vapid_key": "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_authorize_url_carries_state_pkce_and_lang() {
        let run = StoredRun(Contents {
            id: "1".into(),
            client_id: "client".into(),
            client_secret: Secret::new("secret"),
            verifier: Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            state: "state".into(),
            lang: Some("de".into()),
        });
        let url = run.authorize_url(&BaseUrl::parse("https://social.example").unwrap());
        assert_eq!(
            url,
            "https://social.example/oauth/authorize?response_type=code&client_id=client\
             &redirect_uri=https%3A%2F%2Fsocial.example%2Fdemo%2Fcallback&scope=profile&state=state\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&lang=de"
        );
    }
}
