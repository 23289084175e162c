//! The new address is confirmed by link or code, or the former one stops the change (people PPL-101, PPL-102).

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::links::{AddressLink, AddressQuestion, find, link};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::rules::email_key;
use crate::host::accounts::{AccountsError, Along, Change};
use crate::host::mailer::Mail;
use crate::model::account::{Account, Email};
use crate::model::caller::Caller;
use crate::model::email_change::EmailChange;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::form_error::FormError;
use crate::model::mail_token::{CodeCheck, Purpose};
use crate::secret::Secret;
use crate::steps::ending::{end_change_of_address, end_mailed_links};
use crate::steps::mail::{self, Outgoing, code_digest};
use crate::steps::owner::Owner;
use crate::steps::{confirmation, events, recovery};
use crate::store::mail_tokens::CodeOf;
use crate::store::{self, Conn, email_changes, mail_tokens};
use crate::texts;

/// What a link is about; `None` for one that is over. Nothing changes (security ID-14).
///
/// # Errors
/// 429 when an address tries too many links.
pub async fn look(
    auth: &Auth,
    token: &Secret,
    link: AddressLink,
    caller: &Caller,
) -> Result<Option<AddressQuestion>, Error> {
    recovery::count_link(auth, caller).await?;
    let found = find(auth, token, link).await?;
    Ok(found.map(|(_, change, account)| AddressQuestion {
        username: account.username,
        at: change.confirmed_at.unwrap_or(change.created_at),
        old: change.old,
        new: change.new,
    }))
}

/// Confirms the new address by the link of its mail.
///
/// # Errors
/// `DeadLink` for one that is over; `Conflict` when the address belongs to another account by now.
pub async fn confirm(auth: &Auth, token: &Secret, caller: &Caller) -> Result<Account, Error> {
    recovery::count_link(auth, caller).await?;
    let (token, change, account) = find(auth, token, AddressLink::Confirm).await?.ok_or_else(recovery::dead_link)?;
    confirmed(auth, &account, &change, token.id, caller).await?;
    Ok(account)
}

/// Confirms it by the code of its mail, in the session or with the token that asked for it.
///
/// # Errors
/// 404 when nothing waits here; `Conflict` as [`confirm`]; 429 when an address tries too many.
pub async fn confirm_by_code(
    auth: &Auth,
    owner: &Owner,
    code: &str,
    caller: &Caller,
) -> Result<Result<(), FormError>, Error> {
    recovery::count_link(auth, caller).await?;
    let (id, now) = (owner.account.id.clone(), auth.ambient().now());
    let found = auth.store().look_up(move |c| Box::pin(async move { email_changes::pending(c, &id).await })).await?;
    let change = found.filter(|change| change.asked_in == owner.asked_in);
    let change = change.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
    if code.trim().is_empty() {
        return Ok(Err(FormError::blank("code")));
    }
    let digest = code_digest(auth, code);
    let of =
        CodeOf { purpose: Purpose::EmailConfirm, account: owner.account.id.clone(), subject: Some(change.id.clone()) };
    let checked =
        auth.store().write(move |c| Box::pin(async move { mail_tokens::check_code(c, &of, digest, now).await }));
    let wrong = |why| Ok(Err(FormError::new("code", "ERR_INVALID", why)));
    match checked.await? {
        CodeCheck::Right(token) => match confirmed(auth, &owner.account, &change, token.id, caller).await {
            Ok(()) => Ok(Ok(())),
            Err(Error::Refused(refusal)) if refusal.code == Code::DeadLink => wrong(texts::CODE_ENDED),
            Err(error) => Err(error),
        },
        CodeCheck::Wrong => wrong(texts::WRONG_CODE),
        CodeCheck::Ended => wrong(texts::CODE_ENDED),
    }
}

/// Why a confirmation is given up within its transaction.
const SPENT: u8 = 1;
const HELD: u8 = 2;

/// All that belongs to a confirmed address, in the transaction that sets it.
#[derive(Clone)]
struct Confirmation {
    token: String,
    change: EmailChange,
    key: String,
    undo: (Option<String>, Option<crate::ambient::Timestamp>),
    notices: Vec<Outgoing>,
    event: NewEvent,
    now: crate::ambient::Timestamp,
    given_up: Arc<AtomicU8>,
}

impl Confirmation {
    async fn run(self, c: &mut Conn) -> Result<(), Error> {
        let give_up = |why| {
            self.given_up.store(why, Ordering::Release);
            Error::refused(Code::Conflict, "the address is not changed")
        };
        if !mail_tokens::spend(c, &self.token, self.now).await?
            || !email_changes::confirm(c, &self.change.id, self.undo.clone(), self.now).await?
        {
            return Err(give_up(SPENT));
        }
        // After the address itself, which waits for another change of it that is under way.
        if email_changes::is_held(c, &self.key, &self.change.account, self.now).await? {
            return Err(give_up(HELD));
        }
        end_mailed_links(c, &self.change.account, self.now).await?;
        for notice in self.notices {
            mail::enqueue(c, notice).await?;
        }
        store::events::add(c, self.event).await
    }
}

