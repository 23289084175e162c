//! Making, showing and ending an invitation.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::{Code, Error};
use crate::host::accounts::rules;
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, Target};
use crate::model::form_error::{FormError, FormErrors};
use crate::model::mail_token::{Link, Purpose};
use crate::model::rate_limit::Rule;
use crate::model::sign_up::{Invitation, Road};
use crate::steps::mail::{self, Outgoing, Queued};
use crate::steps::{admission, events, throttle};
use crate::store::{self, Conn, invitations, mails, rate_limits};
use crate::texts;

/// Letters and digits that nobody takes for one another; 49 of them, so that ten are 56 bits.
const ALPHABET: &[u8; 49] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstu";
const CODE_LENGTH: usize = 10;
/// How long an invitation to one address lives.
const MAILED: Duration = Duration::from_secs(7 * 24 * 3600);
/// When somebody may come again to whose address too many mails went.
const HOUR: Duration = Duration::from_secs(3_600);
const LONGEST_COMMENT: usize = 420;
const MOST_LISTED: i64 = 1_000;

/// An invitation to be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewInvitation {
    /// Who makes it; nobody for the command line.
    pub maker: Option<Account>,
    /// How often it can be used, from 1 to 10,000; `None` as often as one likes.
    pub max_uses: Option<i64>,
    /// For how long, from five minutes to a year; `None` for ever.
    pub expires_in: Option<Duration>,
    /// What its maker notes.
    pub comment: Option<String>,
    /// Whether staff need not review whom it brings.
    pub skips_review: bool,
    /// The address that alone may use it, and that it is mailed to.
    pub email: Option<String>,
}

impl NewInvitation {
    /// An invitation for a week, for one person, that staff need not review.
    #[must_use]
    pub fn new(maker: Option<Account>) -> Self {
        let week = Duration::from_secs(7 * 24 * 3600);
        Self { maker, max_uses: Some(1), expires_in: Some(week), comment: None, skips_review: true, email: None }
    }

    pub(super) fn problems(&self) -> Vec<FormError> {
        let mut errors = Vec::new();
        if self.max_uses.is_some_and(|uses| !(1..=10_000).contains(&uses)) {
            errors.push(FormError::new("max_uses", "ERR_INVALID", "is invalid"));
        }
        let (shortest, longest) = (Duration::from_secs(300), Duration::from_secs(365 * 24 * 3600));
        if self.expires_in.is_some_and(|lifetime| !(shortest..=longest).contains(&lifetime)) {
            errors.push(FormError::new("expires_in", "ERR_INVALID", "is invalid"));
        }
        if let Some(comment) = &self.comment {
            if comment.chars().count() > LONGEST_COMMENT {
                errors.push(FormError::too_long("comment", LONGEST_COMMENT));
            }
            if comment.chars().any(|letter| letter.is_control() && letter != '\n') {
                errors.push(FormError::invalid("comment"));
            }
        }
        if self.email.as_deref().is_some_and(|email| rules::email(email).is_err()) {
            errors.push(FormError::invalid("email"));
        }
        errors
    }
}

/// Makes an invitation. One for an address is mailed, and its code is shown to nobody (people PPL-83).
///
/// # Errors
/// The fields that are wrong; when the database does not answer.
pub async fn create(auth: &Auth, new: NewInvitation, caller: &Caller) -> Result<Result<Invitation, FormErrors>, Error> {
    let errors = new.problems();
    match errors.is_empty() {
        true => make(auth, new, None, caller).await.map(Ok),
        false => Ok(Err(FormErrors(errors))),
    }
}

/// Makes an invitation that is right, unless its maker has as many open ones as one may have.
///
/// # Errors
/// 409 then; 429 when too many mails went to its address.
pub(super) async fn make(
    auth: &Auth,
    new: NewInvitation,
    most_open: Option<u32>,
    caller: &Caller,
) -> Result<Invitation, Error> {
    let now = auth.ambient().now();
    let is_mailed = new.email.is_some();
    let lifetime = if is_mailed { Some(MAILED) } else { new.expires_in };
    let invitation = Invitation {
        id: auth.ambient().id(),
        code: (!is_mailed).then(|| code(auth)),
        maker: new.maker.as_ref().map(|maker| maker.id.clone()),
        maker_name: new.maker.as_ref().map(|maker| maker.username.clone()),
        max_uses: if is_mailed { Some(1) } else { new.max_uses },
        uses: 0,
        expires_at: lifetime.map(|lifetime| now.plus(lifetime)),
        comment: new.comment.map(|comment| comment.trim().to_owned()).filter(|comment| !comment.is_empty()),
        skips_review: new.skips_review,
        email: new.email.map(|email| email.trim().to_owned()),
        created_at: now,
        ended_at: None,
    };
    let mail = invitation.email.as_ref().map(|address| {
        let inviter = new.maker.as_ref().map(|maker| maker.username.clone());
        let link = Link {
            purpose: Purpose::Invited,
            account: None,
            subject: Some(invitation.id.clone()),
            ttl: MAILED,
            has_code: false,
        };
        Outgoing::to_address(auth, address.clone(), Mail::Invited { inviter, has_account: false }).with_link(link)
    });
    let by = new.maker.map_or(Actor::Command, |maker| Actor::Account(maker.id));
    let event = events::event(auth, EventKind::InvitationMade, caller).by(by);
    let event = event.of(Target::Other("invitation", invitation.id.clone()));
    let kept = invitation.clone();
    let made = auth.store().write(move |c| {
        Box::pin(async move {
            if let (Some(most), Some(maker)) = (most_open, &kept.maker) {
                refuse_beyond(c, maker, most, now).await?;
            }
            invitations::insert(c, &kept).await?;
            if let Some(mail) = mail
                && mail::enqueue(c, mail).await? == Queued::Limited
            {
                return Err(Error::later(Code::TooManyRequests, texts::TOO_MANY_REQUESTS, HOUR));
            }
            store::events::add(c, event).await
        })
    });
    made.await?;
    mail::wake(auth);
    Ok(invitation)
}

