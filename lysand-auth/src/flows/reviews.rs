//! Requests to join that staff decides.

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{Along, Change};
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId, Standing};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
pub use crate::model::sign_up::SignUpRecord;
use crate::steps::confirmation::{self, Proof};
use crate::steps::events;
use crate::steps::mail::{self, Outgoing};
use crate::steps::removal::{self, Removal};
use crate::store::{self, sign_ups};
use crate::texts;

/// The longest word of staff to somebody whose request is declined, in characters.
const LONGEST_MESSAGE: usize = 1_000;
/// How many requests a list shows.
const MOST_LISTED: i64 = 1_000;

/// A request to join.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The account that waits.
    pub account: Account,
    /// How it came to be.
    pub sign_up: SignUpRecord,
}

/// Who waits for staff, the oldest first. With `unconfirmed`, those whose address is not confirmed yet, too.
///
/// # Errors
/// When host or database do not answer.
pub async fn list(auth: &Auth, unconfirmed: bool) -> Result<Vec<Request>, Error> {
    let end = Timestamp::from_micros(i64::MAX);
    let open = auth.store().read(move |c| Box::pin(sign_ups::open(c, end, (i64::MIN, String::new()), MOST_LISTED)));
    let mut requests = Vec::new();
    for sign_up in open.await?.into_iter().filter(|record| record.needs_review) {
        if sign_up.confirmed_at.is_none() && !unconfirmed {
            continue;
        }
        if let Some(account) = auth.account(&sign_up.account).await? {
            requests.push(Request { account, sign_up });
        }
    }
    requests.sort_by_key(|request| request.sign_up.created_at);
    Ok(requests)
}

/// Approves a request, also before its address is confirmed.
///
/// # Errors
/// `Conflict` when it was decided already.
pub async fn approve(auth: &Auth, account: &AccountId, by: Actor, caller: &Caller) -> Result<(), Error> {
    let account = pending(auth, account).await?;
    let now = auth.ambient().now();
    let is_confirmed = account.email.as_ref().is_none_or(|email| email.confirmed);
    let notice = is_confirmed.then(|| Outgoing::to_account(auth, &account, Mail::Approved)).flatten();
    let event = events::event(auth, EventKind::Approved, caller).by(by).about(&account.id, &account.username);
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            let is_first = sign_ups::approve_early(c, &id).await? || sign_ups::decide(c, &id, now).await?;
            if !is_first {
                return Err(decided());
            }
            mail::enqueue_notice(c, notice).await?;
            store::events::add(c, event).await
        })
    });
    if let Err(error) = auth.accounts().change_along(&account.id, Change::Standing(Standing::Active), along).await {
        // Whoever declined at the same moment has removed the account.
        return match auth.account(&account.id).await? {
            None => Err(decided()),
            Some(_) => Err(error.into()),
        };
    }
    mail::wake(auth);
    tracing::info!(account = %account.id, "request to join approved");
    Ok(())
}

/// Declines a request: its account goes, and name and address are free.
///
/// # Errors
/// `Conflict` when it was decided already; `Validation` for a message that is too long.
pub async fn reject(
    auth: &Auth,
    account: &AccountId,
    message: Option<&str>,
    by: Actor,
    caller: &Caller,
) -> Result<(), Error> {
    let message = message.map(str::trim).filter(|message| !message.is_empty());
    if message.is_some_and(|message| message.chars().count() > LONGEST_MESSAGE) {
        return Err(Error::refused(Code::Validation, "The message must be at most 1000 characters long."));
    }
    let account = pending(auth, account).await?;
    let event = events::event(auth, EventKind::Rejected, caller).by(by);
    let event = match message {
        Some(message) => event.with("text", message),
        None => event,
    };
    match removal::remove(auth, &account, Removal::Rejected(message.map(str::to_owned)), event).await? {
        true => Ok(()),
        false => Err(decided()),
    }
}

/// Takes the address of an account for confirmed on the word of staff; the account is opened as by the link of a mail.
///
/// # Errors
/// `NotFound` without such an account; `Conflict` when its address is confirmed, or belongs to another account by now.
pub async fn confirm(auth: &Auth, account: &AccountId, by: Actor, caller: &Caller) -> Result<(), Error> {
    let account = auth.account(account).await?.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
    if account.email.as_ref().is_none_or(|email| email.confirmed) {
        return Err(Error::refused(Code::Conflict, "This address is confirmed already"));
    }
    confirmation::confirm(auth, &account, Proof::Staff(by), caller).await.map(|_| ())
}

/// The account, while staff has still to decide.
async fn pending(auth: &Auth, id: &AccountId) -> Result<Account, Error> {
    let account = auth.account(id).await?.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
    match account.standing {
        Standing::Pending => Ok(account),
        _ => Err(decided()),
    }
}

fn decided() -> Error {
    Error::refused(Code::Conflict, texts::DECIDED_ALREADY)
}