/// The mails about a changed address: one to each of both addresses; the former one's may undo it.
fn notices(auth: &Auth, account: &Account, change: &EmailChange, can_undo: bool) -> Vec<Outgoing> {
    let told = |address: &str| {
        let mail = Mail::EmailChanged { old: change.old.clone().unwrap_or_default(), new: change.new.clone() };
        let mail = Outgoing::to_address(auth, address, mail).about(account.id.clone());
        mail.with_language(account.language.clone()).with_username(&*account.username)
    };
    let mut notices = vec![told(&change.new)];
    if let Some(former) = &change.old {
        let notice = told(former);
        let undo = can_undo.then(|| link(auth, account, change, Purpose::EmailUndo));
        notices.push(match undo {
            Some(undo) => notice.with_link(undo),
            None => notice,
        });
    }
    notices
}

fn refused(given_up: &AtomicU8) -> Option<Error> {
    match given_up.load(Ordering::Acquire) {
        SPENT => Some(recovery::dead_link()),
        HELD => Some(Error::refused(Code::Conflict, texts::ADDRESS_TAKEN)),
        _ => None,
    }
}

async fn confirmed(
    auth: &Auth,
    account: &Account,
    change: &EmailChange,
    token: String,
    caller: &Caller,
) -> Result<(), Error> {
    let (now, undo_for) = (auth.ambient().now(), auth.config().password.undo_for);
    let can_undo = !change.is_final && !undo_for.is_zero();
    let old = change.old.as_ref().filter(|_| can_undo);
    let notices = notices(auth, account, change, can_undo);
    let event = events::event(auth, EventKind::EmailChanged, caller).by(Actor::Account(account.id.clone()));
    let given_up = Arc::new(AtomicU8::new(0));
    let work = Confirmation {
        token,
        key: email_key(&change.new),
        undo: (old.map(|old| email_key(old)), old.map(|_| now.plus(undo_for))),
        change: change.clone(),
        notices,
        event: event.about(&account.id, &account.username),
        now,
        given_up: Arc::clone(&given_up),
    };
    let email = Email { address: change.new.clone(), confirmed: true };
    let first = work.clone();
    let along = Along::new(move |c, _| Box::pin(async move { first.run(c).await }));
    let made = auth.accounts().change_along(&account.id, Change::Email(email.clone()), along).await;
    if let Some(error) = refused(&given_up) {
        return Err(error);
    }
    let made = match made {
        Err(AccountsError::NotOffered) => {
            // For hosts whose accounts are elsewhere: the token is spent first.
            let kept = auth.store().write(move |c| Box::pin(async move { work.run(c).await })).await;
            if let Some(error) = refused(&given_up) {
                return Err(error);
            }
            kept?;
            auth.accounts().set_email(&account.id, &email).await
        }
        made => made,
    };
    match made {
        Ok(()) => {}
        Err(AccountsError::Taken(_)) => return Err(Error::refused(Code::Conflict, texts::ADDRESS_TAKEN)),
        Err(AccountsError::NotOffered) => return Err(Error::refused(Code::NotFound, "Record not found")),
        Err(error) => return Err(error.into()),
    }
    mail::wake(auth);
    tracing::info!(account = %account.id, "address changed");
    Ok(())
}

/// The former address stops the change that waits.
///
/// # Errors
/// `DeadLink` for a link that is over.
pub async fn stop(auth: &Auth, token: &Secret, caller: &Caller) -> Result<(), Error> {
    recovery::count_link(auth, caller).await?;
    let (token, _, account) = find(auth, token, AddressLink::Stop).await?.ok_or_else(recovery::dead_link)?;
    let now = auth.ambient().now();
    let event = events::event(auth, EventKind::EmailChangeStopped, caller).by(Actor::Nobody);
    let event = event.about(&account.id, &account.username);
    let stopped = auth.store().write(move |c| {
        Box::pin(async move {
            let stopped =
                mail_tokens::spend(c, &token.id, now).await? && end_change_of_address(c, &account.id, now).await?;
            if stopped {
                store::events::add(c, event).await?;
            }
            Ok(stopped)
        })
    });
    if stopped.await? { Ok(()) } else { Err(recovery::dead_link()) }
}

/// Staff gives an account another address, from the command line (people PPL-21). Links that were mailed are over; the former
/// address is told. One that is not confirmed gets the mail that confirms it.
///
/// # Errors
/// When the address cannot be one, or belongs to another account.
pub async fn set(auth: &Auth, account: &Account, email: Email, by: Actor) -> Result<(), Error> {
    let now = auth.ambient().now();
    let changed = Mail::EmailChanged {
        old: account.email.as_ref().map(|email| email.address.clone()).unwrap_or_default(),
        new: email.address.clone(),
    };
    let told = Outgoing::to_confirmed(auth, account, changed);
    let confirm = (!email.confirmed).then(|| {
        let renamed = account.clone().with_email(email.clone());
        Outgoing::to_account(auth, &renamed, Mail::Confirm)
            .map(|mail| mail.with_link(confirmation::confirmation(auth, Some(account.id.clone()))))
    });
    let event = events::event(auth, EventKind::EmailChanged, &Caller::default()).by(by);
    let event = event.about(&account.id, &account.username);
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            end_mailed_links(c, &id, now).await?;
            mail::enqueue_notice(c, told).await?;
            mail::enqueue_notice(c, confirm.flatten()).await?;
            store::events::add(c, event).await
        })
    });
    auth.accounts().change_along(&account.id, Change::Email(email), along).await?;
    mail::wake(auth);
    Ok(())
}
