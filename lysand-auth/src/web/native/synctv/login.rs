//! Signing in with name and password (native 1.4).

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::answer::{Answer, MALFORMED, MISSING, SynctvError};
use super::body::{Asked, Body};
use super::entities::first_step;
use crate::auth::Auth;
use crate::flows::native::{self, PasswordLogin};
use crate::secret::Secret;

pub(super) const LONGEST_NAME: usize = 50;
pub(super) const LONGEST_ADDRESS: usize = 254;
pub(super) const LONGEST_PASSWORD: usize = 128;

/// `POST /api/auth/login`
pub(super) async fn login(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    if asked.text_if_any("email_token", 255)?.is_some() {
        return Err(SynctvError::unfit("email_token cannot be combined with password login"));
    }
    let identifier = identifier(&asked)?;
    let password = asked.text_if_any("password", LONGEST_PASSWORD)?;
    let password = password.ok_or_else(|| SynctvError::unfit("Password is required").with_code(MISSING))?;
    let login = PasswordLogin::new(asked.program(), identifier, Secret::new(password), asked.caller.clone());
    let step = native::begin_with_password(&auth, login).await?;
    Ok(asked.ok(&auth, None, first_step(&step)))
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
