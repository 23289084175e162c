//! Signing up for custom frontends and programs: the same journey in JSON (people PPL-38, PPL-39, PPL-63).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::entities;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorize;
use crate::flows::sign_up::{self, Road, SignUp};
use crate::flows::{confirm_email, waiting};
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::web::kit::documents::offered_providers;
use crate::web::kit::surfaces::of_request;
use crate::web::pages::authorization_request::{ECHOED, request};
use crate::web::wire::params::{Params, Received};
pub(super) use crate::web::wire::reply::private;
use crate::web::wire::reply::{ApiError, JsonBody, field_errors, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// `GET /api/v1/auth/signup`
pub(super) async fn offer(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let params = received.0?;
    let invite = params.last_text("invite");
    let offer = sign_up::offer(&auth, invite.as_deref()).await?;
    let rules: Vec<Value> = offer.rules.iter().map(|rule| json!({ "id": rule.id, "text": rule.text })).collect();
    let mut answer = reply(&json!({
        "mode": offer.mode.name(),
        "invitation": offer.invitation.map(|usable| if usable { "valid" } else { "invalid" }),
        "fields": { "reason": offer.reason, "date_of_birth": offer.date_of_birth },
        "password": { "min": 8, "max": 128 },
        "username": { "max": 30 },
        "minimum_age": offer.minimum_age,
        "tos_url": offer.tos_url,
        "rules": rules,
        "proof_of_work": offer.proof_of_work,
        "passkey": offer.passkey,
        "providers": offered_providers(&auth, of_request(&req)),
        "message": offer.message,
    }));
    let caching = if invite.is_some() { "no-store" } else { "public, max-age=60" };
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    Ok(answer)
}

/// `GET /api/v1/auth/signup/challenge`
pub(super) async fn challenge(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let caller = wire::caller(&req, auth.config());
    let made = sign_up::challenge(&auth, &caller).await?;
    let made = made.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
    Ok(private(reply(&made)))
}

/// `POST /api/v1/auth/signup`
pub(super) async fn sign_up(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let params = body(received)?;
    let caller = wire::caller(&req, auth.config());
    let asked = match params.nested("authorization")? {
        Some(asked) => {
            authorize::check(&auth, &request(&asked)?).await?;
            asked.echo(&ECHOED)
        }
        None => Vec::new(),
    };
    let sign_up = SignUp::new(entities::form(&params)?, Road::Api, caller).with_request(asked);
    match sign_up::sign_up(&auth, sign_up.with_passkey(entities::passkey(&params)?)).await {
        Ok(signed_up) => {
            let mut told = json!({
                "state": signed_up.state.name(),
                "waiting_token": signed_up.waiting_token.expose(),
                "expires_at": signed_up.expires_at.to_iso8601(),
                "resend_after": 60,
            });
            let codes: Vec<&str> = signed_up.recovery_codes.iter().map(Secret::expose).collect();
            if !codes.is_empty() {
                told["recovery_codes"] = codes.into();
            }
            Ok(private(HttpResponse::build(StatusCode::CREATED).json_body(&told)))
        }
        Err(error) => entities::refused(error).map(private),
    }
}

/// `POST /api/v1/auth/signup/passkey`
pub(super) async fn begin_passkey(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let params = body(received)?;
    let sign_up = SignUp::new(entities::form(&params)?, Road::Api, wire::caller(&req, auth.config()));
    match sign_up::begin_with_passkey(&auth, &sign_up).await {
        Ok(begun) => {
            let options: Value = serde_json::from_str(&begun.options).map_err(Error::failed)?;
            let expires_at = begun.expires_at.to_iso8601();
            Ok(private(reply(&json!({ "setup_id": begun.id, "options": options, "expires_at": expires_at }))))
        }
        Err(error) => entities::refused(error).map(private),
    }
}

pub(super) fn body(received: Received) -> Result<Params, Error> {
    let params = received.0?;
    params.require_known_type()?;
    Ok(params)
}

fn waiting_token(params: &Params) -> Result<Secret, Error> {
    let token = params.body_text("waiting_token")?.map(Secret::new);
    token.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))
}

/// `POST /api/v1/auth/signup/state`
pub(super) async fn state(auth: Data<Auth>, received: Received) -> Answer {
    let params = body(received)?;
    let view = waiting::look(&auth, &waiting_token(&params)?).await?;
    let wait = view.resend_after.as_secs() + u64::from(view.resend_after.subsec_nanos() > 0);
    Ok(private(reply(&json!({
        "state": view.state.name(),
        "email": view.masked_email,
        "resend_after": wait,
        "message": view.message,
    }))))
}

/// `POST /api/v1/auth/signup/resend`
pub(super) async fn resend(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let params = body(received)?;
    waiting::send_again(&auth, &waiting_token(&params)?, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({}))))
}

/// `POST /api/v1/auth/signup/email`
pub(super) async fn email(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let params = body(received)?;
    let address = params.body_text("email")?.unwrap_or_default();
    let caller = wire::caller(&req, auth.config());
    match waiting::change_address(&auth, &waiting_token(&params)?, &address, &caller).await? {
        Ok(()) => Ok(private(reply(&json!({})))),
        Err(error) => Ok(private(field_errors(&FormErrors::from(error)))),
    }
}

/// `POST /api/v1/auth/signup/confirm`: by the code and what one waits with, or by the link's token.
pub(super) async fn confirm(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let params = body(received)?;
    let caller = wire::caller(&req, auth.config());
    let altcha = params.body_text("altcha")?;
    if let Some(token) = params.body_text("token")? {
        let confirmed = confirm_email::by_link(&auth, &Secret::new(token), altcha.as_deref(), &caller).await;
        return match confirmed {
            Ok(Ok(_)) => Ok(private(reply(&json!({})))),
            Ok(Err(error)) => Ok(private(field_errors(&FormErrors::from(error)))),
            Err(Error::Refused(refusal)) if refusal.code == Code::DeadLink => {
                Err(Error::refused(Code::NotFound, "Record not found").into())
            }
            Err(error) => Err(error.into()),
        };
    }
    let code = params.body_text("code")?.unwrap_or_default();
    match waiting::confirm_by_code(&auth, &waiting_token(&params)?, &code, altcha.as_deref(), &caller).await? {
        Ok(()) => Ok(private(reply(&json!({})))),
        Err(error) => Ok(private(field_errors(&FormErrors::from(error)))),
    }
}

/// `POST /api/v1/auth/signup/withdraw`
pub(super) async fn withdraw(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let params = body(received)?;
    waiting::withdraw(&auth, &waiting_token(&params)?, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({}))))
}
