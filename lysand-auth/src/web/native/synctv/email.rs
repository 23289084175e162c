//! Mails that prove an address, and that set a new password, by the token of their link (native 1.4).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::json;

use super::answer::{Answer, NO_MAIL, SynctvError};
use super::body::{Asked, Body};
use super::login::{LONGEST_PASSWORD, address};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::confirm_email::{self, LinkState};
use crate::flows::reset::{self, ResetError};
use crate::flows::sessions::Browser;
use crate::secret::Secret;
use crate::texts;

const VERIFICATION: &str = "If an account exists with this email, a verification code will be sent.";
const RESET: &str = "If an account exists with this email, a password reset code will be sent.";
const LONGEST_TOKEN: usize = 255;

fn dead_verification() -> SynctvError {
    SynctvError::unfit("Invalid or expired verification token")
}

fn dead_reset() -> SynctvError {
    SynctvError::unfit("Invalid or expired reset token")
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// `POST /api/email/verify/send`
pub(super) async fn send_verification(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let address = address(&asked, "email")?;
    if !confirm_email::is_offered(&auth) {
        return Err(SynctvError::unavailable(NO_MAIL));
    }
    confirm_email::send_to(&auth, &address, &asked.caller).await?;
    Ok(asked.ok(&auth, None, json!({ "message": VERIFICATION })))
}

/// `POST /api/email/verify/confirm`
pub(super) async fn confirm(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (address, token) = (address(&asked, "email")?, Secret::new(asked.text("token", LONGEST_TOKEN)?));
    match confirm_email::look(&auth, &token, &asked.caller).await? {
        LinkState::Live(link) if is_same(&link.email, &address) => {}
        _ => return Err(dead_verification()),
    }
    let confirmed = confirm_email::by_link(&auth, &token, None, &asked.caller).await.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::DeadLink => dead_verification(),
        error => error.into(),
    })?;
    let confirmed = confirmed.map_err(|problem| SynctvError::unfit(problem.sentence()))?;
    let told = json!({ "message": "Email verified successfully", "user_id": confirmed.account.id.as_str() });
    Ok(asked.ok(&auth, None, told))
}

/// `POST /api/email/password/reset`
pub(super) async fn send_reset(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let address = address(&asked, "email")?;
    if auth.config().sso.forced {
        return Err(SynctvError::no_passwords());
    }
    if !reset::is_offered(&auth) {
        return Err(SynctvError::unavailable(NO_MAIL));
    }
    let browser = Browser { caller: asked.caller.clone(), ..Browser::default() };
    match reset::forgot_in_app(&auth, &address, &browser).await? {
        Ok(()) => Ok(asked.ok(&auth, None, json!({ "message": RESET }))),
        Err(problem) => Err(SynctvError::unfit(problem.sentence())),
    }
}

/// `POST /api/email/password/confirm`
pub(super) async fn reset(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (address, token) = (address(&asked, "email")?, Secret::new(asked.text("token", LONGEST_TOKEN)?));
    let password = Secret::new(asked.text("new_password", LONGEST_PASSWORD)?);
    if auth.config().sso.forced {
        return Err(SynctvError::no_passwords());
    }
    let link = reset::look(&auth, &token, &asked.caller).await?;
    if !link.is_some_and(|link| is_same(&link.email, &address)) {
        return Err(dead_reset());
    }
    let done = reset::reset(&auth, &token, &password, &asked.caller).await.map_err(|error| match error {
        ResetError::Password(problem) if problem.description == texts::FIELD_COMMON => SynctvError::common_password(),
        ResetError::Password(problem) => SynctvError::unfit(problem.sentence()),
        ResetError::Refused(Error::Refused(refusal)) if refusal.code == Code::DeadLink => dead_reset(),
        ResetError::Refused(error) => error.into(),
    })?;
    let told = json!({ "message": "Password reset successfully", "user_id": done.account.id.as_str() });
    Ok(asked.ok(&auth, None, told))
}
