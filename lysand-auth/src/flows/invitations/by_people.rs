//! Who may invite others, and whose invitations they see and end (people PPL-19, PPL-85, PPL-86).

use std::time::Duration;

use super::making::{NewInvitation, ended, make};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::{Invitations, Mode};
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId, Role};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::{FormError, FormErrors};
use crate::model::list_page::{ListPage, ListSpan, RowSpan};
use crate::model::rate_limit::Rule;
use crate::model::sign_up::{Invitation, Road};
use crate::steps::{admission, events, throttle};
use crate::store::{self, invitations};
use crate::texts;

/// How often an invitation of somebody who is not staff can be used at most.
const MOST_USES: i64 = 100;
/// How long it lives at most.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Whether somebody may invite others at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MayInvite {
    /// Within no bounds but those of every invitation.
    AsStaff,
    /// Within the bounds of people.
    AsPerson,
    /// Once the account is old enough.
    From(Timestamp),
    /// Not at all.
    No,
}

/// Whether this account may invite others.
#[must_use]
pub fn may_invite(auth: &Auth, account: &Account) -> MayInvite {
    let signups = auth.signups();
    if admission::mode(auth, Road::Page) == Mode::Closed {
        return MayInvite::No;
    }
    let old_enough = account.created_at.map(|made| made.plus(signups.inviter_age));
    match signups.invitations {
        Invitations::Off => MayInvite::No,
        _ if account.role >= Role::Moderator => MayInvite::AsStaff,
        Invitations::Staff => MayInvite::No,
        Invitations::People => match old_enough {
            Some(from) if from > auth.ambient().now() => MayInvite::From(from),
            _ => MayInvite::AsPerson,
        },
    }
}

/// Demands that there are invitations here.
///
/// # Errors
/// 404 where nobody invites anybody.
pub fn require(auth: &Auth) -> Result<(), Error> {
    let is_off = auth.signups().invitations == Invitations::Off;
    match is_off || admission::mode(auth, Road::Page) == Mode::Closed {
        true => Err(Error::refused(Code::NotFound, "Record not found")),
        false => Ok(()),
    }
}

/// Makes an invitation of a person, within the bounds of people unless it is staff's (people PPL-86).
///
/// # Errors
/// The fields that are wrong; 403 for whoever may not; 409 when as many as one may have are open; 429 beyond the limit.
pub async fn create_by(
    auth: &Auth,
    maker: &Account,
    new: NewInvitation,
    caller: &Caller,
) -> Result<Result<Invitation, FormErrors>, Error> {
    let mut new = NewInvitation { maker: Some(maker.clone()), ..new };
    let as_person = match may_invite(auth, maker) {
        MayInvite::AsStaff => false,
        MayInvite::AsPerson => true,
        MayInvite::From(_) | MayInvite::No => return Err(not_allowed()),
    };
    let mut errors = new.problems();
    if as_person {
        new.skips_review = false;
        let mut refuse = |field| {
            if !errors.iter().any(|error| error.field == field) {
                errors.push(FormError::invalid(field));
            }
        };
        if new.max_uses.is_none_or(|uses| uses > MOST_USES) {
            refuse("max_uses");
        }
        if new.expires_in.is_none_or(|lifetime| lifetime > LONGEST) {
            refuse("expires_in");
        }
    }
    if !errors.is_empty() {
        return Ok(Err(FormErrors(errors)));
    }
    throttle::count_act(auth, Rule::Invitations, &maker.id, caller).await?;
    let most_open = as_person.then_some(auth.signups().max_open_invitations);
    make(auth, new, most_open, caller).await.map(Ok)
}

/// The invitations of one account.
///
/// # Errors
/// When the database does not answer.
pub async fn of_person(auth: &Auth, maker: &Account, span: ListSpan) -> Result<ListPage<Invitation>, Error> {
    listed(auth, Some(maker.id.clone()), span).await
}

/// The invitations of all, or those that one account made, for staff.
///
/// # Errors
/// 403 for others; when the database does not answer.
pub async fn of_all(
    auth: &Auth,
    staff: &Account,
    maker: Option<AccountId>,
    span: ListSpan,
) -> Result<ListPage<Invitation>, Error> {
    require_staff(staff)?;
    listed(auth, maker, span).await
}

async fn listed(auth: &Auth, maker: Option<AccountId>, span: ListSpan) -> Result<ListPage<Invitation>, Error> {
    let rows = RowSpan::from(span);
    let wanted = rows.clone();
    let found =
        auth.store().read(move |c| Box::pin(async move { invitations::some(c, maker.as_ref(), &wanted).await }));
    Ok(rows.page(found.await?))
}

/// Ends an invitation of one's own, by its id.
///
/// # Errors
/// 404 when there is none, it is somebody else's, or it has ended before.
pub async fn end_own(auth: &Auth, maker: &Account, id: &str, caller: &Caller) -> Result<Invitation, Error> {
    ended(auth, id, Some(maker.id.clone()), Actor::Account(maker.id.clone()), caller).await
}

/// Ends an invitation of anybody's, for admins; moderators end their own.
///
/// # Errors
/// 403 for others; 404 when there is none, or it has ended before.
pub async fn end_any(auth: &Auth, staff: &Account, id: &str, caller: &Caller) -> Result<Invitation, Error> {
    require_staff(staff)?;
    let by = Actor::Account(staff.id.clone());
    if staff.role == Role::Admin {
        return ended(auth, id, None, by, caller).await;
    }
    let wanted = id.to_owned();
    let known = auth.store().look_up(move |c| Box::pin(async move { invitations::by_id(c, &wanted).await })).await?;
    match known {
        Some(known) if known.maker.as_ref() != Some(&staff.id) => Err(not_allowed()),
        _ => ended(auth, id, Some(staff.id.clone()), by, caller).await,
    }
}

/// Whether this member of the staff may end what that account made: admins those of everybody, moderators their own
/// (people PPL-19).
#[must_use]
pub fn may_end(staff: &Account, maker: Option<&AccountId>) -> bool {
    staff.role == Role::Admin || maker == Some(&staff.id)
}

/// Ends all invitations of an account at once; how many there were (people PPL-87). Who has signed up with them stays.
///
/// # Errors
/// 403 for whoever may not; 404 for an account that is not there.
pub async fn end_all(auth: &Auth, staff: &Account, maker: &AccountId, caller: &Caller) -> Result<usize, Error> {
    require_staff(staff)?;
    if !may_end(staff, Some(maker)) {
        return Err(not_allowed());
    }
    let found = auth.account(maker).await?;
    let account = found.ok_or_else(|| Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND))?;
    let event = events::event(auth, EventKind::InvitationEnded, caller).by(Actor::Account(staff.id.clone()));
    let event = event.about(&account.id, &account.username);
    let now = auth.ambient().now();
    let ended = auth.store().write(move |c| {
        Box::pin(async move {
            let ended = invitations::end_all(c, &account.id, now).await?;
            if ended > 0 {
                store::events::add(c, event.with("count", ended)).await?;
            }
            Ok(ended)
        })
    });
    ended.await
}

/// Demands that staff asks.
///
/// # Errors
/// 403 for others.
pub fn require_staff(account: &Account) -> Result<(), Error> {
    if account.role >= Role::Moderator { Ok(()) } else { Err(not_allowed()) }
}

fn not_allowed() -> Error {
    Error::refused(Code::SignUpRefused, texts::ACTION_NOT_ALLOWED)
}
