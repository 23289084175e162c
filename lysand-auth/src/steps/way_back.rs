//! Who may ask for the way back: whoever gave the right password of an account with a confirmed address, and has none of its second
//! factors any more (FAC-112).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{AccountId, Role};
use crate::model::factors::{FactorKind, Usable};
use crate::model::proofs::ProofKind;
use crate::model::way_back::{Ending, WayBack};
use crate::steps::mail;
use crate::steps::pending::Open;
use crate::store::{Conn, way_back};
use crate::texts;

/// How long after a stop nobody asks again, and how often somebody may ask in which time (FAC-115).
const PAUSE: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
const MOST: usize = 3;

/// Whether the way back is offered to a sign-in that waits for a second proof: not where a code by mail is one anyway, and not while
/// the mailbox alone has set the password.
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn is_offered(auth: &Auth, open: &Open, usable: &Usable) -> Result<bool, Error> {
    let rules = auth.config().factors.way_back;
    // The password of this very sign-in: that of a session that is made stronger was given some time ago.
    let began_with_password = open.pending.steps_up.is_none() && {
        let mut proofs = open.pending.proofs.iter();
        proofs.next().is_some_and(|first| first.kind == ProofKind::Password) && proofs.next().is_none()
    };
    let is_let = rules.enabled && (open.account.role != Role::Admin || rules.admins);
    if !is_let || !began_with_password || usable.kinds.contains(&FactorKind::Email) || auth.config().sso.forced {
        return Ok(false);
    }
    let reaches = mail::is_read(auth);
    let is_confirmed = open.account.email.as_ref().is_some_and(|email| email.confirmed);
    let is_by_mail = |at: Timestamp| at.plus(rules.after_reset) > auth.ambient().now();
    if !reaches || !is_confirmed || open.known.reset_by_mail_at.is_some_and(is_by_mail) {
        return Ok(false);
    }
    auth.accounts().has_password(&open.account.id).await.map_err(Error::from_host)
}

/// What of an account's requests counts now.
#[derive(Debug)]
pub(crate) enum Counting {
    /// There is an open one.
    Open(WayBack),
    /// None can be asked before this time.
    Paused(Timestamp),
    /// One can be asked.
    Free,
}

/// What of an account's requests counts now.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn counting(c: &mut Conn, account: &AccountId, now: Timestamp) -> Result<Counting, Error> {
    if let Some(open) = way_back::open(c, account, now).await? {
        return Ok(Counting::Open(open));
    }
    Ok(match paused_until(c, account, (None, now)).await? {
        Some(until) => Counting::Paused(until),
        None => Counting::Free,
    })
}

/// Until when nothing can be asked, because something was stopped lately, or was asked too often; but for one with this id, which is
/// being asked just now.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn paused_until(
    c: &mut Conn,
    account: &AccountId,
    (but, now): (Option<&str>, Timestamp),
) -> Result<Option<Timestamp>, Error> {
    let mut asked = way_back::since(c, account, now.minus(MONTH)).await?;
    asked.retain(|row| but != Some(row.id.as_str()));
    let stopped = asked.iter().filter_map(|row| row.end).filter(|end| matches!(end.how, Ending::Stopped(_)));
    let after_stop = stopped.map(|end| end.at.plus(PAUSE)).filter(|until| *until > now).max();
    let too_often = asked.get(MOST - 1).map(|third| third.times.asked_at.plus(MONTH));
    Ok(after_stop.max(too_often))
}

/// The refusal of whoever asks again too soon.
pub(crate) fn too_soon(until: Timestamp, now: Timestamp) -> Error {
    Error::later(Code::TooSoon, texts::WAY_BACK_PAUSED, until.since(now))
}
