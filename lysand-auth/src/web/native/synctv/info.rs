//! Tickets for streams, and what programs are told before they sign in (native 1.4).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::answer::{Answer, MALFORMED, SynctvError};
use super::body::{Asked, Body};
use super::caller::caller;
use super::names::in_camel;
use crate::auth::Auth;
use crate::config::Names;
use crate::error::Error;
use crate::flows::{sign_up, tickets};
use crate::web::wire::reply;

const LONGEST_ROOM: usize = 64;
const USAGE: &str = "Connect to /ws/rooms/<room_id>?ticket=<ticket> within 30 seconds; a ticket opens one connection.";

/// `POST /api/tickets`
pub(super) async fn ticket(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = caller(&auth, &req).await?;
    let asked = Asked::of(&auth, &req, body)?;
    let room = asked.text("room_id", LONGEST_ROOM)?;
    if !room.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Err(SynctvError::unfit("room_id may only contain letters, digits, _ and -").with_code(MALFORMED));
    }
    let ticket = tickets::issue(&auth, &caller.bearer, &room).await.map_err(|error| match error {
        Error::Failed(_) => SynctvError::from(error).unavailable_instead(),
        error => error.into(),
    })?;
    let told = json!({
        "ticket": ticket.expose(),
        "room_id": room,
        "expires_in_secs": tickets::LIFETIME.as_secs(),
        "usage": USAGE,
    });
    asked.ok_for(&auth, &caller, told).await
}

/// `GET /api/public/settings`
pub(super) async fn settings(auth: Data<Auth>) -> HttpResponse {
    let told = sign_up::synctv_settings(&auth).await;
    let body = json!({
        "enable_password_signup": told.password.is_open(),
        "password_signup_need_review": told.password.is_reviewed(),
        "enable_email_signup": told.email.is_open(),
        "email_signup_need_review": told.email.is_reviewed(),
        "enable_webauthn_signup": told.passkey.is_open(),
        "webauthn_signup_need_review": told.passkey.is_reviewed(),
        "email_whitelist_enabled": told.email_domains_are_listed,
    });
    let is_camel = auth.config().native.synctv.names == Names::Camel;
    reply::json(&if is_camel { in_camel(body) } else { body })
}
