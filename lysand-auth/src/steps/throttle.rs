//! Counting what may be tried so often only: a refusal costs no write, and counts for nobody else (faults F5, F14).

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::SemaphorePermit;

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::event::EventKind;
use crate::model::rate_limit::{Counter, FailedAttempts, Rule};
use crate::model::session::{Browser, SessionId};
use crate::secret::{Digest, Secret};
use crate::steps::{completion, events};
use crate::store::{known_browsers, rate_limits};
use crate::{store, texts};

/// A turn at a counter, which few have at the same time.
pub(crate) struct Turn<'a> {
    _permit: Option<SemaphorePermit<'a>>,
}

/// Refuses what this process knows to be beyond its limit, and else waits for a turn at the counter.
///
/// # Errors
/// 429 when the limit is exceeded.
pub(crate) async fn admit<'a>(auth: &'a Auth, counter: Counter, why: &'static str) -> Result<Turn<'a>, Error> {
    refuse_exceeded(auth, counter, why)?;
    let permit = auth.limit_gates().turn(counter).await;
    refuse_exceeded(auth, counter, why)?;
    Ok(Turn { _permit: permit })
}

/// Refuses what this process knows to be beyond its limit.
///
/// # Errors
/// 429 when it is.
pub(crate) fn refuse_exceeded(auth: &Auth, counter: Counter, why: &'static str) -> Result<(), Error> {
    let now = auth.ambient().now();
    match auth.limit_gates().is_exceeded(counter, now) {
        true => Err(counter.limit.exceeded(why, now)),
        false => Ok(()),
    }
}

/// The refusal of what went beyond its limit, which this process remembers, and the log of events once: for each rule, subject and
/// window a single row, however many requests are refused by however many processes (people PPL-160).
pub(crate) async fn exceeded(auth: &Auth, (counter, source): (Counter, Option<IpAddr>), why: &'static str) -> Error {
    let now = auth.ambient().now();
    if auth.limit_gates().note_exceeded(counter, now) {
        let event = events::event(auth, EventKind::Throttled, &Caller::new(source)).refused();
        let event = event.with("rule", counter.rule.name()).once(counter.window_id(now));
        let recorded = auth.store().write_one(move |c| Box::pin(store::events::add_once(c, event))).await;
        if let Err(error) = recorded {
            tracing::warn!(%error, rule = counter.rule.name(), "an exceeded limit was not recorded");
        }
    }
    counter.limit.exceeded(why, now)
}

/// Counts what an account does (people PPL-190).
///
/// # Errors
/// 429 beyond the limit.
pub(crate) async fn count_act(auth: &Auth, rule: Rule, account: &AccountId, caller: &Caller) -> Result<(), Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let Some(counter) = limits.counter(rule, account.as_str()) else { return Ok(()) };
    let _turn = admit(auth, counter, texts::TOO_MANY_REQUESTS).await?;
    let counted = auth.store().write_one(move |c| Box::pin(rate_limits::count(c, counter, now))).await?;
    match counted > i64::from(counter.limit.max) {
        true => Err(exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await),
        false => Ok(()),
    }
}

/// Counts what one address asks for.
///
/// # Errors
/// 429 beyond the limit.
pub(crate) async fn count_from(auth: &Auth, rule: Rule, caller: &Caller) -> Result<(), Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let counter = caller.limited_as().and_then(|network| limits.counter(rule, &network));
    let Some(counter) = counter else { return Ok(()) };
    let _turn = admit(auth, counter, texts::TOO_MANY_REQUESTS).await?;
    let counted = auth.store().write_one(move |c| Box::pin(rate_limits::count(c, counter, now))).await?;
    match counted > i64::from(counter.limit.max) {
        true => Err(exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await),
        false => Ok(()),
    }
}

/// Refuses an address from which too many tries failed, before anything is looked up for it.
///
/// # Errors
/// 429 when this process knows its limit to be exceeded.
pub(crate) fn refuse_address(auth: &Auth, source: Option<IpAddr>) -> Result<(), Error> {
    match auth.config().rate_limits.by_address(source) {
        Some(counter) => refuse_exceeded(auth, counter, texts::TOO_MANY_ATTEMPTS),
        None => Ok(()),
    }
}

