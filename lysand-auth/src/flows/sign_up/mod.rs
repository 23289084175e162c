//! Signing up: a form becomes an account that waits for its address to be confirmed, or for staff.
//!
//! The order of the refusals is that of people PPL-50: limits, who may sign up at all, the fields (all at once), the proof of
//! work; then one hash, then one transaction.

mod admit;
mod attempt;
#[cfg(feature = "native")]
mod by_admin;
#[cfg(feature = "sso")]
mod by_provider;
mod by_staff;
mod challenge;
mod first_mail;
mod form;
mod make;
#[cfg(feature = "native")]
mod native;
mod offer;
mod planned;
mod refusals;
#[cfg(feature = "native")]
mod synctv;
mod with_passkey;

use self::admit::{admitted, checked};
pub use self::attempt::{SignUp, SignUpError, SignUpPasskey};
#[cfg(feature = "native")]
pub use self::by_admin::by_admin;
#[cfg(all(feature = "sso", feature = "native", feature = "actix"))]
pub(crate) use self::by_provider::{MadeAtOnce, at_once};
#[cfg(feature = "sso")]
pub use self::by_provider::{ProviderOffer, SignedUpByProvider, by_provider, provider_offer};
pub use self::by_staff::{AccountByStaff, by_staff, is_offered_to_staff, require_maker};
pub use self::challenge::challenge;
pub use self::form::SignUpForm;
pub use self::make::SignedUp;
#[cfg(feature = "native")]
pub use self::native::{
    FOREIGN_LETTER, NativeMode, NativeRefused, NativeSignUp, SignedUpNatively, by_native_client, native_mode,
};
pub use self::offer::{Offer, OfferedRule, offer};
use self::refusals::counted;
#[cfg(feature = "native")]
pub use self::synctv::{
    SynctvSettings, begin_synctv_passkey, by_synctv, finish_synctv_passkey, is_waiting, synctv_settings,
};
pub use self::with_passkey::{BegunPasskey, is_offered_with_passkey};
use crate::auth::Auth;
use crate::config::Mode;
use crate::model::app::App;
use crate::model::caller::Caller;
pub use crate::model::form_error::{FormError, FormErrors};
pub use crate::model::sign_up::{Road, WaitingState};
use crate::steps::admission;
use crate::steps::new_tokens::IssuedToken;
use crate::steps::review_notice;

/// Who may sign up at present by a road.
#[must_use]
pub fn mode(auth: &Auth, road: Road) -> Mode {
    admission::mode(auth, road)
}

/// Signs somebody up by the page or by JSON, with a password or with a passkey.
///
/// # Errors
/// 403 when nobody may sign up, or an invitation is needed; the fields that are wrong, all at once; 429 beyond the limits. With a
/// passkey: 404 where that is not offered; `WrongPasskey`; `Conflict` when somebody has it already.
pub async fn sign_up(auth: &Auth, mut sign_up: SignUp) -> Result<SignedUp, SignUpError> {
    if sign_up.passkey.is_some() {
        with_passkey::require(auth).await?;
        sign_up.form.password = None;
    }
    let whole = async {
        let checked = checked(auth, &sign_up.form, (sign_up.road, sign_up.passkey.is_none()), &sign_up.caller).await?;
        Ok((checked, with_passkey::made(auth, &sign_up).await?))
    };
    match whole.await {
        Ok((checked, passkey)) => {
            let signed_up = make::waiting(auth, sign_up, checked, passkey).await?;
            if signed_up.state == WaitingState::Pending {
                review_notice::try_tell(auth).await;
            }
            Ok(signed_up)
        }
        Err(error) => Err(counted(auth, &sign_up.caller, sign_up.road, error).await),
    }
}

/// Begins a sign-up with a passkey: all fields are checked but the password, and nothing is kept (FAC-81).
///
/// # Errors
/// As [`sign_up`], but for what only the passkey can have wrong.
pub async fn begin_with_passkey(auth: &Auth, sign_up: &SignUp) -> Result<BegunPasskey, SignUpError> {
    with_passkey::require(auth).await?;
    let good = async {
        admitted(auth, &sign_up.form, (sign_up.road, false), &sign_up.caller).await?;
        match &sign_up.form.altcha {
            // What is missing still is asked for with the passkey.
            None => Ok(()),
            Some(sent) => challenge::checked(auth, Some(sent), sign_up.road).await.map(drop),
        }
    };
    match good.await {
        Ok(()) => Ok(with_passkey::begun(auth, sign_up).await?),
        Err(error) => Err(counted(auth, &sign_up.caller, sign_up.road, error).await),
    }
}

/// Signs somebody up through an app, which gets a token for the account at once (Mastodon §12.1).
///
/// # Errors
/// 403 `Forbidden` when nobody may sign up; the fields that are wrong; 429 beyond the limits.
pub async fn through_app(auth: &Auth, app: &App, form: SignUpForm, caller: Caller) -> Result<IssuedToken, SignUpError> {
    match checked(auth, &form, (Road::App, true), &caller).await {
        Ok(checked) => make::with_token(auth, app, (form, caller), checked).await,
        Err(error) => Err(counted(auth, &caller, Road::App, error).await),
    }
}
