//! The password as the second proof of a sign-in that began with a passkey or a mailed code (FAC-52).

use super::sign_in::{Finished, LastStep, finish};
use crate::auth::Auth;
use crate::error::{Error, PendingClaim};
use crate::model::factors::FactorKind;
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::{factor_answer, pending};

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
    let answered = match factor_answer::by_password(auth, &open, password, &browser.caller).await {
        Ok(completion) => finish(auth, open, LastStep::proven(FactorKind::Password, completion), browser).await,
        Err(error) => Err(error),
    };
    answered.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account), source, error))
}
