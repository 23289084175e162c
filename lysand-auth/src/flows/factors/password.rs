//! The password as the second proof of a sign-in that began with a passkey or a mailed code (FAC-52).

use super::sign_in::{Finished, LastStep, event, finish, wrong};
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::model::event::EventKind;
use crate::model::factors::{Consumed, FactorKind};
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::completion::Completion;
use crate::steps::pending::{self, Open};
use crate::steps::presence::wrong_password;
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::{missing_step, proof, throttle};
use crate::texts;

/// The answer with the password, which finishes the sign-in.
///
/// # Errors
/// `SignInOver` when it is over, or another browser's; `NotOffered` after another first proof; `WrongPassword`; 429 beyond the limits
/// of a sign-in, which it counts as. With the right one as [`answer`](super::sign_in::answer).
pub async fn answer_with_password(
    auth: &Auth,
    claim: &PendingClaim,
    password: &Secret,
    browser: Browser,
) -> Result<Finished, Error> {
    let open = pending::open(auth, claim).await?;
    let (account, source) = (open.account.id.clone(), browser.caller.source);
    let answered = answered(auth, open, password, browser).await;
    answered.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account), source, error))
}

async fn answered(auth: &Auth, open: Open, password: &Secret, browser: Browser) -> Result<Finished, Error> {
    let kind = FactorKind::Password;
    if !missing_step::usable(auth, &open).await?.kinds.contains(&kind) {
        return Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED));
    }
    let attempts = throttle::uncounted_factor(auth, &open.pending.id).await?;
    match proof::by_password(auth, &open.account, Some(password), browser.caller.source, None).await {
        Ok(()) => {}
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            return Err(wrong(auth, &open, (kind, &attempts), &browser.caller, wrong_password()).await?);
        }
        Err(error) => {
            throttle::forget_factor(auth, Some(&open.pending.id), attempts.counted).await?;
            return Err(error);
        }
    }
    let told = event(auth, EventKind::FactorPassed, &open, &browser.caller).with("method", kind.name());
    let nothing = Completion::of_nothing(open.pending.id.clone(), open.account.id.clone(), auth.ambient().now());
    let completion =
        Completion { consumed: Consumed::Password, attempts: attempts.counted, events: vec![told], ..nothing };
    finish(auth, open, LastStep::proven(kind, completion), browser).await
}
