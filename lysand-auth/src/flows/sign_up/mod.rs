//! Signing up: a form becomes an account that waits for its address to be confirmed, or for staff.
//!
//! The order of the refusals is that of people PPL-50: limits, who may sign up at all, the fields (all at once), the proof of
//! work; then one hash, then one transaction.

mod attempt;
#[cfg(feature = "sso")]
mod by_provider;
mod by_staff;
mod challenge;
mod first_mail;
mod form;
mod make;
mod offer;
mod planned;
mod refusals;
mod with_passkey;

use self::attempt::Checked;
pub use self::attempt::{SignUp, SignUpError, SignUpPasskey};
#[cfg(feature = "sso")]
pub use self::by_provider::{ProviderOffer, SignedUpByProvider, by_provider, provider_offer};
pub use self::by_staff::{AccountByStaff, by_staff, is_offered_to_staff, require_maker};
pub use self::challenge::challenge;
use self::form::Asked;
pub use self::form::SignUpForm;
pub use self::make::SignedUp;
pub use self::offer::{Offer, OfferedRule, offer};
use self::refusals::{counted, not_admitted, refuse_exceeded};
pub use self::with_passkey::{BegunPasskey, is_offered_with_passkey};
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::Error;
use crate::host::offers::Offered;
use crate::model::app::App;
use crate::model::caller::Caller;
pub use crate::model::form_error::{FormError, FormErrors};
pub use crate::model::sign_up::{Road, WaitingState};
use crate::steps::new_tokens::IssuedToken;
use crate::steps::review_notice;
use crate::steps::{
    admission::{self, Admission},
    blocks,
};
use crate::texts;

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

async fn checked(
    auth: &Auth,
    form: &SignUpForm,
    (road, by_password): (Road, bool),
    caller: &Caller,
) -> Result<Checked, SignUpError> {
    let (admission, asked) = admitted(auth, form, (road, by_password), caller).await?;
    let work = challenge::checked(auth, form.altcha.as_deref(), road).await?;
    Ok(Checked { admission, asked, work })
}

/// Whether this form may become an account, its proof of work aside.
async fn admitted(
    auth: &Auth,
    form: &SignUpForm,
    (road, by_password): (Road, bool),
    caller: &Caller,
) -> Result<(Admission, Asked), SignUpError> {
    refuse_exceeded(auth, caller).await?;
    auth.offers(Offered::SignUp).await;
    let mode = admission::mode(auth, road);
    let is_reviewed = blocks::may_sign_up(auth, caller, road).await?;
    let invited = admission::invitation(auth, form.invite_code.as_deref(), Some(&form.email)).await?;
    let admission = admission::admit(mode, invited).map_err(|refused| not_admitted(auth, refused, mode, road))?;
    let mut asked = Asked::new(&auth.signups(), admission.needs_review);
    // Mastodon's route asks for it in any case (people PPL-46).
    asked.agreement |= road == Road::App;
    asked.password = by_password;
    // For the network alone nothing more is asked: the page does not know of it.
    let admission = admission.reviewed_if(is_reviewed);
    let mut errors = form::problems(auth, form, asked).await?;
    if road == Road::Page && form.homepage.as_deref().is_some_and(|filled| !filled.trim().is_empty()) {
        errors.push(FormError::new("homepage", "ERR_INVALID", texts::LEAVE_EMPTY));
    }
    let is_named_well = !errors.iter().any(|error| error.field == "username");
    if is_named_well
        && auth
            .accounts()
            .by_identifier(&form.username.trim().to_lowercase())
            .await
            .map_err(Error::from_host)?
            .is_some()
    {
        errors.push(form::taken("username"));
    }
    let is_told = road == Road::App && !auth.signups().hide_taken_addresses;
    let has_good_address = !errors.iter().any(|error| error.field == "email");
    if is_told && has_good_address {
        let owner = auth.accounts().by_email(form.email.trim()).await.map_err(Error::from_host)?;
        errors.extend(owner.map(|_| form::taken("email")));
    }
    match errors.is_empty() {
        true => Ok((admission, asked)),
        false => Err(SignUpError::Fields(FormErrors(errors))),
    }
}
