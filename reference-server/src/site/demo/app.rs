//! The demo as a registered app.

use std::sync::{Mutex, PoisonError};

use lysand_auth::Auth;
use lysand_auth::error::{Code, Error};
use lysand_auth::flows::apps;
use lysand_auth::flows::apps::Registration;
use lysand_auth::flows::authorize::AuthorizationRequest;
use lysand_auth::flows::authorize::{self, Interaction};
use lysand_auth::secret::Secret;

use super::steps;

/// The demo's credentials, as the registration answered them.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
}

/// The demo as a registered app. Each worker registers once, when somebody first tries the demo, and keeps the answer as
/// long as the server runs: a secret is shown only once.
#[derive(Debug, Default)]
pub struct DemoApp(Mutex<Option<Credentials>>);

impl DemoApp {
    /// The credentials; the app is registered where that is still to do.
    pub(super) async fn credentials(&self, auth: &Auth) -> Result<Credentials, Error> {
        let stored = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(stored) = stored
            && is_registered(auth, &stored.client_id).await?
        {
            return Ok(stored);
        }
        let mut registration = Registration::default();
        registration.name = Some(steps::NAME.to_owned());
        registration.redirect_uris = vec![steps::redirect_uri(&auth.config().base_url)];
        registration.scopes = Some(steps::SCOPE.to_owned());
        registration.website = Some(auth.config().base_url.join("/"));
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

/// Whether no admin has removed the demo's app meanwhile.
async fn is_registered(auth: &Auth, client_id: &str) -> Result<bool, Error> {
    let mut request = AuthorizationRequest::default();
    request.client_id = Some(client_id.to_owned());
    request.redirect_uri = Some(steps::redirect_uri(&auth.config().base_url));
    request.response_type = Some("code".to_owned());
    match authorize::begin(auth, &request, None, Interaction::AsNeeded).await {
        Ok(_) => Ok(true),
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidClient => Ok(false),
        Err(error) => Err(error),
    }
}
