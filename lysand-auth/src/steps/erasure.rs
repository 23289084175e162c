//! An account goes for good, with all that is kept of it (people PPL-123).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountsError, Along, Change};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::event::NewEvent;
use crate::steps::ending::{self, Spared};
use crate::steps::mail::{self, Outgoing};
use crate::steps::revocation;
use crate::store::{self, Conn, credentials, erasure};
use crate::texts;

/// When an account goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Its owner closed it, and did not come back in time.
    Closed,
    /// At once, whoever says so.
    Now,
}

/// Removes an account, and tells its owner; false when its owner came back in the same moment, and it stays.
///
/// # Errors
/// What the host refuses, as the last admin; when host or database do not answer.
pub(crate) async fn erase(auth: &Auth, account: &Account, when: When, event: NewEvent) -> Result<bool, AccountsError> {
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let over = Revoked::Account(id.clone());
    let going = Going { when, notice: notice(auth, account), event: event.about(&id, ""), now };
    let stays = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stays);
    let (in_one, all) = (going.clone(), going);
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            if !in_one.begin(c, &id).await? {
                told.store(true, Ordering::Release);
                return Err(Error::refused(Code::Conflict, texts::DECIDED_ALREADY));
            }
            in_one.finish(c, &id).await
        })
    });
    let erased = match auth.accounts().change_along(&id, Change::Delete, along).await {
        Err(_) if stays.load(Ordering::Acquire) => return Ok(false),
        Err(AccountsError::NotOffered) => elsewhere(auth, &id, all).await?,
        erased => erased.map(|()| true)?,
    };
    if erased {
        tracing::info!(account = %id, "the account is removed");
        mail::wake(auth);
        revocation::notify(auth, &over).await;
    }
    Ok(erased)
}

/// Forgets an account that the host does not know any more.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn forget(auth: &Auth, id: AccountId) -> Result<(), Error> {
    let now = auth.ambient().now();
    let forgotten = auth.store().write(move |c| {
        Box::pin(async move {
            ending::end_everything(c, &id, &Spared::default(), now).await?;
            erasure::erase(c, &id).await
        })
    });
    forgotten.await
}

fn notice(auth: &Auth, account: &Account) -> Option<Outgoing> {
    // The row of this mail is no row of the account, which loses all of its.
    let email = account.email.as_ref().filter(|email| email.confirmed)?;
    let notice = Outgoing::to_address(auth, email.address.clone(), Mail::Deleted);
    Some(notice.with_language(account.language.clone()).with_username(account.username.clone()))
}

/// An account that goes.
#[derive(Clone)]
struct Going {
    when: When,
    notice: Option<Outgoing>,
    event: NewEvent,
    now: Timestamp,
}

impl Going {
    /// From here on nobody signs in, or comes back; false when the owner did.
    async fn begin(&self, c: &mut Conn, id: &AccountId) -> Result<bool, Error> {
        match self.when {
            When::Closed if !credentials::take_closed(c, id, self.now).await? => return Ok(false),
            When::Closed => {}
            When::Now => {
                credentials::advance(c, id).await?;
                credentials::close(c, id, Timestamp::from_micros(0)).await?;
            }
        }
        ending::end_rest(c, id, &Spared::default(), self.now).await?;
        Ok(true)
    }

    async fn finish(self, c: &mut Conn, id: &AccountId) -> Result<(), Error> {
        erasure::erase(c, id).await?;
        mail::enqueue_notice(c, self.notice).await?;
        store::events::add(c, self.event).await
    }
}

/// The same for a host whose accounts are elsewhere: what began is finished by the next clean-up if it is interrupted.
async fn elsewhere(auth: &Auth, id: &AccountId, going: Going) -> Result<bool, AccountsError> {
    let failed = |error: Error| AccountsError::Failed(Box::new(error));
    let (begun, account) = (going.clone(), id.clone());
    let begins = auth.store().write(move |c| Box::pin(async move { begun.begin(c, &account).await }));
    if !begins.await.map_err(failed)? {
        return Ok(false);
    }
    let deleted = auth.accounts().delete(id).await;
    let account = id.clone();
    if let Err(refused) = deleted {
        if !matches!(refused, AccountsError::Failed(_)) && auth.account(id).await.map_err(failed)?.is_some() {
            // The host keeps it, so its owner must be able to sign in.
            let kept =
                auth.store().write(move |c| Box::pin(async move { credentials::keep_closed(c, &account).await }));
            kept.await.map_err(failed)?;
        }
        return Err(refused);
    }
    let finishes = auth.store().write(move |c| Box::pin(async move { going.finish(c, &account).await }));
    finishes.await.map_err(failed)?;
    Ok(true)
}
