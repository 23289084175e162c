//! Mails as staff sees them (people PPL-148). They have addresses, so each look is recorded as one at accounts is (PPL-15).

use super::rights::require_staff;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::{MailRecord, MailState};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent, Target};
use crate::model::list_page::{ListPage, ListSpan, RowSpan};
use crate::steps::events;
use crate::store::{events as event_rows, mails};
use crate::texts;

/// A page of the outbox, the newest first; the mails in one state, if one is given.
///
/// # Errors
/// 403 for who is not staff; when the database does not answer.
pub async fn mails(
    auth: &Auth,
    staff: &Account,
    state: Option<MailState>,
    span: ListSpan,
    caller: &Caller,
) -> Result<ListPage<MailRecord>, Error> {
    require_staff(staff)?;
    let rows = RowSpan::from(span);
    let wanted = rows.clone();
    let found = auth.store().read(move |c| Box::pin(async move { mails::some(c, state, &wanted).await }));
    let page = rows.page(found.await?);
    if !page.items.is_empty() {
        let seen = seen(auth, staff, caller).with("mails", page.items.len());
        auth.store().write_one(move |c| Box::pin(event_rows::add(c, seen))).await?;
    }
    Ok(page)
}

/// One mail, as staff opens it.
///
/// # Errors
/// 403 for who is not staff; 404; when the database does not answer.
pub async fn see_mail(auth: &Auth, staff: &Account, id: &str, caller: &Caller) -> Result<MailRecord, Error> {
    require_staff(staff)?;
    let not_found = || Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND);
    if id.contains('\0') {
        return Err(not_found());
    }
    let wanted = id.to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { mails::by_id(c, &wanted).await })).await?;
    let found = found.ok_or_else(not_found)?;
    let seen = seen(auth, staff, caller).of(Target::Other("mail", found.id.clone()));
    auth.store().write_one(move |c| Box::pin(event_rows::add(c, seen))).await?;
    Ok(found)
}

fn seen(auth: &Auth, staff: &Account, caller: &Caller) -> NewEvent {
    events::event(auth, EventKind::AccountSeen, caller).by(Actor::Account(staff.id.clone()))
}
