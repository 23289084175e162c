//! Staff is told of requests to join: at most once an hour of new ones, and admins once more of each that nobody decides (people
//! PPL-79, PPL-80).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::model::account::Role;
use crate::steps::mail::{self, Outgoing};
use crate::steps::staff_mail;
use crate::store::{mails, sign_ups};

/// How far two mails to one person are apart, at least.
const APART: Duration = Duration::from_secs(3600);
/// After how long admins are reminded of a request.
const REMINDED: Duration = Duration::from_secs(3 * 24 * 3600);

/// Tells staff, when there is something to tell and nobody was told lately. Where the host has no lists of accounts, nobody is.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn tell(auth: &Auth) -> Result<(), Error> {
    let waiting = auth.store().read(move |c| Box::pin(sign_ups::waiting_since(c))).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let now = auth.ambient().now();
    let mut staff = staff_mail::staff(auth, Role::Admin).await?;
    staff.extend(staff_mail::staff(auth, Role::Moderator).await?);
    for account in staff {
        let count = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        let Some(mail) = Outgoing::to_account(auth, &account, Mail::RequestsWaiting { count }) else { continue };
        let Some(address) = account.email.map(|email| email.address) else { continue };
        let (waiting, is_admin) = (waiting.clone(), account.role == Role::Admin);
        let told = auth.store().write(move |c| {
            Box::pin(async move {
                mails::lock_address(c, &address.trim().to_lowercase()).await?;
                let last = mails::last_asked(c, &address, Mail::RequestsWaiting { count: 0 }.kind()).await?;
                match is_due(&waiting, last, is_admin, now) {
                    true => mail::enqueue(c, mail).await.map(|_| ()),
                    false => Ok(()),
                }
            })
        });
        told.await?;
    }
    mail::wake(auth);
    Ok(())
}

/// The same, where it is no reason to refuse anything that it fails: it is tried again with the next clean-up.
pub(crate) async fn try_tell(auth: &Auth) {
    if let Err(error) = tell(auth).await {
        tracing::warn!(%error, "staff cannot be told of requests to join; it is tried again later");
    }
}

/// Whether one of the requests is news since the last mail.
fn is_due(waiting: &[Timestamp], last: Option<Timestamp>, is_admin: bool, now: Timestamp) -> bool {
    let Some(last) = last else { return true };
    let is_news = |since: &Timestamp| {
        let reminder = since.plus(REMINDED);
        *since > last || is_admin && reminder > last && reminder <= now
    };
    last.plus(APART) <= now && waiting.iter().any(is_news)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_is_told_of_news_once_an_hour_and_admins_reminded_once() {
        let at = |hours: i64| Timestamp::from_micros(hours * 3_600_000_000);
        for (waiting, last, is_admin, now, expected) in [
            (vec![at(0)], None, false, at(0), true),
            (vec![at(0)], Some(at(0)), true, at(2), false),
            (vec![at(0), at(1)], Some(at(0)), false, at(1), true),
            (vec![at(0), at(1)], Some(at(1)), false, at(5), false),
            // News within the hour waits for its end.
            (vec![at(10)], Some(Timestamp::from_micros(at(10).micros() - 60_000_000)), false, at(10), false),
            (vec![at(10)], Some(Timestamp::from_micros(at(10).micros() - 60_000_000)), false, at(11), true),
            // Three days later admins hear of it again, once.
            (vec![at(0)], Some(at(0)), true, at(72), true),
            (vec![at(0)], Some(at(0)), false, at(72), false),
            (vec![at(0)], Some(at(72)), true, at(80), false),
        ] {
            assert_eq!(is_due(&waiting, last, is_admin, now), expected, "{waiting:?} {last:?} {now:?}");
        }
    }
}
