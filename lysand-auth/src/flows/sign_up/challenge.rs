//! The proof of work of a sign-up: it prices sign-ups in bulk, and asks no third party.

use serde_json::Value;

use super::attempt::{SignUpError, Work};
use crate::auth::Auth;
use crate::error::Error;
use crate::model::caller::Caller;
use crate::model::rate_limit::Rule;
use crate::model::sign_up::Road;
use crate::proof_of_work;
use crate::steps::{proof_of_work as work, throttle};

/// A challenge for a browser that signs somebody up, as JSON; nothing when none is asked for.
///
/// # Errors
/// 429 when an address asks for too many.
pub async fn challenge(auth: &Auth, caller: &Caller) -> Result<Option<Value>, Error> {
    let signups = auth.signups();
    if !signups.proof_of_work {
        return Ok(None);
    }
    throttle::count_from(auth, Rule::Challenges, caller).await?;
    let made =
        proof_of_work::challenge(auth.ambient(), &auth.challenge_key(), work::PURPOSE, signups.proof_of_work_cost);
    serde_json::to_value(made).map(Some).map_err(Error::failed)
}

/// What a form's field `altcha` proves. Whether it was used before is looked at here and decided in the transaction that makes
/// the account.
pub(super) async fn checked(auth: &Auth, sent: Option<&str>, road: Road) -> Result<Work, SignUpError> {
    if !auth.signups().proof_of_work || matches!(road, Road::App | Road::Provider) {
        return Ok(Work::NotDue);
    }
    match sent.filter(|sent| !sent.trim().is_empty()) {
        Some(sent) => match work::read(auth, sent).await? {
            Some(solved) => Ok(Work::Done(solved)),
            None => Err(work::unchecked().into()),
        },
        None if matches!(road, Road::Page | Road::Native) => Ok(Work::Missing),
        None => Err(work::unchecked().into()),
    }
}