/// Refuses one more of somebody who has as many usable ones as one may have; two at the same moment count one after the other.
async fn refuse_beyond(c: &mut Conn, maker: &AccountId, most: u32, now: Timestamp) -> Result<(), Error> {
    mails::lock_address(c, &format!("invitations of {maker}")).await?;
    match invitations::count_usable(c, maker, now).await? >= i64::from(most) {
        true => Err(Error::refused(Code::Conflict, texts::TOO_MANY_OPEN.replace("{}", &most.to_string()))),
        false => Ok(()),
    }
}

fn code(auth: &Auth) -> String {
    let mut code = String::new();
    while code.len() < CODE_LENGTH {
        // What would favour some letters is thrown away.
        let bytes = auth.ambient().bytes::<16>();
        let fair = bytes.iter().filter(|byte| usize::from(**byte) < 245).map(|byte| usize::from(*byte) % 49);
        code.extend(fair.map(|at| char::from(ALPHABET[at])).take(CODE_LENGTH - code.len()));
    }
    code
}

/// All invitations, or those of one account, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(auth: &Auth, maker: Option<&AccountId>) -> Result<Vec<Invitation>, Error> {
    let maker = maker.cloned();
    auth.store().read(move |c| Box::pin(async move { invitations::list(c, maker.as_ref(), MOST_LISTED).await })).await
}

/// Ends an invitation, by its id or its code.
///
/// # Errors
/// 404 when there is none, or it has ended before.
pub async fn end(auth: &Auth, named: &str, by: Actor, caller: &Caller) -> Result<Invitation, Error> {
    ended(auth, named, None, by, caller).await
}

pub(super) async fn ended(
    auth: &Auth,
    named: &str,
    owner: Option<AccountId>,
    by: Actor,
    caller: &Caller,
) -> Result<Invitation, Error> {
    let (named, now) = (named.to_owned(), auth.ambient().now());
    let event = events::event(auth, EventKind::InvitationEnded, caller).by(by);
    let ended = auth.store().write(move |c| {
        Box::pin(async move {
            let found = match invitations::by_id(c, &named).await? {
                Some(found) => Some(found),
                None => invitations::by_code(c, &named).await?,
            };
            let Some(found) = found.filter(|found| owner.is_none() || found.maker == owner) else { return Ok(None) };
            if !invitations::end(c, &found.id, now).await? {
                return Ok(None);
            }
            store::events::add(c, event.of(Target::Other("invitation", found.id.clone()))).await?;
            Ok(Some(found))
        })
    });
    ended.await?.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))
}

/// Where somebody signs up with an invitation; nowhere for a mailed one, whose code nobody is shown (people PPL-81, PPL-83).
#[must_use]
pub fn link(auth: &Auth, invitation: &Invitation) -> Option<String> {
    let code = invitation.code.as_ref()?;
    Some(auth.config().base_url.join(&format!("/register?invite={code}")))
}

/// What an app is told of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "somebody may sign up with it, or not")]
pub enum Shown {
    /// Somebody may sign up with it.
    Usable,
    /// Nobody may any more, whatever the reason.
    Unusable,
}

/// Whether somebody may sign up with a code (people PPL-82). A code that nobody made counts as a refused sign-up of its address
/// (PPL-87).
///
/// # Errors
/// 404 for a code that nobody made; 403 where nobody may sign up; 429 beyond the limit.
pub async fn show(auth: &Auth, code: &str, caller: &Caller) -> Result<Shown, Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let counter = caller.limited_as().and_then(|network| limits.counter(Rule::SignupTries, &network));
    if let Some(counter) = counter {
        throttle::refuse_exceeded(auth, counter, texts::TOO_MANY_REQUESTS)?;
        let counted = auth.store().look_up(move |c| Box::pin(rate_limits::counted(c, counter, now))).await?;
        if counted >= i64::from(counter.limit.max) {
            return Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await);
        }
    }
    let wanted = code.to_owned();
    let known = auth.store().look_up(move |c| Box::pin(async move { invitations::by_code(c, &wanted).await })).await?;
    let is_usable = matches!(admission::invitation(auth, Some(code), None).await?, admission::Invited::By { .. });
    if is_usable && admission::mode(auth, Road::Page) == Mode::Closed {
        return Err(Error::refused(Code::SignUpRefused, texts::ACTION_NOT_ALLOWED));
    }
    if is_usable {
        return Ok(Shown::Usable);
    }
    if let Some(counter) = counter {
        auth.store().write_one(move |c| Box::pin(rate_limits::count(c, counter, now))).await?;
    }
    match known {
        Some(_) => Ok(Shown::Unusable),
        None => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invitation_alphabet_has_no_look_alikes_and_gives_55_bits() {
        for letter in b"0O1Il" {
            assert!(!ALPHABET.contains(letter));
        }
        let different: std::collections::BTreeSet<_> = ALPHABET.iter().collect();
        assert_eq!(different.len(), 49);
        assert!(49_f64.log2() * 10.0 >= 55.0);
    }
}
