//! What the demo keeps between leaving and coming back: in the encrypted cookie of the pages, as an app would keep it in
//! a session of its own.

use std::sync::{Mutex, PoisonError};

use actix_session::Session;
use lysand_auth::Auth;
use lysand_auth::config::BaseUrl;
use lysand_auth::error::{Code, Error};
use lysand_auth::flows::apps;
use lysand_auth::flows::authorize::{self, Interaction};
use lysand_auth::host::pages::{Language, Reader};
use lysand_auth::model::app::Registration;
use lysand_auth::model::authorization::AuthorizationRequest;
use lysand_auth::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::story;

const KEY: &str = "demo";

/// The demo's credentials, as the registration answered them.
#[derive(Clone, Debug)]
struct Credentials {
    id: String,
    client_id: String,
    client_secret: Secret,
}

/// The demo as a registered app. Each worker registers once, when somebody first tries the demo, and keeps the answer as
/// long as the server runs: a secret is shown only once, so it cannot be found again after that.
#[derive(Debug, Default)]
pub(super) struct DemoApp(Mutex<Option<Credentials>>);

impl DemoApp {
    async fn credentials(&self, auth: &Auth) -> Result<Credentials, Error> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept
            && is_registered(auth, &kept.client_id).await?
        {
            return Ok(kept);
        }
        let registration = Registration {
            name: Some(story::NAME.to_owned()),
            redirect_uris: vec![story::redirect_uri(&auth.config().base_url)],
            scopes: Some(story::SCOPE.to_owned()),
            website: Some(auth.config().base_url.join("/")),
            ..Registration::default()
        };
        let registered = apps::register(auth, registration, None).await?;
        let credentials = Credentials {
            id: registered.app.id.as_str().to_owned(),
            client_id: registered.app.client_id,
            client_secret: registered.secret.unwrap_or_default(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials.clone());
        Ok(credentials)
    }
}

/// Whether an admin has not removed the demo's app meanwhile.
async fn is_registered(auth: &Auth, client_id: &str) -> Result<bool, Error> {
    let request = AuthorizationRequest {
        client_id: Some(client_id.to_owned()),
        redirect_uri: Some(story::redirect_uri(&auth.config().base_url)),
        response_type: Some("code".to_owned()),
        ..AuthorizationRequest::default()
    };
    match authorize::begin(auth, &request, None, Interaction::AsNeeded).await {
        Ok(_) => Ok(true),
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidClient => Ok(false),
        Err(error) => Err(error),
    }
}

/// A sign-in that the demo began in this browser.
pub(super) struct Pending(Kept);

/// The form in which it lies in the cookie.
#[derive(Deserialize, Serialize)]
struct Kept {
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

impl Pending {
    /// Registers the demo where that is still to do, and makes up state and verifier.
    pub(super) async fn begin(auth: &Auth, app: &DemoApp, lang: Option<Language>) -> Result<Self, Error> {
        let Credentials { id, client_id, client_secret } = app.credentials(auth).await?;
        let verifier = Secret::generate(auth.ambient());
        let state = Secret::generate(auth.ambient()).expose().to_owned();
        let lang = lang.map(|lang| lang.to_string());
        Ok(Self(Kept { id, client_id, client_secret, verifier, state, lang }))
    }

    /// Puts it into the cookie; a run that was under way is forgotten.
    pub(super) fn keep(&self, session: &Session) -> Result<(), Error> {
        session.insert(KEY, &self.0).map_err(|error| Error::failed(error.to_string()))
    }

    /// Takes it out of the cookie: a run comes back once.
    pub(super) fn take(session: &Session) -> Option<Self> {
        let kept = session.get::<Kept>(KEY).ok().flatten()?;
        session.remove(KEY);
        Some(Self(kept))
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
            .append_pair("redirect_uri", &story::redirect_uri(base_url))
            .append_pair("scope", story::SCOPE)
            .append_pair("state", self.state())
            .append_pair("code_challenge", &self.challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        let reader = Reader { asked: self.lang(), ..Reader::default() };
        reader.keep(&base_url.join(&format!("/oauth/authorize?{query}")))
    }

    /// The answer to the registration (Mastodon §2.3), for the page.
    pub(super) fn registered(&self, base_url: &BaseUrl) -> Value {
        let redirect_uri = story::redirect_uri(base_url);
        json!({
            "id": self.0.id,
            "name": story::NAME,
            "website": base_url.join("/"),
            "scopes": [story::SCOPE],
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
    fn the_browser_is_sent_off_with_what_an_app_sends() {
        let pending = Pending(Kept {
            id: "1".into(),
            client_id: "client".into(),
            client_secret: Secret::new("secret"),
            verifier: Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            state: "state".into(),
            lang: Some("de".into()),
        });
        let url = pending.authorize_url(&BaseUrl::parse("https://social.example").unwrap());
        assert_eq!(
            url,
            "https://social.example/oauth/authorize?response_type=code&client_id=client\
             &redirect_uri=https%3A%2F%2Fsocial.example%2Fdemo%2Fcallback&scope=profile&state=state\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&lang=de"
        );
    }
}
