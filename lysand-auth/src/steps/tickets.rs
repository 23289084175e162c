//! Tickets: what opens one stream once. [`flows::tickets`](crate::flows::tickets) shows them to a host.

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::secret::Secret;
use crate::steps::bearer::Bearer;
use crate::store::tickets::{self, StoredTicket};
use crate::texts;

/// How long a ticket waits to be used.
pub const LIFETIME: Duration = Duration::from_secs(30);
/// The longest target, in characters.
const LONGEST_TARGET: usize = 64;
/// How many tickets of a sign-in wait at once.
const MOST_WAITING: i64 = 20;

/// Whose stream a ticket opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TicketFor {
    /// The account, which may act.
    pub account: Account,
    /// The sign-in: the name of the grant that [`Revocations`](crate::host::revocations::Revocations) are told when it is over,
    /// and with it the stream.
    pub sign_in: String,
}

/// A ticket for the sign-in of this token and for this target: 43 URL-safe characters, which open it once within 30 seconds.
///
/// # Errors
/// 422 for a target that is empty, longer than 64 characters, or has control characters; 403 for a token without a sign-in, such as
/// a personal one; 429 while twenty of the sign-in wait to be used; when the database does not answer.
pub async fn issue(auth: &Auth, bearer: &Bearer, target: &str) -> Result<Secret, Error> {
    if !is_target(target) {
        return Err(Error::refused(Code::Validation, "target must be 1-64 characters"));
    }
    let not_for_it = || Error::refused(Code::Forbidden, "This token has no sign-in that a stream could end with.");
    let family = bearer.family_id.clone().ok_or_else(not_for_it)?;
    let account = bearer.account(auth).await?.id;
    let (ticket, now) = (Secret::generate(auth.ambient()), auth.ambient().now());
    let digest = ticket.digest();
    let stored = StoredTicket { family, account, target: target.to_owned(), expires_at: now.plus(LIFETIME) };
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            let is_live = tickets::is_family_live(c, &stored.family, now).await?;
            if !is_live || tickets::waiting(c, &stored.family, now).await? >= MOST_WAITING {
                return Ok(Some(is_live));
            }
            tickets::insert(c, digest, &stored).await?;
            Ok(None)
        })
    });
    match kept.await? {
        None => Ok(ticket),
        Some(true) => Err(Error::later(Code::TooManyRequests, texts::TOO_MANY_REQUESTS, LIFETIME)),
        Some(false) => Err(Error::invalid_token("The access token was revoked")),
    }
}

/// What a ticket opens: nothing when it is unknown, used, too old, for another target, or its sign-in is over. Whatever comes of it,
/// it is used up.
///
/// # Errors
/// When host or database do not answer.
pub async fn redeem(auth: &Auth, shown: &Secret, target: &str) -> Result<Option<TicketFor>, Error> {
    let (digest, now) = (shown.digest(), auth.ambient().now());
    let taken = auth.store().write(move |c| {
        Box::pin(async move {
            let Some(ticket) = tickets::take(c, digest).await? else { return Ok(None) };
            let is_live = tickets::is_family_live(c, &ticket.family, now).await?;
            Ok(Some(ticket).filter(|ticket| is_live && now < ticket.expires_at))
        })
    });
    let Some(ticket) = taken.await?.filter(|ticket| ticket.target == target) else { return Ok(None) };
    let account = active(auth, &ticket.account).await?;
    Ok(account.map(|account| TicketFor { account, sign_in: ticket.family }))
}

async fn active(auth: &Auth, id: &AccountId) -> Result<Option<Account>, Error> {
    Ok(auth.account(id).await?.filter(|account| account.inactive_reason().is_none()))
}

fn is_target(target: &str) -> bool {
    (1..=LONGEST_TARGET).contains(&target.chars().count()) && !target.chars().any(char::is_control)
}
