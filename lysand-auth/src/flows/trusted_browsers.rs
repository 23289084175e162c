//! What a person sees and ends of the browsers that the own account trusts (FAC-98).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
pub use crate::model::trusted_browser::TrustedBrowser;
use crate::steps::{events, session};
use crate::store::{self, trusted_browsers};

/// The browsers in which no second factor is asked for after the password, the latest first; none where nobody may trust one any
/// more.
///
/// # Errors
/// When the database does not answer.
pub async fn list(auth: &Auth, account: &Account) -> Result<Vec<TrustedBrowser>, Error> {
    let lasts = auth.config().factors.remember_for;
    if lasts.is_zero() {
        return Ok(Vec::new());
    }
    let generation = session::credentials_of(auth, &account.id).await?.generation.unwrap_or(0);
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let found = auth
        .store()
        .look_up(move |c| Box::pin(async move { trusted_browsers::of_account(c, (&id, generation), now).await }));
    let lasting = |browser: TrustedBrowser| {
        // It may have been trusted for longer than is allowed by now.
        let expires_at = browser.expires_at.min(browser.created_at.plus(lasts));
        TrustedBrowser { expires_at, ..browser }
    };
    Ok(found.await?.into_iter().map(lasting).filter(|browser| browser.expires_at > now).collect())
}

/// The account trusts one of them no more: the next sign-in there is asked for a second factor again. Sessions stay.
///
/// # Errors
/// 404 when it is unknown, forgotten already, or trusted by another account.
pub async fn forget(auth: &Auth, account: &Account, id: &str, caller: &Caller) -> Result<(), Error> {
    let nothing = || Error::refused(Code::NotFound, "Record not found");
    // What no id of ours looks like must not reach the database: it cannot take all of it.
    if id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(nothing());
    }
    let event = events::event(auth, EventKind::BrowserForgotten, caller).by(Actor::Account(account.id.clone()));
    let event = event.about(&account.id, &account.username);
    let (person, id) = (account.id.clone(), id.to_owned());
    let forgotten = auth.store().write(move |c| {
        Box::pin(async move {
            if !trusted_browsers::forget(c, &person, &id).await? {
                return Ok(false);
            }
            store::events::add(c, event).await?;
            Ok(true)
        })
    });
    if !forgotten.await? {
        return Err(nothing());
    }
    tracing::info!(account = %account.id, "a browser is trusted no more");
    Ok(())
}
