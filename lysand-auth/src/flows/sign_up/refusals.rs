//! Why somebody does not sign up, and what is counted of it.

use super::attempt::SignUpError;
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::{Code, Error};
use crate::model::caller::Caller;
use crate::model::event::EventKind;
use crate::model::form_error::FormError;
use crate::model::rate_limit::Rule;
use crate::model::sign_up::Road;
use crate::steps::admission::Refused;
use crate::steps::{events, throttle};
use crate::store::rate_limits;
use crate::texts;

/// Why somebody may not sign up, in the words of the road (people PPL-32).
pub(super) fn not_admitted(auth: &Auth, refused: Refused, mode: Mode, road: Road) -> SignUpError {
    let forbidden = |why: String| SignUpError::Refused(Error::refused(Code::SignUpRefused, why));
    let invalid = || FormError::new("invite_code", "ERR_INVALID", texts::INVALID_INVITATION).into();
    match (refused, road) {
        (Refused::InvalidInvitation, Road::App) if mode == Mode::Invitation => forbidden("Forbidden".to_owned()),
        (Refused::InvalidInvitation, _) => invalid(),
        (_, Road::App) => forbidden("Forbidden".to_owned()),
        (Refused::NeedsInvitation, _) => forbidden(texts::NEEDS_INVITATION.to_owned()),
        (Refused::Closed, _) => match auth.signups().message.trim() {
            "" => forbidden(texts::SIGN_UP_CLOSED.to_owned()),
            message => forbidden(message.to_owned()),
        },
    }
}

/// Refuses an address that is beyond a limit already, before anything is looked up for it.
pub(super) async fn refuse_exceeded(auth: &Auth, caller: &Caller) -> Result<(), Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let Some(network) = caller.limited_as() else { return Ok(()) };
    for rule in [Rule::SignupTries, Rule::SignupAddress] {
        let Some(counter) = limits.counter(rule, &network) else { continue };
        throttle::refuse_exceeded(auth, counter, texts::TOO_MANY_REQUESTS)?;
        let counted = auth.store().look_up(move |c| Box::pin(rate_limits::counted(c, counter, now))).await?;
        if counted >= i64::from(counter.limit.max) {
            return Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await);
        }
    }
    Ok(())
}

/// Counts a refused form for its address, and records it once: without name and address (people PPL-160, PPL-187).
pub(super) async fn counted(auth: &Auth, caller: &Caller, road: Road, error: SignUpError) -> SignUpError {
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
