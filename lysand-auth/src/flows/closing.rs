//! Closing the own account, coming back, and the removal of an account (people PPL-121 to PPL-123).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountQuery, AccountsError, Role, Standing};
use crate::host::mailer::Mail;
use crate::host::offers::Offered;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::FormError;
use crate::model::session::Session;
use crate::secret::Secret;
use crate::steps::ending::{self, Spared};
use crate::steps::erasure::{self, When};
use crate::steps::mail::{self, Outgoing};
pub use crate::steps::owner::Owner;
use crate::steps::{events, revocation};
use crate::store::{self, Conn, credentials, known_browsers, mails};
use crate::texts;

/// How many admins are looked at to find one who stays.
const MOST_ADMINS: usize = 100;
/// How long after a sign-in the pages say what it did to the closing.
const TOLD_FOR: Duration = Duration::from_secs(15 * 60);

/// Why the account stays open.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClosingError {
    /// What is wrong with the name that was typed.
    Field(FormError),
    /// Everything else: `WrongPassword`, `ProofRequired`, the last admin, a limit.
    Refused(Error),
}

impl From<Error> for ClosingError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Demands that accounts can be closed here.
///
/// # Errors
/// 404 where the host removes none.
pub async fn require(auth: &Auth) -> Result<(), Error> {
    match auth.offers(Offered::Delete).await {
        true => Ok(()),
        false => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

/// When the account goes that is closed now.
#[must_use]
pub fn end_of_grace(auth: &Auth) -> Timestamp {
    auth.ambient().now().plus(auth.config().closing.grace)
}

/// Closes the own account: everything that was signed in is signed out, and after a while the account goes, unless its owner signs
/// in. Answers when. With no grace it goes at once.
///
/// # Errors
/// A name that is not the account's; `WrongPassword` and `ProofRequired`; 409 for the last admin; 404 where the host removes no
/// accounts.
pub async fn close(
    auth: &Auth,
    owner: &Owner,
    username: &str,
    password: Option<&Secret>,
    caller: &Caller,
) -> Result<Timestamp, ClosingError> {
    require(auth).await?;
    let (account, now) = (&owner.account, auth.ambient().now());
    let typed = username.trim().trim_start_matches('@');
    if typed.is_empty() {
        return Err(ClosingError::Field(FormError::blank("username")));
    }
    if !typed.eq_ignore_ascii_case(&account.username) {
        return Err(ClosingError::Field(FormError::new("username", "ERR_INVALID", texts::NOT_YOUR_NAME)));
    }
    owner.prove(auth, password).await?;
    let others = other_admins(auth, account).await?;
    let at = end_of_grace(auth);
    let event = events::event(auth, EventKind::Closing, caller).by(Actor::Account(account.id.clone()));
    let event = event.about(&account.id, &account.username);
    let has_grace = !auth.config().closing.grace.is_zero();
    let notice = Outgoing::to_confirmed(auth, account, Mail::Closing { at }).filter(|_| has_grace);
    let (acts_in, id, over) = (owner.acts_in(), account.id.clone(), Revoked::Account(account.id.clone()));
    let closed = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                credentials::advance(c, &id).await?;
                acts_in.require_live(c, now).await?;
                refuse_last_admin(c, others).await?;
                ending::end_rest(c, &id, &Spared::default(), now).await?;
                ending::end_mailed_links(c, &id, now).await?;
                known_browsers::forget_account(c, &id).await?;
                credentials::close(c, &id, at).await?;
                mail::enqueue_notice(c, notice).await?;
                store::events::add(c, event).await
            })
        },
        |()| Some(over),
    );
    closed.await?;
    tracing::info!(account = %account.id, "account closed by its owner");
    mail::wake(auth);
    if !has_grace {
        // What does not work now, the clean-up does.
        let event = events::event(auth, EventKind::Deleted, &Caller::default()).by(Actor::System);
        if let Err(error) = erasure::erase(auth, account, When::Closed, event).await {
            tracing::warn!(account = %account.id, %error, "a closed account cannot be removed yet");
        }
    }
    Ok(at)
}

/// The other admins who can act, for an admin's closing; nothing where it is no admin's, or the host does not tell.
async fn other_admins(auth: &Auth, account: &Account) -> Result<Option<Vec<AccountId>>, Error> {
    if account.role != Role::Admin {
        return Ok(None);
    }
    let wanted = AccountQuery::new().with_role(Role::Admin).with_standing(Standing::Active).with_limit(MOST_ADMINS);
    let admins = match auth.accounts().search(&wanted).await {
        Ok(page) => page.items,
        Err(AccountsError::NotOffered) => match auth.accounts().list().await {
            Ok(all) => all.into_iter().filter(|account| account.role == Role::Admin).collect(),
            // The host refuses when the time comes.
            Err(AccountsError::NotOffered) => return Ok(None),
            Err(error) => return Err(error.into()),
        },
        Err(error) => return Err(error.into()),
    };
    let others = admins.into_iter().filter(|admin| admin.id != account.id && admin.inactive_reason().is_none());
    Ok(Some(others.map(|admin| admin.id).collect()))
}

/// Of two admins who close their accounts in the same moment one stays (people PPL-22, PPL-226).
async fn refuse_last_admin(c: &mut Conn, others: Option<Vec<AccountId>>) -> Result<(), Error> {
    let Some(others) = others else { return Ok(()) };
    mails::lock_address(c, "closings of admins").await?;
    let closed = credentials::count_closed(c, &others).await?;
    match i64::try_from(others.len()).unwrap_or(i64::MAX) > closed {
        true => Ok(()),
        false => Err(Error::refused(Code::Conflict, texts::LAST_ADMIN)),
    }
}

/// Removes an account at once, with all that is kept of it: staff say so.
///
/// # Errors
/// What the host refuses, as the last admin; when host or database do not answer.
pub async fn remove(auth: &Auth, account: &Account, by: Actor, caller: &Caller) -> Result<(), AccountsError> {
    let event = events::event(auth, EventKind::Deleted, caller).by(by);
    erasure::erase(auth, account, When::Now, event).await.map(drop)
}

/// Whether the sign-in that began this session a moment ago took the closing of the account back, which the next page tells.
///
/// # Errors
/// When the database does not answer.
pub async fn was_cancelled_by(auth: &Auth, session: &Session) -> Result<bool, Error> {
    let at = session.authenticated_at;
    if auth.ambient().now().since(at) > TOLD_FOR {
        return Ok(false);
    }
    let account = session.account_id.clone();
    let event = EventKind::ClosingCancelled.name();
    auth.store().look_up(move |c| Box::pin(async move { store::events::happened(c, &account, event, at).await })).await
}
