//! Somebody goes on with another account that is signed in to with their browser: a new session with all that is known of the old one
//! takes its place (FAC-123).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::event::NewEvent;
use crate::model::session::{Session, SessionId};
use crate::secret::Secret;
use crate::steps::session;
use crate::store::{self, app_sessions, authorizations, credentials, device_codes, sessions};

/// Puts a copy in the place of a session, with its proofs, times and end; the copy and its cookie. `None` when it was ended meanwhile:
/// such a session does not come back (security REV-2).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn succeed(
    auth: &Auth,
    account: &Account,
    old: &Session,
    event: NewEvent,
) -> Result<Option<(Session, Secret)>, Error> {
    let known = session::credentials_of(auth, &account.id).await?;
    let copy = Session { id: SessionId::new(auth.ambient().id()), ..old.clone() };
    let cookie = auth.keys().sign_session(&copy, &auth.config().base_url, auth.ambient()).map_err(Error::failed)?;
    let (new, old, now) = (copy.clone(), old.id.clone(), auth.ambient().now());
    let made = auth.store().write(move |c| {
        Box::pin(async move {
            // Whoever ends everything of the account waits, or was first.
            if !credentials::lock_unchanged(c, &new.account_id, known).await? {
                return Ok(false);
            }
            // Of two tabs one makes the copy.
            if !sessions::give_way(c, &new.account_id, &old, now).await? {
                return Ok(false);
            }
            sessions::insert(c, &new).await?;
            // For apps it is the same session: none is told of an end (FAC-147).
            app_sessions::follow(c, &old, &new.id).await?;
            authorizations::move_pending(c, &old, &new.id, &new.account_id).await?;
            device_codes::follow(c, &old, &new.id, &new.account_id).await?;
            store::events::add(c, event).await?;
            Ok(true)
        })
    });
    Ok(made.await?.then_some((copy, cookie)))
}
