//! Somebody proved who they are, by whatever means: a session begins, and the app's request with it.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::authorization::CheckedRequest;
use crate::model::session::{Session, SessionId};
use crate::model::throttle::FailedAttempts;
use crate::secret::Secret;
use crate::store::{authorizations, sessions, throttles};

/// Somebody signed in, and the app's request waits for consent; or not even that.
#[derive(Debug)]
pub struct SignedIn {
    /// The `jwt` cookie.
    pub cookie: Secret,
    /// The app that asked.
    pub app: App,
    /// What it asked for.
    pub request: CheckedRequest,
    /// The pending code, worthless until consent (security AS-1); an approved one when nobody is asked about the app.
    pub code: Secret,
}

/// Begins a session for `account` and the authorization that `app` asks for. The session that this browser had ends
/// (`replaces`, security WEB-1), and `guesses` that came to nothing are forgotten.
pub(crate) async fn begin(
    auth: &Auth,
    account: &Account,
    (app, checked): (App, CheckedRequest),
    replaces: Option<SessionId>,
    attempts: Option<FailedAttempts>,
) -> Result<SignedIn, Error> {
    let (now, lifetimes) = (auth.ambient().now(), &auth.config().lifetimes);
    let session = Session::begin(auth.ambient().id(), account.id.clone(), lifetimes, now);
    let cookie = auth.keys().sign_session(&session, &auth.config().base_url, auth.ambient()).map_err(Error::failed)?;
    let code = Secret::generate(auth.ambient());
    let digest = code.digest();
    let authorization = checked.clone().begin(&app, &session, lifetimes, now);
    tracing::info!(account = %account.id, app = %app.id, session = %session.id, "signed in");
    let begun = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(attempts) = attempts {
                throttles::uncount_attempt(c, attempts).await?;
            }
            if let Some(old) = replaces {
                sessions::end(c, &old, now).await?;
            }
            sessions::insert(c, &session).await?;
            authorizations::insert(c, digest, &authorization, now).await
        })
    });
    begun.await?;
    Ok(SignedIn { cookie, app, request: checked, code })
}
