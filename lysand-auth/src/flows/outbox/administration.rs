//! What whoever administers the server sees of the outbox, and does to it (people PPL-148, PPL-176). Who may is asked before.

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::rules;
use crate::host::mailer::{Mail, MailRecord};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent, Target};
use crate::model::form_error::{FormError, FormErrors};
use crate::model::language::Language;
use crate::model::list_page::RowSpan;
use crate::model::mail::MailState;
use crate::steps::events::event;
use crate::steps::mail::{self, Outgoing};
use crate::store::{events, mails};
use crate::texts;

/// How often is looked whether a mail was sent.
const LOOK: Duration = Duration::from_millis(100);
/// Why a mail is cancelled that somebody took out of the outbox.
const TAKEN_OUT: &str = "cancelled by the people who run this server";

/// Puts a test mail into the outbox; its key there (PPL-176).
///
/// # Errors
/// What is wrong with the field `to`; when the database does not answer.
pub async fn post_test(
    auth: &Auth,
    address: &str,
    language: Option<Language>,
    by: Actor,
    caller: &Caller,
) -> Result<Result<String, FormErrors>, Error> {
    if address.trim().is_empty() {
        return Ok(Err(FormErrors::from(FormError::blank("to"))));
    }
    let Ok(address) = rules::email(address) else {
        return Ok(Err(FormErrors::from(FormError::invalid("to"))));
    };
    let mail = Outgoing::to_address(auth, address, Mail::Test).with_language(language);
    let id = mail.id().to_owned();
    let tested = event(auth, EventKind::MailTested, caller).by(by).of(Target::Other("mail", id.clone()));
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            mail::enqueue(c, mail).await?;
            events::add(c, tested).await
        })
    });
    kept.await?;
    mail::wake(auth);
    Ok(Ok(id))
}

/// What became of a mail once it was tried, or how it stands when the patience is over. Somebody else sends it meanwhile.
///
/// # Errors
/// 404 when there is no such mail; when the database does not answer.
pub async fn outcome(auth: &Auth, id: &str, patience: Duration) -> Result<MailRecord, Error> {
    let tried = async {
        loop {
            let mail = get(auth, id).await?.ok_or_else(not_found)?;
            if mail.state != MailState::Sending && (mail.state != MailState::Waiting || mail.tries > 0) {
                return Ok(mail);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(patience, tried).await {
        Ok(mail) => mail,
        Err(_) => get(auth, id).await?.ok_or_else(not_found),
    }
}

/// A mail of the outbox by its key.
///
/// # Errors
/// When the database does not answer.
pub async fn get(auth: &Auth, id: &str) -> Result<Option<MailRecord>, Error> {
    if id.contains('\0') {
        // PostgreSQL would call it an error.
        return Ok(None);
    }
    let id = id.to_owned();
    auth.store().look_up(move |c| Box::pin(async move { mails::by_id(c, &id).await })).await
}

/// Mails of the outbox, the newest first, those before `before` if it is given.
///
/// # Errors
/// When the database does not answer.
pub async fn list(auth: &Auth, before: Option<&str>, most: u32) -> Result<Vec<MailRecord>, Error> {
    let before = before.map(str::to_owned);
    let span = RowSpan { after: String::new(), before, oldest_first: false, most: i64::from(most) };
    auth.store().read(move |c| Box::pin(async move { mails::some(c, None, &span).await })).await
}

/// Lets a mail that waits or was given up be tried at once.
///
/// # Errors
/// 404 when there is no such mail, 409 when it was sent or cancelled.
pub async fn retry(auth: &Auth, id: &str, by: Actor, caller: &Caller) -> Result<(), Error> {
    change(auth, id, event(auth, EventKind::MailRetried, caller).by(by), false).await?;
    mail::wake(auth);
    Ok(())
}

/// Takes a mail that waits or was given up out of the outbox: it is not sent, and is listed as cancelled.
///
/// # Errors
/// As [`retry`].
pub async fn cancel(auth: &Auth, id: &str, by: Actor, caller: &Caller) -> Result<(), Error> {
    change(auth, id, event(auth, EventKind::MailCancelled, caller).by(by), true).await
}

async fn change(auth: &Auth, id: &str, event: NewEvent, cancels: bool) -> Result<(), Error> {
    if get(auth, id).await?.is_none() {
        return Err(not_found());
    }
    let (key, now) = (id.to_owned(), auth.ambient().now());
    let event = event.of(Target::Other("mail", id.to_owned()));
    let done = auth.store().write(move |c| {
        Box::pin(async move {
            let is_done = match cancels {
                true => mails::cancel(c, &key, TAKEN_OUT, now).await?,
                false => mails::retry(c, &key, now).await?,
            };
            if is_done {
                events::add(c, event).await?;
            }
            Ok(is_done)
        })
    });
    match done.await? {
        true => Ok(()),
        false => Err(Error::refused(Code::Conflict, texts::MAIL_OVER)),
    }
}

fn not_found() -> Error {
    Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND)
}
