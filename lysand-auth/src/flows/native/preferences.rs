//! What an account has for two-step sign-in, as native clients count it (factors section 20).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::steps::{passkeys, second_step, session};
use crate::store::{factors, recovery_codes};

/// What an account can prove itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TwoStepFactors {
    /// Whether a single proof does not finish a sign-in.
    pub two_step: bool,
    /// Whether there is a password.
    pub password: bool,
    /// Whether there is a passkey that works here.
    pub passkey: bool,
    /// Whether there is a confirmed address.
    pub email: bool,
    /// Whether there is an authenticator app.
    pub totp: bool,
    /// How many recovery codes were not used. They never count.
    pub recovery_left: i64,
}

impl TwoStepFactors {
    /// How many of them count.
    #[must_use]
    pub fn eligible(&self) -> usize {
        [self.password, self.passkey, self.email, self.totp].into_iter().filter(|has| *has).count()
    }
}

/// What an account can prove itself with.
///
/// # Errors
/// When host or database do not answer.
pub async fn two_step_factors(auth: &Auth, account: &Account) -> Result<TwoStepFactors, Error> {
    let id = account.id.clone();
    let found = auth.store().look_up(move |c| {
        Box::pin(async move { Ok((factors::proven(c, &id).await?, recovery_codes::left(c, &id).await?)) })
    });
    let (apps, recovery_left) = found.await?;
    Ok(TwoStepFactors {
        two_step: session::credentials_of(auth, &account.id).await?.two_step,
        password: second_step::has_usable_password(auth, account).await?,
        passkey: !passkeys::working(auth, &account.id).await?.is_empty(),
        email: account.email.as_ref().is_some_and(|email| email.confirmed),
        totp: !apps.is_empty(),
        recovery_left,
    })
}
