//! The second factor of somebody who is there already: asked for beside the password, before a change that could take the account
//! over (FAC-107).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::event::{Actor, EventKind};
use crate::model::factors::{Consumed, FactorKind};
use crate::model::proofs::ProofKind;
use crate::model::session::Browser;
use crate::steps::code_factor::{self, Answer};
use crate::steps::completion::{use_up, wrong_code};
use crate::steps::{events, second_step, session, throttle};
use crate::store::{self, rate_limits};

/// Demands a code of an authenticator app, or a recovery code, and uses it up. It is counted as at a sign-in (FAC-117). Answers
/// with the kind.
///
/// # Errors
/// `WrongFactor`; 429 beyond the limits.
pub(crate) async fn prove(auth: &Auth, account: &Account, typed: &str, browser: &Browser) -> Result<FactorKind, Error> {
    let kinds = [FactorKind::Totp, FactorKind::Recovery];
    let read = kinds.into_iter().find_map(|kind| Some((kind, code_factor::code_of(kind, typed).ok()?)));
    let (kind, code) = read.ok_or_else(wrong_code)?;
    let known = session::credentials_of(auth, &account.id).await?;
    let usable = second_step::usable(auth, (account, known), &ProofKind::Password).await?;
    if !usable.kinds.contains(&kind) {
        return Err(wrong_code());
    }
    let attempts = throttle::factor(auth, None, &account.id, browser).await?.counted;
    let answer = Answer { account, there: &usable, code: &code, pending: None, state: "" };
    let consumed = match code_factor::check(auth, kind, &answer).await {
        Ok(consumed) => consumed,
        Err(error @ Error::Refused(_)) => {
            let event = events::event(auth, EventKind::FactorFailed, &browser.caller);
            let event = event.by(Actor::Account(account.id.clone())).about(&account.id, &account.username);
            events::record_refusal(auth, event.with("method", kind.name())).await?;
            return Err(error);
        }
        Err(error) => {
            throttle::forget_factor(auth, None, attempts).await?;
            return Err(error);
        }
    };
    let is_recovery = matches!(consumed, Consumed::Recovery(_));
    let used = is_recovery.then(|| {
        let event = events::event(auth, EventKind::RecoveryUsed, &browser.caller);
        event.by(Actor::Account(account.id.clone())).about(&account.id, &account.username)
    });
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let taken = auth.store().write(move |c| {
        Box::pin(async move {
            if !use_up(c, &id, &consumed, now).await? {
                return Ok(false);
            }
            if let Some(event) = used {
                store::events::add(c, event).await?;
            }
            rate_limits::uncount_attempt(c, attempts).await?;
            Ok(true)
        })
    });
    match taken.await? {
        true => Ok(kind),
        false => Err(wrong_code()),
    }
}
