//! The own account (native 1.4).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::{Value, json};

use super::answer::{Answer, BAD_CREDENTIALS, MISSING, NOT_FRESH, SynctvError, done};
use super::body::{Asked, Body};
use super::caller::caller;
use super::entities::user;
use super::login::{LONGEST_NAME, LONGEST_PASSWORD};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::closing::{self, ClosingError};
use crate::flows::factors::own::{self, Act, OwnProof, Owner};
use crate::flows::native::{self, NativeCaller, PasswordRefused};
use crate::secret::Secret;
use crate::texts;

/// What is said where fewer than two factors are there, or would be left.
pub(super) const TOO_FEW: &str =
    "Two-factor authentication requires at least two usable verification methods: password, passkey, or verified email";

/// `GET /api/user`
pub(super) async fn own(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let caller = caller(&auth, &req).await?;
    Asked::bare(&auth, &req).ok_for(&auth, &caller, json!({ "user": user(&caller.account) })).await
}

/// `PATCH /api/user`
pub(super) async fn change(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = caller(&auth, &req).await?;
    let asked = Asked::of(&auth, &req, body)?;
    let username = asked.text_if_any("username", LONGEST_NAME)?;
    if username.is_some_and(|name| name != caller.account.username) {
        return Err(SynctvError::unfit("The username cannot be changed"));
    }
    if let Some(new) = asked.text_if_any("password", LONGEST_PASSWORD)? {
        let old = asked.text_if_any("old_password", LONGEST_PASSWORD)?.ok_or_else(|| {
            SynctvError::unfit("old_password is required when password is provided").with_code(MISSING)
        })?;
        let passwords = (&Secret::new(old), &Secret::new(new));
        native::change_password(&auth, &caller, passwords, &asked.caller).await.map_err(not_changed)?;
    }
    let told = json!({ "message": "User updated successfully", "username": caller.account.username });
    asked.ok_for(&auth, &caller, told).await
}

fn not_changed(refused: PasswordRefused) -> SynctvError {
    match refused {
        PasswordRefused::WrongPassword => {
            SynctvError::unauthorized("Invalid current password").with_code(BAD_CREDENTIALS)
        }
        PasswordRefused::SecondFactor => SynctvError::forbidden("Recent verification is required").with_code(NOT_FRESH),
        PasswordRefused::Unfit(error) if error.description == texts::FIELD_COMMON => SynctvError::common_password(),
        PasswordRefused::Unfit(error) => SynctvError::unfit(error.sentence()),
        PasswordRefused::Other(Error::Refused(refusal)) if refusal.code == Code::NotFound => {
            SynctvError::no_passwords()
        }
        PasswordRefused::Other(error) => error.into(),
    }
}

/// `GET /api/user/preferences`
pub(super) async fn preferences(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let caller = caller(&auth, &req).await?;
    let told = told(&auth, &caller).await?;
    Asked::bare(&auth, &req).ok_for(&auth, &caller, told).await
}

async fn told(auth: &Auth, caller: &NativeCaller) -> Result<Value, SynctvError> {
    let factors = native::two_step_factors(auth, &caller.account).await?;
    Ok(json!({
        "preferences": { "two_factor_enabled": factors.two_step },
        "auth_factors": {
            "password": factors.password,
            "webauthn": factors.passkey,
            "email": factors.email,
            "totp": factors.totp,
            "eligible_count": factors.eligible(),
        },
        "totp_recovery_codes_remaining": factors.recovery_left,
    }))
}

/// `PATCH /api/user/preferences`
pub(super) async fn change_preferences(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = caller(&auth, &req).await?;
    let asked = Asked::of(&auth, &req, body)?;
    let on = asked.truth_if_any("two_factor_enabled")?;
    let on = on.ok_or_else(|| SynctvError::unfit("No valid user preference fields provided"))?;
    let factors = native::two_step_factors(&auth, &caller.account).await?;
    if on && factors.eligible() < 2 {
        return Err(SynctvError::unfit(TOO_FEW));
    }
    let owner = owner(&auth, &caller).await?;
    let act = Act { owner: &owner, proof: &OwnProof::default(), caller: &asked.caller };
    own::set_two_step_with_mail(&auth, act, on, factors.email).await.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::Demanded => SynctvError::conflict(refusal.why),
        error => error.into(),
    })?;
    let told = told(&auth, &caller).await?;
    asked.ok_for(&auth, &caller, told).await
}

/// `DELETE /api/user/me`
pub(super) async fn close(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let caller = caller(&auth, &req).await?;
    let from = Asked::bare(&auth, &req).caller;
    let owner = owner(&auth, &caller).await?;
    match closing::close(&auth, &owner, &caller.account.username, None, &from).await {
        Ok(_) => Ok(done()),
        Err(ClosingError::Field(problem)) => Err(SynctvError::unfit(problem.sentence())),
        Err(ClosingError::Refused(error)) => Err(error.into()),
    }
}

/// Whoever calls, as they change something of their own.
pub(super) async fn owner(auth: &Auth, caller: &NativeCaller) -> Result<Owner, SynctvError> {
    let acting = caller.acting();
    Ok(Owner::with_token(auth, &acting, caller.account.clone()).await?)
}
