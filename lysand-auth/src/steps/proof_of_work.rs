//! The proof of work that somebody owes who signs up, or confirms what an app signed up (people PPL-51 to PPL-55).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::form_error::FormError;
use crate::model::rate_limit::Rule;
use crate::model::sign_up::Road;
use crate::proof_of_work::{self, Solved};
use crate::steps::throttle;
use crate::store::{rate_limits, sign_ups, spent};
use crate::texts;

/// What the work is for.
pub(crate) const PURPOSE: &str = "signup";

/// What a field `altcha` proves; nothing when it is no good solution, or one that was used. Whoever takes it spends it as well.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn read(auth: &Auth, sent: &str) -> Result<Option<Solved>, Error> {
    let now = auth.ambient().now();
    let cost = auth.signups().proof_of_work_cost;
    let Some(unchecked) = proof_of_work::read(sent, &auth.challenge_key(), PURPOSE, cost, now) else { return Ok(None) };
    let solved = unchecked.solved();
    let known =
        auth.store().look_up(move |c| Box::pin(spent::is_spent(c, spent::Kind::ProofOfWork, solved.nonce, now)));
    Ok((!known.await? && unchecked.work()).then_some(solved))
}

/// The field of a solution that is none.
pub(crate) fn unchecked() -> FormError {
    FormError::new("altcha", "ERR_INVALID", texts::WORK_UNCHECKED)
}

/// Whether whoever confirms the address of an account owes the work: an app made it, and it can do none; an invitation pays for
/// its sign-up (people PPL-55).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn is_owed(auth: &Auth, account: &AccountId) -> Result<bool, Error> {
    if !auth.signups().proof_of_work {
        return Ok(false);
    }
    let account = account.clone();
    let made = auth.store().look_up(move |c| Box::pin(async move { sign_ups::of_account(c, &account).await })).await?;
    Ok(made.is_some_and(|made| made.road == Road::App && made.invitation.is_none()))
}

/// Takes the work from whoever confirms; without it, the confirmation counts as one of few of its network.
///
/// # Errors
/// 429 beyond those; the field for a solution that is none.
pub(crate) async fn take(
    auth: &Auth,
    account: &AccountId,
    sent: Option<&str>,
    caller: &Caller,
) -> Result<Result<(), FormError>, Error> {
    if !is_owed(auth, account).await? {
        return Ok(Ok(()));
    }
    let Some(sent) = sent.filter(|sent| !sent.trim().is_empty()) else {
        return count(auth, caller).await.map(Ok);
    };
    let Some(solved) = read(auth, sent).await? else { return Ok(Err(unchecked())) };
    let spent = auth
        .store()
        .write_one(move |c| Box::pin(spent::spend(c, spent::Kind::ProofOfWork, solved.nonce, solved.expires_at)));
    Ok(spent.await?.then_some(()).ok_or_else(unchecked))
}

async fn count(auth: &Auth, caller: &Caller) -> Result<(), Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let network = caller.limited_as();
    let counter = network.and_then(|network| limits.counter(Rule::SignupUnprovenAddress, &network));
    let Some(counter) = counter else { return Ok(()) };
    let counted = auth.store().write_one(move |c| Box::pin(rate_limits::count(c, counter, now))).await?;
    match counted > i64::from(counter.limit.max) {
        true => Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_UNPROVEN).await),
        false => Ok(()),
    }
}
