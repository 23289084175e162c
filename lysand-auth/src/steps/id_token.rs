//! Who signed in, told to an app that was granted `openid` (OpenID Connect Core §3.1.3.3).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::openid_client::SigningAlg;
use crate::model::scope::Scopes;
use crate::model::session::SessionId;
use crate::model::strength::ProvenBy;
use crate::secret::Secret;
use crate::signing::{IdClaims, OpenIdSigner};
use crate::store::app_sessions::AppSession;
use crate::store::openid_clients;

/// How long somebody waits who comes before the key is there.
const COME_AGAIN: Duration = Duration::from_secs(5);
/// What they are told.
const KEY_IS_MADE: &str = "The key that signs id tokens is still being made. Please try again in a moment.";
/// The length of the name by which an app knows a session (FAC-142).
const SID_LENGTH: usize = 32;

/// A grant, as an id token tells of it.
#[derive(Clone, Copy)]
pub(crate) struct Granted<'a> {
    pub(crate) scopes: &'a Scopes,
    /// The session in which it was granted.
    pub(crate) session: &'a SessionId,
    pub(crate) nonce: Option<&'a str>,
    /// What the session's owner proved.
    pub(crate) proven: Option<&'a ProvenBy>,
}

/// An id token that is not signed yet.
pub(crate) struct IdToken {
    signer: OpenIdSigner,
    client_id: String,
    nonce: Option<String>,
    proven: Option<ProvenBy>,
    /// How the app knows session and person.
    pub(crate) known_as: AppSession,
}

impl IdToken {
    /// What is needed for one; `None` when the app was not granted `openid`.
    ///
    /// # Errors
    /// 503 when the key that signs is still being made.
    pub(crate) async fn prepare(
        auth: &Auth,
        app: &App,
        account: &Account,
        granted: Granted<'_>,
    ) -> Result<Option<Self>, Error> {
        if !granted.scopes.has("openid") {
            return Ok(None);
        }
        let wanted = app.id.clone();
        let looked_up =
            auth.store().look_up(move |c| Box::pin(async move { openid_clients::of_app(c, &wanted).await }));
        let client = looked_up.await?;
        let proven = granted.proven.cloned();
        let signer = signer(auth, client.signed_by).await?;
        let told = client.backchannel_logout_uri.filter(|_| auth.config().openid.tells_apps());
        let known_as = AppSession {
            session_id: granted.session.as_str().to_owned(),
            app_id: app.id.as_str().to_owned(),
            sid: sid(auth, granted.session, &app.client_id),
            subject: auth.accounts().profile(account, &auth.config().base_url).uri,
            logout_uri: told,
        };
        let (client_id, nonce) = (app.client_id.clone(), granted.nonce.map(str::to_owned));
        Ok(Some(Self { signer, client_id, nonce, proven, known_as }))
    }

    /// The token, with the name by which the app knows the session.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(crate) fn sign(&self, auth: &Auth, sid: Option<&str>, now: Timestamp) -> Result<Secret, Error> {
        let claims = IdClaims {
            subject: &self.known_as.subject,
            audience: &self.client_id,
            nonce: self.nonce.as_deref(),
            proven: self.proven.as_ref(),
            session: sid,
        };
        let signed = auth.keys().sign_id_token(&self.signer, &claims, &auth.config().base_url, now);
        signed.map_err(Error::failed)
    }
}

/// What signs by an algorithm.
///
/// # Errors
/// 503 when that key is still being made, and where it was taken away from apps that registered for it.
pub(crate) async fn signer(auth: &Auth, algorithm: SigningAlg) -> Result<OpenIdSigner, Error> {
    let later = || Error::later(Code::Unavailable, KEY_IS_MADE, COME_AGAIN);
    match auth.keys().signer(algorithm).await {
        Ok(Some(signer)) => Ok(signer),
        Ok(None) => {
            tracing::error!("an app registered for {}, and there is no key: bring keys.rsa back", algorithm.name());
            Err(later())
        }
        Err(_) => {
            tracing::warn!("an id token is wanted, and the RSA key is still being made");
            Err(later())
        }
    }
}

/// The name by which an app knows a session. It is worth nothing here, and another one for each app (FAC-142).
fn sid(auth: &Auth, session: &SessionId, client_id: &str) -> String {
    let key = auth.config().keys.secrets().first().map_or([0; 64], |key| key.subkey("session of an app"));
    let all = Secret::derive(&key, &[session.as_str().as_bytes(), client_id.as_bytes()]);
    all.expose().chars().take(SID_LENGTH).collect()
}
