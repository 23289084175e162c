//! Codes for devices in toki's forms (native 2.5).

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::answer::{Answer, TokiError, ok, secret, tokens};
use super::body::{Body, Members};
use super::caller::caller;
use super::me::BY_ALIAS;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::device::{INTERVAL, LIFETIME, PAGE};
use crate::flows::native::{self, DevicePoll, DeviceVerified, Dialect, Program};
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::web::kit::session;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::JsonBody;
use crate::web::wire::request::{self as wire, bearer};

/// `POST /auth/device/code`, and `POST /device/code`
pub(super) async fn code(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let name = device_text(&body.members()?, "device_name")?;
    let caller = wire::caller(&req, auth.config());
    let codes = native::begin_device(&auth, Dialect::Toki, name, &caller).await?;
    let (page, user_code) = (page_address(&auth), codes.user_code.shown());
    Ok(ok(&json!({
        "device_code": codes.device_code.expose(),
        "user_code": user_code,
        "verification_uri": page,
        "verification_url": page,
        "verification_uri_complete": with_query(&page, [("user_code", user_code.as_str())]),
        "expires_in": LIFETIME.as_secs(),
        "interval": INTERVAL.as_secs(),
    })))
}

/// Where a person types the code.
pub(super) fn page_address(auth: &Auth) -> String {
    auth.config().base_url.join(&format!("{}{PAGE}", auth.config().native.toki.prefix))
}

/// `GET /device` behind a prefix: the page stands without one.
pub(super) async fn to_page(auth: Data<Auth>, req: HttpRequest) -> HttpResponse {
    let params = Params::of_query(&req);
    let code = ["user_code", "device"].into_iter().find_map(|name| params.last_text(name));
    let code = code.as_deref().map(|code| ("user_code", code));
    redirect(&with_query(&auth.config().base_url.join(PAGE), code))
}

/// `POST /auth/device/token`
pub(super) async fn token(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let polled = polled(&auth, &req, body, None).await?;
    let refusal = |status: u16, name: &'static str| Err(TokiError::named(status, name));
    match polled {
        DevicePoll::Tokens(issued) => Ok(tokens(&issued)),
        DevicePoll::Pending => refusal(428, "authorization_pending"),
        DevicePoll::TooSoon(interval) => Ok(slow_down(interval)),
        DevicePoll::Denied => refusal(400, "access_denied"),
        DevicePoll::Over => refusal(400, "expired_token"),
    }
}

/// `POST /device/token`: as the published command line reads it, which ends on 428.
pub(super) async fn token_of_command_line(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let polled = polled(&auth, &req, body, Some(BY_ALIAS)).await?;
    let refusal = |status: u16, name: &'static str| Err(TokiError::named(status, name));
    match polled {
        DevicePoll::Tokens(issued) => Ok(tokens(&issued)),
        DevicePoll::Pending => refusal(400, "authorization_pending"),
        DevicePoll::TooSoon(interval) => Ok(slow_down(interval)),
        DevicePoll::Denied => refusal(400, "access_denied"),
        DevicePoll::Over => refusal(410, "expired_token"),
    }
}

async fn polled(
    auth: &Auth,
    req: &HttpRequest,
    body: Body,
    origin: Option<&'static str>,
) -> Result<DevicePoll, TokiError> {
    let members = body.members()?;
    let code = Secret::new(members.text("device_code")?);
    let program = Program::of(Dialect::Toki).on_device(device_text(&members, "device_key")?);
    let program = program.named(device_text(&members, "device_name")?).begun_by(origin);
    Ok(native::poll_device(auth, &program, &code, &wire::caller(req, auth.config())).await?)
}

fn slow_down(interval: Duration) -> HttpResponse {
    secret(HttpResponse::BadRequest().json_body(&json!({ "error": "slow_down", "interval": interval.as_secs() })))
}

fn device_text(members: &Members, name: &str) -> Result<Option<String>, TokiError> {
    match members.text_if_any(name)? {
        Some(sent) if !native::is_device_text(&sent) => {
            Err(TokiError::unfit(format!("{name} must be 1-64 characters without control characters")))
        }
        sent => Ok(sent),
    }
}

/// `POST /auth/device/verify`: somebody who is signed in, with a program or a browser, says yes.
pub(super) async fn verify(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let browser = who(&auth, &req).await?;
    let typed = body.members()?.text("user_code")?;
    let from = wire::caller(&req, auth.config());
    match native::verify_device(&auth, Dialect::Toki, (&browser, &typed), &from).await {
        Ok(DeviceVerified::Yes) => Ok(ok(&json!({ "verified": true }))),
        Ok(DeviceVerified::Unknown) => Err(TokiError::missing("invalid or expired code")),
        Ok(DeviceVerified::Already) => Err(TokiError::conflict("code already approved")),
        Ok(DeviceVerified::Over) => Err(TokiError::new(StatusCode::GONE, "code expired")),
        Err(Error::Refused(refusal)) if refusal.code == Code::FactorRequired => {
            Err(TokiError::forbidden("second factor required"))
        }
        Err(error) => Err(error.into()),
    }
}

/// By the token of a sign-in of this dialect; else by the cookie, where the request is our own page's.
async fn who(auth: &Auth, req: &HttpRequest) -> Result<SignedInBrowser, TokiError> {
    let invalid = || TokiError::unauthorized("invalid or expired token");
    if bearer(req.headers()).is_some() || req.headers().contains_key("authorization") {
        let caller = caller(auth, req).await?;
        return native::as_browser(auth, &caller).await?.ok_or_else(invalid);
    }
    wire::same_origin(req, auth).map_err(|_| TokiError::unauthorized("missing Authorization header"))?;
    let browser = session::for_sign_in(auth, req).await?.0;
    browser.ok_or_else(|| TokiError::unauthorized("missing Authorization header"))
}
