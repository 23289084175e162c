//! Signing up with a program (native 2.4, NAT-28).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::json;

use super::answer::{Answer, TokiError, created};
use super::body::Body;
use crate::auth::Auth;
use crate::flows::sign_up::{self, FormError, NativeRefused, NativeSignUp, WaitingState};
use crate::secret::Secret;
use crate::web::wire::request as wire;

/// The rule of passwords in the words of toki's document.
pub(super) const PASSWORD_LENGTH: &str = "password must be 8-128 characters";

/// `POST /register`
pub(super) async fn register(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let members = body.members()?;
    let (username, password) = (members.text("username")?, Secret::new(members.text("password")?));
    let form = NativeSignUp::new(username, password, wire::caller(&req, auth.config()));
    let made = sign_up::by_native_client(&auth, &form).await.map_err(refused)?;
    let mut entity = json!({ "id": made.account.id.as_str(), "username": made.account.username });
    if made.state == WaitingState::Pending {
        entity["status"] = "pending".into();
    }
    Ok(created(&entity))
}

pub(super) fn refused(refused: NativeRefused) -> TokiError {
    match refused {
        NativeRefused::Closed => TokiError::forbidden("registration is disabled"),
        NativeRefused::Field(error) => field(&error),
        NativeRefused::Other(error) => error.into(),
    }
}

/// What is wrong with a field, in the words of toki's document; else in the host's own.
pub(super) fn field(error: &FormError) -> TokiError {
    match (error.field, error.code) {
        ("username", "ERR_TAKEN") => TokiError::conflict("username already exists"),
        ("username", "ERR_BLANK" | "ERR_TOO_SHORT" | "ERR_TOO_LONG") => {
            TokiError::unfit("username must be 3-32 characters")
        }
        ("username", sign_up::FOREIGN_LETTER) => TokiError::unfit("username may only contain letters, digits, _, -, ."),
        ("password", "ERR_BLANK" | "ERR_TOO_SHORT" | "ERR_TOO_LONG") => TokiError::unfit(PASSWORD_LENGTH),
        _ => TokiError::unfit(error.sentence()),
    }
}
