//! Signing in with name and password (native 1.4).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::json;

use super::answer::{Answer, BAD_CREDENTIALS, MALFORMED, MISSING, NO_MAIL, SynctvError};
use super::body::{Asked, Body};
use super::entities::first_step;
use crate::auth::Auth;
use crate::flows::native::{self, PasswordLogin, StepRefused};
use crate::secret::Secret;

pub(super) const LONGEST_NAME: usize = 50;
pub(super) const LONGEST_ADDRESS: usize = 254;
pub(super) const LONGEST_PASSWORD: usize = 128;
const EMAIL_ALONE: &str = "Email login token requires email only and cannot be combined with username or password.";
const CODE_SENT: &str = "If an active account exists with this email, a login code will be sent.";

/// `POST /api/auth/login`
pub(super) async fn login(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    if let Some(code) = asked.text_if_any("email_token", 255)? {
        return with_code(&auth, &asked, &code).await;
    }
    let identifier = identifier(&asked)?;
    let password = asked.text_if_any("password", LONGEST_PASSWORD)?;
    let password = password.ok_or_else(|| SynctvError::unfit("Password is required").with_code(MISSING))?;
    let login = PasswordLogin::new(asked.program(), identifier, Secret::new(password), asked.caller.clone());
    let step = native::begin_with_password(&auth, login).await?;
    Ok(asked.ok(&auth, None, first_step(&step)))
}

/// With a mailed code, and the address that it went to.
async fn with_code(auth: &Auth, asked: &Asked, code: &str) -> Answer {
    let address = address_if_any(asked, "email")?;
    let Some(address) = address.filter(|_| asked.value("username").is_none_or(|name| name == "")) else {
        return Err(SynctvError::unfit(EMAIL_ALONE));
    };
    if asked.value("password").is_some_and(|password| password != "") {
        return Err(SynctvError::unfit("email_token cannot be combined with password login"));
    }
    let given = (&*address, code);
    match native::begin_with_mail_code(auth, given, &asked.program(), &asked.caller).await {
        Ok(step) => Ok(asked.ok(auth, None, first_step(&step))),
        Err(StepRefused::Code) => {
            Err(SynctvError::unauthorized("Invalid or expired login code").with_code(BAD_CREDENTIALS))
        }
        Err(refused) => Err(refused.into()),
    }
}

/// `POST /api/auth/email/request`
pub(super) async fn request_code(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let address = address(&asked, "email")?;
    if !native::is_mail_login_offered(&auth) {
        return Err(SynctvError::unavailable(NO_MAIL));
    }
    native::ask_mail_code(&auth, &address, &asked.caller).await?;
    Ok(asked.ok(&auth, None, json!({ "message": CODE_SENT })))
}

/// Whom a request names: by a user name or by an address, never by both.
pub(super) fn identifier(asked: &Asked) -> Result<String, SynctvError> {
    let by_name = asked.text_if_any("username", LONGEST_NAME)?;
    match (by_name, address_if_any(asked, "email")?) {
        (Some(name), None) => Ok(name),
        (None, Some(address)) => Ok(address),
        _ => Err(SynctvError::unfit("Provide exactly one of username or email")),
    }
}

/// The same, where nobody need be named.
pub(super) fn identifier_if_any(asked: &Asked) -> Result<Option<String>, SynctvError> {
    match asked.value("username").is_some() || asked.value("email").is_some() {
        true => identifier(asked).map(Some),
        false => Ok(None),
    }
}

/// An address that must be there.
pub(super) fn address(asked: &Asked, name: &str) -> Result<String, SynctvError> {
    let missing = || SynctvError::unfit(format!("{name} is required")).with_code(MISSING);
    address_if_any(asked, name)?.ok_or_else(missing)
}

/// An address that may be left out.
pub(super) fn address_if_any(asked: &Asked, name: &str) -> Result<Option<String>, SynctvError> {
    let typed = asked.text_if_any(name, LONGEST_ADDRESS)?;
    let is_one = |typed: &String| {
        typed.trim().rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
            && !typed.chars().any(char::is_control)
    };
    match typed {
        Some(typed) if !is_one(&typed) => {
            Err(SynctvError::unfit(format!("{name} must be an email address")).with_code(MALFORMED))
        }
        typed => Ok(typed),
    }
}
