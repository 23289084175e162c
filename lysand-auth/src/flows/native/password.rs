//! Changing the own password with a native client (native 2.7). Everything ends but the sign-in that does it.

use super::caller::Caller as NativeCaller;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::FormError;
use crate::secret::Secret;
use crate::steps::ending::Spared;
use crate::steps::mail::Outgoing;
use crate::steps::new_password::{self, NotSet, PasswordChange};
use crate::steps::presence::Present;
use crate::steps::{events, proof, recovery, session};
use crate::store::tokens::SparedTokens;

/// Why the password stays as it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum PasswordRefused {
    /// The password so far is another, or there is none.
    WrongPassword,
    /// A sign-in needs two proofs, and this one gave none of them lately.
    SecondFactor,
    /// The new one cannot be one.
    Unfit(FormError),
    /// Everything else.
    Other(Error),
}

impl From<Error> for PasswordRefused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Replaces the password.
///
/// # Errors
/// Why not.
pub async fn change_password(
    auth: &Auth,
    caller: &NativeCaller,
    (current, new): (&Secret, &Secret),
    from: &Caller,
) -> Result<(), PasswordRefused> {
    recovery::require_passwords(auth).await?;
    let account = &caller.account;
    let known = session::credentials_of(auth, &account.id).await?;
    let acting = caller.acting();
    let (present, _) = Present::with_token(auth, &acting, account).await?;
    if known.two_step && !present.has_given_two() {
        return Err(PasswordRefused::SecondFactor);
    }
    // A guess is one, whatever is wrong beside it; what cannot be a password costs none.
    if let Some(problem) = new_password::problem(auth, account, new).await? {
        return Err(PasswordRefused::Unfit(problem));
    }
    match proof::by_password(auth, account, Some(current), from.source, None).await {
        Ok(()) => {}
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            return Err(PasswordRefused::WrongPassword);
        }
        Err(error) => return Err(error.into()),
    }
    let event = events::event(auth, EventKind::PasswordChanged, from).by(Actor::Account(account.id.clone()));
    let tokens = SparedTokens { id: Some(acting.id.clone()), family: acting.family.clone(), lasting: false };
    let change = PasswordChange {
        token: None,
        sign_in: None,
        demands: None,
        proven_with: Some(known),
        spared: Spared { session: None, tokens },
        session: None,
        begins: None,
        notice: Outgoing::to_confirmed(auth, account, new_password::changed(auth, from)),
        event: event.about(&account.id, &account.username),
        now: auth.ambient().now(),
    };
    match new_password::set(auth, account, new, change).await {
        Ok(()) => Ok(()),
        Err(NotSet::Unfit(problem)) => Err(PasswordRefused::Unfit(problem)),
        Err(NotSet::Lost) => Err(PasswordRefused::WrongPassword),
        Err(NotSet::Failed(error)) => Err(error.into()),
    }
}