/// How long a browser is known to an account after the last sign-in (people PPL-113).
pub(crate) const KNOWN: Duration = Duration::from_secs(400 * 24 * 3600);

/// Counts a try to sign in, for its address and for the account that `identifier` names, however it is spelled; in a browser
/// that the account knows, for that browser instead (security ID-4).
///
/// # Errors
/// 429 when either limit is exceeded. What the limit of the address refuses does not count for the account.
pub(crate) async fn sign_in(
    auth: &Auth,
    source: Option<IpAddr>,
    identifier: &str,
    browser: &Browser,
) -> Result<FailedAttempts, Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let account = match limits.enabled {
        true => auth.accounts().by_identifier(identifier).await.map_err(Error::from_host)?,
        false => None,
    };
    let attempts = match account {
        None => limits.failed_attempts(source, identifier, now),
        Some(account) => match known_browser(auth, browser, &account.id).await? {
            Some(browser) => limits.failed_attempts_in(source, browser, &account.id, now),
            None => limits.failed_attempts_of(source, &account.id, now),
        },
    };
    count(auth, attempts, source).await
}

/// The browser's digest, if the account knows it.
pub(crate) async fn known_browser(
    auth: &Auth,
    browser: &Browser,
    account: &AccountId,
) -> Result<Option<Digest>, Error> {
    let Some(digest) = browser.known_by.as_ref().map(Secret::digest) else { return Ok(None) };
    let (account, since) = (account.clone(), auth.ambient().now().minus(KNOWN));
    let looked_up = auth
        .store()
        .look_up(move |c| Box::pin(async move { known_browsers::is_known(c, digest, &account, since).await }));
    Ok(looked_up.await?.then_some(digest))
}

/// Counts a try to prove a password once more: in a live session for that session alone, so that nobody else's failures
/// stand in the way of its owner.
///
/// # Errors
/// 429 when a limit is exceeded.
pub(crate) async fn proof(
    auth: &Auth,
    source: Option<IpAddr>,
    account: &AccountId,
    session: Option<&SessionId>,
) -> Result<FailedAttempts, Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let attempts = match session {
        Some(session) => limits.failed_proofs(source, session, now),
        None => limits.failed_attempts_of(source, account, now),
    };
    count(auth, attempts, source).await
}

/// Counts attempts, for each of their counters.
///
/// # Errors
/// 429 when a limit is exceeded.
pub(crate) async fn count(
    auth: &Auth,
    attempts: FailedAttempts,
    source: Option<IpAddr>,
) -> Result<FailedAttempts, Error> {
    count_or_say(auth, attempts, source, texts::TOO_MANY_ATTEMPTS).await
}

/// Counts a code of a device that somebody typed, before it is looked up.
///
/// # Errors
/// 429 when a limit is exceeded.
pub(crate) async fn device_code(
    auth: &Auth,
    source: Option<IpAddr>,
    account: &AccountId,
) -> Result<FailedAttempts, Error> {
    let attempts = auth.config().rate_limits.failed_device_codes(source, account, auth.ambient().now());
    count_or_say(auth, attempts, source, texts::TOO_MANY_FACTORS).await
}

async fn count_or_say(
    auth: &Auth,
    attempts: FailedAttempts,
    source: Option<IpAddr>,
    why: &'static str,
) -> Result<FailedAttempts, Error> {
    let turns = turns(auth, attempts, why).await?;
    if turns.is_empty() {
        return Ok(attempts);
    }
    let counted = auth.store().write(move |c| Box::pin(async move { rate_limits::count_attempt(c, attempts).await }));
    match counted.await? {
        None => Ok(attempts),
        Some(counter) => Err(exceeded(auth, (counter, source), why).await),
    }
}

