//! The second proof of a sign-in that waits (native 1.4, 1.5).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::{Value, json};

use super::answer::{Answer, BAD_CREDENTIALS, MALFORMED, SynctvError};
use super::body::{Asked, Body};
use super::entities::signed_in;
use super::login::LONGEST_PASSWORD;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::native::{FactorKind, SecondStep, SignedInNatively, StepRefused};
use crate::secret::Secret;

/// The longest code that is looked at, in characters.
const LONGEST_CODE: usize = 255;

fn step(asked: &Asked) -> Result<SecondStep, SynctvError> {
    Ok(SecondStep::new(asked.program(), asked.handle("mfa_session_id")?, asked.caller.clone()))
}

fn answered(auth: &Auth, asked: &Asked, done: &SignedInNatively) -> Answer {
    Ok(asked.ok(auth, done.origin.as_deref(), signed_in(done)))
}

/// `POST /api/auth/mfa/email/request`
pub(super) async fn request_code(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let step = step(&asked)?;
    let masked = step.mail_code(&auth).await?;
    let origin = step.origin(&auth).await?;
    let told = json!({ "message": "A verification code was sent.", "masked_email": masked });
    Ok(asked.ok(&auth, origin.as_deref(), told))
}

/// `POST /api/auth/mfa/email/verify`
pub(super) async fn email(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (step, code) = (step(&asked)?, asked.text("email_token", LONGEST_CODE)?);
    let no_code = || SynctvError::unauthorized("Invalid or expired login code").with_code(BAD_CREDENTIALS);
    match step.with_code(&auth, FactorKind::Email, &code).await {
        Ok(done) => answered(&auth, &asked, &done),
        Err(StepRefused::Code) => Err(no_code()),
        // What is no code of ours cannot be the right one.
        Err(StepRefused::Other(Error::Refused(refusal))) if refusal.code == Code::Validation => Err(no_code()),
        Err(refused) => Err(refused.into()),
    }
}

/// `POST /api/auth/mfa/totp/verify`
pub(super) async fn totp(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (step, code) = (step(&asked)?, asked.text("code", LONGEST_CODE)?);
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SynctvError::unfit("code must be 6 digits").with_code(MALFORMED));
    }
    let done = step.with_code(&auth, FactorKind::Totp, &code).await?;
    answered(&auth, &asked, &done)
}

/// `POST /api/auth/mfa/recovery-code/verify`
pub(super) async fn recovery_code(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (step, code) = (step(&asked)?, asked.text("recovery_code", LONGEST_CODE)?);
    let done = step.with_code(&auth, FactorKind::Recovery, &code).await?;
    answered(&auth, &asked, &done)
}

/// `POST /api/auth/mfa/password/verify`
pub(super) async fn password(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (step, password) = (step(&asked)?, asked.text("password", LONGEST_PASSWORD)?);
    let done = step.with_password(&auth, &Secret::new(password)).await?;
    answered(&auth, &asked, &done)
}

/// `POST /api/auth/mfa/passkeys/start`
pub(super) async fn start_passkey(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let step = step(&asked)?;
    let (handle, options) = step.passkey_options(&auth).await?;
    let origin = step.origin(&auth).await?;
    let told = json!({ "passkey_session_id": handle.expose(), "options": options_of(&options)? });
    Ok(asked.ok(&auth, origin.as_deref(), told))
}

/// `POST /api/auth/mfa/passkeys/finish`
pub(super) async fn finish_passkey(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (step, handle) = (step(&asked)?, asked.handle("passkey_session_id")?);
    let done = step.with_passkey(&auth, (&handle, &asked.credential()?)).await?;
    answered(&auth, &asked, &done)
}

/// Options for a browser, as an object.
pub(super) fn options_of(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(Error::failed)
}
