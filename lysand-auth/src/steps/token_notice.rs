//! Telling people that their personal tokens end (people PPL-119).

use std::time::Duration;

use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::steps::mail::{self, Outgoing};
use crate::store::personal_tokens::{self, Ending};

/// How long before the end somebody is told, and how that is kept. The last is the end itself.
const TOLD: [(Duration, i16); 3] = [(WEEK, 1), (DAY, 2), (Duration::ZERO, OVER)];
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const OVER: i16 = 3;
/// How many are looked at together.
const PAGE: i64 = 100;

/// What of a new token's end its owner knows who just chose it: nobody is told at once that it ends within the week.
pub(crate) fn known_at_first(lifetime: Option<Duration>) -> i16 {
    let known = TOLD.iter().filter(|(before, told)| *told != OVER && lifetime.is_some_and(|lives| lives <= *before));
    known.map(|(_, told)| *told).max().unwrap_or_default()
}

/// Tells everybody whose token ends soon, or has ended; what comes last is told alone.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn tell(auth: &Auth) -> Result<(), Error> {
    for (before, told) in TOLD.into_iter().rev() {
        let before = auth.ambient().now().plus(before);
        loop {
            let page = auth.store().read(move |c| Box::pin(personal_tokens::ending(c, before, told, PAGE))).await?;
            if page.is_empty() {
                break;
            }
            for ending in page {
                tell_one(auth, ending, told).await?;
            }
        }
    }
    Ok(())
}

async fn tell_one(auth: &Auth, ending: Ending, told: i16) -> Result<(), Error> {
    let account = auth.account(&ending.account).await?;
    let name = ending.name.clone();
    let notice = match told {
        OVER => Mail::TokenExpired { name },
        _ => Mail::TokenExpires { name, at: ending.expires_at },
    };
    let notice = account.and_then(|account| Outgoing::to_confirmed(auth, &account, notice));
    let write = auth.store().write(move |c| {
        Box::pin(async move {
            if personal_tokens::tell(c, &ending, told).await? {
                mail::enqueue_notice(c, notice).await?;
            }
            Ok(())
        })
    });
    write.await?;
    mail::wake(auth);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_notice_does_not_tell_at_once_what_was_just_chosen() {
        for (lifetime, told) in
            [(None, 0), (Some(DAY * 90), 0), (Some(WEEK), 1), (Some(DAY), 2), (Some(Duration::from_secs(60)), 2)]
        {
            assert_eq!(known_at_first(lifetime), told, "{lifetime:?}");
        }
    }
}
