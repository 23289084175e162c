//! A second factor that comes with the password, in a header, and for which no sign-in waits (FAC-67, FAC-117, native 3.2).

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::factors::{Consumed, FactorKind, Usable};
use crate::model::proofs::ProofKind;
use crate::model::rate_limit::{FailedAttempts, Rule};
use crate::model::session::Browser;
use crate::model::way_back::Stop;
use crate::secret::Secret;
use crate::steps::code_factor::{self, Answer};
use crate::steps::completion::Completion;
use crate::steps::mail::{self, Outgoing};
use crate::steps::way_back_notice::stopped;
use crate::steps::{events, notices, second_step, throttle};
use crate::store;

/// After so many wrong codes in so long the owner is told that somebody knows the password (FAC-119).
const MANY_GUESSES: i64 = 5;
const GUESSED: Duration = Duration::from_secs(3600);

/// A code that was right when it was checked, and of which kind it is; none for a wrong one, or none at all. What is missing counts for
/// the address alone.
///
/// # Errors
/// 429 beyond the limits; when host or database do not answer.
pub(crate) async fn check(
    auth: &Auth,
    (account, known, first): (&Account, Credentials, &ProofKind),
    typed: Option<&Secret>,
    caller: &Caller,
) -> Result<Option<(FactorKind, Completion)>, Error> {
    let Some(typed) = typed.map(Secret::expose).filter(|typed| !typed.trim().is_empty()) else {
        throttle::count_from(auth, Rule::FactorAddress, caller).await?;
        return Ok(None);
    };
    let usable = second_step::usable(auth, (account, known), first).await?;
    let browser = Browser { caller: caller.clone(), ..Browser::default() };
    let attempts = throttle::factor(auth, None, &account.id, &browser).await?.counted;
    // Digits alone are an app's; recovery codes have letters in every case but a few in a million, and are tried all the same.
    for kind in [FactorKind::Totp, FactorKind::Recovery] {
        let Ok(code) = code_factor::code_of(kind, typed) else { continue };
        if !usable.kinds.contains(&kind) {
            continue;
        }
        let answer = Answer { account, there: &usable, code: &code, pending: None, state: "" };
        match code_factor::check(auth, kind, &answer).await {
            Ok(consumed) => {
                return Ok(Some((kind, completion(auth, account, (kind, consumed, &usable), attempts, caller))));
            }
            Err(Error::Refused(refusal)) if refusal.code != Code::Unavailable => {}
            Err(error) => {
                throttle::forget_factor(auth, None, attempts).await?;
                return Err(error);
            }
        }
    }
    record_failure(auth, account, caller).await?;
    Ok(None)
}

fn event(auth: &Auth, kind: EventKind, account: &Account, caller: &Caller) -> NewEvent {
    let event = events::event(auth, kind, caller).by(Actor::Account(account.id.clone()));
    event.about(&account.id, &account.username)
}

async fn record_failure(auth: &Auth, account: &Account, caller: &Caller) -> Result<(), Error> {
    let event = event(auth, EventKind::FactorFailed, account, caller).with("method", "header").refused();
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let warning = Outgoing::to_confirmed(auth, account, Mail::FactorGuessed);
    let recorded = auth.store().write(move |c| {
        Box::pin(async move {
            store::events::add(c, event).await?;
            let failed = store::events::count_since(c, &id, EventKind::FactorFailed, now.minus(GUESSED)).await?;
            match warning.filter(|_| failed >= MANY_GUESSES) {
                Some(warning) => mail::enqueue(c, warning).await.map(|_| true),
                None => Ok(false),
            }
        })
    });
    if recorded.await? {
        mail::wake(auth);
    }
    Ok(())
}

fn completion(
    auth: &Auth,
    account: &Account,
    (kind, consumed, usable): (FactorKind, Consumed, &Usable),
    attempts: FailedAttempts,
    caller: &Caller,
) -> Completion {
    let mut told = vec![event(auth, EventKind::FactorPassed, account, caller).with("method", kind.name())];
    let mut notice = None;
    if kind == FactorKind::Recovery {
        told.push(event(auth, EventKind::RecoveryUsed, account, caller));
        let left = u64::try_from(usable.recovery_left - 1).unwrap_or(0);
        notice = notices::recovery_used(auth, account, left, caller);
    }
    let nothing = Completion::of_nothing(String::new(), account.id.clone(), auth.ambient().now());
    Completion {
        consumed,
        attempts,
        events: told,
        notice,
        stops: Some(stopped(auth, account, Stop::Factor, (Actor::Account(account.id.clone()), caller))),
        ..nothing
    }
}
