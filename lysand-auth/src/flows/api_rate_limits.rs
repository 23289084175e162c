//! How much of the API a caller has used up (Mastodon §18).

use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::rate_limit::{Allowance, Rule, source_of};
use crate::texts;

/// Who sends a request.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Caller<'a> {
    /// The key of the live token that was presented.
    pub token_id: Option<&'a str>,
    /// The account that it speaks for.
    pub account: Option<&'a AccountId>,
    /// Where the request comes from.
    pub source: Option<IpAddr>,
}

/// Counts a request in this process's memory, and answers what is left of the limit nearest to exhaustion; nothing when
/// limits are off. Whoever speaks for nobody is counted by address: tokens that open nothing are free to make.
///
/// # Errors
/// 429 when a limit is used up.
pub fn admit(auth: &Auth, caller: Caller<'_>) -> Result<Option<Allowance>, Error> {
    let (limits, request_counters, now) = (&auth.config().rate_limits, auth.request_counters(), auth.ambient().now());
    let address = if caller.account.is_none() { caller.source.map(source_of) } else { None };
    let mut nearest: Option<Allowance> = None;
    for (rule, counter, subject) in [
        (Rule::ApiToken, &request_counters.by_token, caller.token_id),
        (Rule::ApiUser, &request_counters.by_account, caller.account.map(AccountId::as_str)),
        (Rule::ApiAddress, &request_counters.by_address, address.as_deref()),
    ] {
        let Some((subject, limit)) = subject.zip(limits.of(rule)) else { continue };
        let count = counter.count(subject, limit, now);
        if count > limit.max {
            return Err(limit.exceeded(texts::TOO_MANY_REQUESTS, now));
        }
        let left = limit.allowance(count.into(), now);
        nearest = Some(nearest.map_or(left, |other| other.nearer(left)));
    }
    Ok(nearest)
}

/// Counts a request below `/oauth` for its address, in this process's memory: what it may store or look up is bounded as for
/// the API (faults F3).
///
/// # Errors
/// 429 when the limit is used up.
pub fn admit_oauth(auth: &Auth, source: Option<IpAddr>) -> Result<(), Error> {
    let now = auth.ambient().now();
    let Some((source, limit)) = source.zip(auth.config().rate_limits.of(Rule::OauthAddress)) else { return Ok(()) };
    match auth.request_counters().oauth_by_address.count(&source_of(source), limit, now) > limit.max {
        true => Err(limit.exceeded(texts::TOO_MANY_REQUESTS, now)),
        false => Ok(()),
    }
}