/// A turn at the counter of the address, then at that of the account. A third one has the same subject as the second, and needs
/// none of its own: whoever held one there while waiting for another could wait for ever.
async fn turns<'a>(auth: &'a Auth, attempts: FailedAttempts, why: &'static str) -> Result<Vec<Turn<'a>>, Error> {
    let [first, second, third] = attempts.counters;
    let mut turns = Vec::new();
    for counter in [first, second].into_iter().flatten() {
        turns.push(admit(auth, counter, why).await?);
    }
    if let Some(counter) = third {
        refuse_exceeded(auth, counter, why)?;
    }
    Ok(turns)
}

/// An answer with a second factor that was counted.
pub(crate) struct CountedFactor {
    pub(crate) counted: FailedAttempts,
    /// Whether the sign-in bears no other.
    pub(crate) is_last: bool,
}

/// Counts an answer with a second factor before it is looked at: for its sign-in, if it is part of one, its account or the browser that the account
/// knows, and its address (FAC-15, FAC-117, FAC-118).
///
/// # Errors
/// 429 when a limit is exceeded; the sign-in is not touched then. `SignInOver` when it is over, or bears no more.
pub(crate) async fn factor(
    auth: &Auth,
    pending: Option<&str>,
    account: &AccountId,
    browser: &Browser,
) -> Result<CountedFactor, Error> {
    let (limits, now, source) = (&auth.config().rate_limits, auth.ambient().now(), browser.caller.source);
    let known = if limits.enabled { known_browser(auth, browser, account).await? } else { None };
    let attempts = limits.failed_factors(source, account, known, now);
    let _turns = turns(auth, attempts, texts::TOO_MANY_FACTORS).await?;
    let (id, most) = (pending.map(str::to_owned), i64::from(auth.config().factors.tries));
    let counted = auth.store().write(move |c| {
        Box::pin(async move {
            // A refusal by a limit stays counted, and touches the sign-in no more.
            if let Some(counter) = rate_limits::count_attempt(c, attempts).await? {
                return Ok(Err(counter));
            }
            let Some(id) = id else { return Ok(Ok(Some(0))) };
            let tries = store::pending::count_answer(c, &id, most, now).await?;
            if tries.is_none() {
                rate_limits::uncount_attempt(c, attempts).await?;
            }
            Ok(Ok(tries))
        })
    });
    match counted.await? {
        Err(counter) => Err(exceeded(auth, (counter, source), texts::TOO_MANY_FACTORS).await),
        Ok(None) => Err(completion::over()),
        Ok(Some(tries)) => Ok(CountedFactor { counted: attempts, is_last: tries >= most }),
    }
}

/// Counts an answer that nobody can guess: for its sign-in alone (FAC-118).
///
/// # Errors
/// `SignInOver` when that is over, or bears no more.
pub(crate) async fn uncounted_factor(auth: &Auth, pending: &str) -> Result<CountedFactor, Error> {
    let (id, most, now) = (pending.to_owned(), i64::from(auth.config().factors.tries), auth.ambient().now());
    let tries = auth
        .store()
        .write_one(move |c| Box::pin(async move { store::pending::count_answer(c, &id, most, now).await }))
        .await?
        .ok_or_else(completion::over)?;
    Ok(CountedFactor { counted: FailedAttempts { counters: [None, None, None], now }, is_last: tries >= most })
}

/// Takes an answer back that came to no verdict.
pub(crate) async fn forget_factor(auth: &Auth, pending: Option<&str>, attempts: FailedAttempts) -> Result<(), Error> {
    let id = pending.map(str::to_owned);
    let forgotten = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(id) = id {
                store::pending::uncount_answer(c, &id).await?;
            }
            rate_limits::uncount_attempt(c, attempts).await
        })
    });
    forgotten.await
}

/// Takes a try back: it came to no verdict, or to something.
pub(crate) async fn forget(auth: &Auth, attempts: FailedAttempts) -> Result<(), Error> {
    if attempts.counters.iter().all(Option::is_none) {
        return Ok(());
    }
    auth.store().write(move |c| Box::pin(async move { rate_limits::uncount_attempt(c, attempts).await })).await
}
