//! Whether a token of a native client counts still, and signing out with it (native 1.2, 1.4).

use std::time::Duration;

use super::caller::{Caller as NativeCaller, is_too_weak};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::native::{NativeSignIn, is_built_in};
use crate::model::rate_limit::Rule;
use crate::model::session::SessionId;
use crate::model::strength::Acr;
use crate::secret::Secret;
use crate::steps::{enrolment, events, native_sign_in, throttle};
use crate::store::{self, native_sign_ins};

/// Whether the account wants two proofs and this sign-in rests on one that was given here, or a second factor is demanded of it and
/// overdue.
///
/// # Errors
/// When host or database do not answer.
pub async fn lacks_second_factor(auth: &Auth, caller: &NativeCaller) -> Result<bool, Error> {
    let proven = caller.authentication();
    let account = &caller.account;
    if proven.is_none_or(|proven| proven.acr == Acr::One) && is_too_weak(auth, account, (proven, &[])).await? {
        let methods = sign_in(auth, caller).await?.map(|sign_in| sign_in.methods).unwrap_or_default();
        return is_too_weak(auth, account, (proven, &methods)).await;
    }
    match enrolment::refuse_overdue(auth, account, None).await {
        Ok(()) => Ok(false),
        Err(Error::Refused(refusal)) if refusal.code == Code::FactorDemanded => {
            let session = sign_in(auth, caller).await?.map(|sign_in| sign_in.as_session());
            match enrolment::refuse_overdue(auth, account, session.as_ref()).await {
                Ok(()) => Ok(false),
                Err(Error::Refused(_)) => Ok(true),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

async fn sign_in(auth: &Auth, caller: &NativeCaller) -> Result<Option<NativeSignIn>, Error> {
    let family = caller.sign_in().to_owned();
    auth.store().look_up(move |c| Box::pin(async move { native_sign_ins::of_family(c, &family).await })).await
}

/// What a program is told whose token is over for a new password (native 1.2).
pub(crate) const PASSWORD_CHANGED: &str = "Token invalidated due to password change. Please log in again.";
/// How far a token's end may be from the change of a password that ended it.
const AROUND: Duration = Duration::from_secs(5);

/// Whether a token of a native client is over because the account got another password.
///
/// # Errors
/// When the database does not answer.
pub async fn was_ended_by_password(auth: &Auth, token: &Secret) -> Result<bool, Error> {
    let Some((token, app)) = auth.store().bearer(token.digest()).await? else { return Ok(false) };
    let (Some(at), Some(account)) = (token.revoked_at, token.account_id) else { return Ok(false) };
    Ok(is_built_in(app.id.as_str()) && got_password(auth, &account, at).await?)
}

/// Whether an account got another password at about this moment.
pub(super) async fn got_password(auth: &Auth, account: &AccountId, at: Timestamp) -> Result<bool, Error> {
    let (account, span) = (account.clone(), (at.minus(AROUND), at.plus(AROUND)));
    const KINDS: [EventKind; 3] = [EventKind::PasswordChanged, EventKind::PasswordSet, EventKind::ResetDone];
    let found = auth
        .store()
        .look_up(move |c| Box::pin(async move { store::events::happened_within(c, &account, &KINDS, span).await }));
    found.await
}

/// Counts a request of a SyncTV client to sign in, up or on, for its address (native 1.3).
///
/// # Errors
/// 429 beyond the limit.
pub async fn count_synctv(auth: &Auth, from: &Caller) -> Result<(), Error> {
    throttle::count_from(auth, Rule::SynctvAuth, from).await
}

/// Ends the sign-in that a token belongs to, and with it the token.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_out(auth: &Auth, caller: &NativeCaller, from: &Caller) -> Result<(), Error> {
    let (account, now) = (caller.account.id.clone(), auth.ambient().now());
    let event = events::event(auth, EventKind::SessionEnded, from).by(Actor::Account(account.clone()));
    let event = event.about(&account, &caller.account.username);
    let id = SessionId::new(caller.sign_in());
    native_sign_in::end(auth, move |c| {
        Box::pin(async move {
            if !native_sign_ins::end_own(c, &account, &id, now).await? {
                return Ok(((), Vec::new()));
            }
            store::events::add(c, event).await?;
            Ok(((), vec![id.as_str().to_owned()]))
        })
    })
    .await
}
