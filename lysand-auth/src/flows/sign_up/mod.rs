//! Signing up: a form becomes an account that waits for its address to be confirmed, or for staff (people §2, §3).
//!
//! The order of the refusals is that of people PPL-50: limits, who may sign up at all, the fields (all at once), the proof of
//! work; then one hash, then one transaction.

mod attempt;
#[cfg(feature = "sso")]
mod by_provider;
mod challenge;
mod form;
mod make;
mod offer;

use self::attempt::Checked;
pub use self::attempt::{SignUp, SignUpError};
#[cfg(feature = "sso")]
pub use self::by_provider::{ProviderOffer, SignedUpByProvider, by_provider, provider_offer};
pub use self::challenge::challenge;
use self::form::Asked;
pub use self::form::SignUpForm;
pub use self::make::SignedUp;
pub use self::offer::{Offer, OfferedRule, offer};
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::{Code, Error};
use crate::model::app::App;
use crate::model::caller::Caller;
use crate::model::event::EventKind;
pub use crate::model::form_error::{FormError, FormErrors};
use crate::model::rate_limit::Rule;
pub use crate::model::sign_up::{Road, WaitingState};
use crate::steps::admission::{self, Refused};
use crate::steps::new_tokens::IssuedToken;
use crate::steps::{events, review_notice, throttle};
use crate::store::rate_limits;
use crate::texts;

/// Who may sign up at present by a road.
#[must_use]
pub fn mode(auth: &Auth, road: Road) -> Mode {
    admission::mode(auth, road)
}

/// Signs somebody up by the page or by JSON.
///
/// # Errors
/// 403 when nobody may sign up, or an invitation is needed; the fields that are wrong, all at once; 429 beyond the limits.
pub async fn sign_up(auth: &Auth, sign_up: SignUp) -> Result<SignedUp, SignUpError> {
    match checked(auth, &sign_up.form, sign_up.road, &sign_up.caller).await {
        Ok(checked) => {
            let signed_up = make::waiting(auth, sign_up, checked).await?;
            if signed_up.state == WaitingState::Pending {
                review_notice::try_tell(auth).await;
            }
            Ok(signed_up)
        }
        Err(error) => Err(counted(auth, &sign_up.caller, sign_up.road, error).await),
    }
}

/// Signs somebody up through an app, which gets a token for the account at once (Mastodon §12.1).
///
/// # Errors
/// 403 `Forbidden` when nobody may sign up; the fields that are wrong; 429 beyond the limits.
pub async fn through_app(auth: &Auth, app: &App, form: SignUpForm, caller: Caller) -> Result<IssuedToken, SignUpError> {
    match checked(auth, &form, Road::App, &caller).await {
        Ok(checked) => make::with_token(auth, app, (form, caller), checked).await,
        Err(error) => Err(counted(auth, &caller, Road::App, error).await),
    }
}

async fn checked(auth: &Auth, form: &SignUpForm, road: Road, caller: &Caller) -> Result<Checked, SignUpError> {
    refuse_exceeded(auth, caller).await?;
    let mode = admission::mode(auth, road);
    let invited = admission::invitation(auth, form.invite_code.as_deref(), Some(&form.email)).await?;
    let admission = admission::admit(mode, invited).map_err(|refused| not_admitted(auth, refused, mode, road))?;
    let mut asked = Asked::new(&auth.config().signups, admission.needs_review);
    // Mastodon's route asks for it in any case (people PPL-46).
    asked.agreement |= road == Road::App;
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
    let is_told = road == Road::App && !auth.config().signups.hide_taken_addresses;
    let has_good_address = !errors.iter().any(|error| error.field == "email");
    if is_told && has_good_address {
        let owner = auth.accounts().by_email(form.email.trim()).await.map_err(Error::from_host)?;
        errors.extend(owner.map(|_| form::taken("email")));
    }
    if !errors.is_empty() {
        return Err(SignUpError::Fields(FormErrors(errors)));
    }
    let work = challenge::checked(auth, form.altcha.as_deref(), road).await?;
    Ok(Checked { admission, asked, work })
}

/// Why somebody may not sign up, in the words of the road (people PPL-32).
fn not_admitted(auth: &Auth, refused: Refused, mode: Mode, road: Road) -> SignUpError {
    let forbidden = |why: String| SignUpError::Refused(Error::refused(Code::SignUpRefused, why));
    let invalid = || FormError::new("invite_code", "ERR_INVALID", texts::INVALID_INVITATION).into();
    match (refused, road) {
        (Refused::InvalidInvitation, Road::App) if mode == Mode::Invitation => forbidden("Forbidden".to_owned()),
        (Refused::InvalidInvitation, _) => invalid(),
        (_, Road::App) => forbidden("Forbidden".to_owned()),
        (Refused::NeedsInvitation, _) => forbidden(texts::NEEDS_INVITATION.to_owned()),
        (Refused::Closed, _) => match auth.config().signups.message.trim() {
            "" => forbidden(texts::SIGN_UP_CLOSED.to_owned()),
            message => forbidden(message.to_owned()),
        },
    }
}

/// Refuses an address that is beyond a limit already, before anything is looked up for it.
async fn refuse_exceeded(auth: &Auth, caller: &Caller) -> Result<(), Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let Some(network) = caller.limited_as() else { return Ok(()) };
    for rule in [Rule::SignupTries, Rule::SignupAddress] {
        let Some(counter) = limits.counter(rule, &network) else { continue };
        throttle::refuse_exceeded(auth, counter, texts::TOO_MANY_REQUESTS)?;
        let counted = auth.store().look_up(move |c| Box::pin(rate_limits::counted(c, counter, now))).await?;
        if counted >= i64::from(counter.limit.max) {
            return Err(throttle::exceeded(auth, counter, texts::TOO_MANY_REQUESTS));
        }
    }
    Ok(())
}

/// Counts a refused form for its address, and records it once: without name and address (people PPL-160, PPL-187).
async fn counted(auth: &Auth, caller: &Caller, road: Road, error: SignUpError) -> SignUpError {
    let is_of_server = matches!(&error, SignUpError::Refused(Error::Failed(_)));
    let is_limit = matches!(&error, SignUpError::Refused(Error::Refused(refusal)) if refusal.retry_after.is_some());
    if is_of_server || is_limit {
        return error;
    }
    let reason = match &error {
        SignUpError::Fields(errors) => errors.0.first().map_or("fields", |error| error.field),
        SignUpError::Refused(_) => "not_admitted",
    };
    let event = events::event(auth, EventKind::SignUpRefused, caller).refused();
    let event = event.with("road", road.name()).with("reason", reason);
    let now = auth.ambient().now();
    let counter =
        caller.limited_as().and_then(|network| auth.config().rate_limits.counter(Rule::SignupTries, &network));
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(counter) = counter {
                rate_limits::count(c, counter, now).await?;
            }
            crate::store::events::add(c, event).await
        })
    });
    match kept.await {
        Ok(()) => error,
        Err(failed) => failed.into(),
    }
}
