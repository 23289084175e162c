//! What the people who run a server do to accounts.

use crate::auth::Auth;
use crate::error::Error;
use crate::host::accounts::{AccountsError, Along, Change};
pub use crate::model::account::Standing;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::steps::events;
use crate::store;
use crate::store::{authorizations, credentials, sessions};

/// Lets an account act, or stops it. What it may do no more ends at once: its browser sessions and the codes that wait in them;
/// its apps keep their tokens, which open nothing until it may act again.
///
/// # Errors
/// When the host refuses, as for the last admin; when host or database do not answer.
pub async fn set_standing(
    auth: &Auth,
    account: &Account,
    standing: Standing,
    by: Actor,
    caller: &Caller,
) -> Result<(), AccountsError> {
    let event = events::event(auth, kind(account, standing), caller).by(by).about(&account.id, &account.username);
    let (now, stops) = (auth.ambient().now(), standing != Standing::Active);
    let along = Along::new({
        let event = event.clone();
        move |c, id| {
            let id = id.clone();
            Box::pin(async move {
                if stops {
                    // A sign-in whose proof was right a moment ago begins no session either (security REV-2).
                    credentials::advance(c, &id).await?;
                    sessions::end_all(c, &id, now).await?;
                    authorizations::revoke_all_of_account(c, &id, now).await?;
                }
                store::events::add(c, event).await
            })
        }
    });
    match auth.accounts().change_along(&account.id, Change::Standing(standing), along).await {
        Err(AccountsError::NotOffered) => {}
        done => {
            done?;
            tracing::info!(account = %account.id, "standing changed");
            return Ok(());
        }
    }
    auth.accounts().set_standing(&account.id, standing).await?;
    let kept = end(auth, account.id.clone(), stops, event).await;
    kept.map_err(|error| AccountsError::Failed(Box::new(error)))
}

/// The same for a host whose accounts are elsewhere.
async fn end(auth: &Auth, id: AccountId, stops: bool, event: NewEvent) -> Result<(), Error> {
    let now = auth.ambient().now();
    let ended = auth.store().write(move |c| {
        Box::pin(async move {
            if stops {
                credentials::advance(c, &id).await?;
                sessions::end_all(c, &id, now).await?;
                authorizations::revoke_all_of_account(c, &id, now).await?;
            }
            store::events::add(c, event).await
        })
    });
    ended.await
}

fn kind(account: &Account, standing: Standing) -> EventKind {
    match (standing, account.standing) {
        (Standing::Suspended, _) => EventKind::Suspended,
        (Standing::Active, Standing::Suspended) => EventKind::Unsuspended,
        (Standing::Active, _) => EventKind::Enabled,
        _ => EventKind::Disabled,
    }
}
