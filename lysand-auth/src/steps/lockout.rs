//! A name is closed for a network after too many wrong passwords there, so that a stranger elsewhere shuts nobody out (native
//! NAT-10, security ID-4).

use std::net::IpAddr;
use std::time::Duration;

use crate::auth::Auth;
use crate::config::Lockout;
use crate::error::{Code, Error};
use crate::model::lockout::Pair;
use crate::model::rate_limit::source_of;
use crate::store::lockouts;
use crate::texts;

/// The pair that a try counts for, whether anybody has the name or not: nobody learns it from a lockout. `None` where limits are
/// off, and from nowhere.
pub(crate) fn pair(auth: &Auth, rule: &'static str, name: &str, source: Option<IpAddr>) -> Option<Pair> {
    let network = source.filter(|_| auth.config().rate_limits.enabled).map(source_of)?;
    Some(Pair::new(rule, name, &network))
}

/// Counts a try before it is looked at, so that parallel ones do not slip through.
///
/// # Errors
/// 429 while the pair is closed; what is refused so does not count.
pub(crate) async fn admit(auth: &Auth, pair: Option<Pair>, rules: &Lockout) -> Result<(), Error> {
    let Some(pair) = pair.filter(|_| !rules.steps.is_empty()) else { return Ok(()) };
    let (rules, now) = (rules.clone(), auth.ambient().now());
    let counted = auth.store().write(move |c| {
        Box::pin(async move {
            let next = lockouts::lock(c, &pair).await?.and_one(&rules, now);
            if let Ok(next) = next {
                lockouts::keep(c, &pair, next).await?;
            }
            Ok(next)
        })
    });
    counted.await?.map(drop).map_err(closed)
}

/// Takes a try back that came to no verdict, or to something.
pub(crate) async fn take_back(auth: &Auth, pair: Option<Pair>) -> Result<(), Error> {
    let Some(pair) = pair else { return Ok(()) };
    auth.store().write(move |c| Box::pin(async move { lockouts::take_back(c, &pair).await })).await
}

fn closed(left: Duration) -> Error {
    Error::later(Code::TooManyRequests, texts::TOO_MANY_ATTEMPTS, left)
}
