//! What a program is told of a sign-in that lacks something.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::ambient::Timestamp;
use crate::error::{Code, Refusal};
use crate::flows::code_login::AskedCode;
use crate::flows::factors::pending::{OtherWayIn, PendingView};
use crate::flows::factors::sign_in::{BeforeSession, FactorKind};
use crate::texts;
use crate::web::wire::reply::{JsonBody as _, set_retry_after};

/// A sign-in that waits: what is missing, and what can be given.
pub(crate) fn open(view: &PendingView, next: &str) -> HttpResponse {
    private(StatusCode::OK, &waiting(view, next))
}

/// The same with members beside.
pub(crate) fn open_with(view: &PendingView, next: &str, along: Value) -> HttpResponse {
    let mut told = waiting(view, next);
    if let (Some(told), Value::Object(along)) = (told.as_object_mut(), along) {
        told.extend(along);
    }
    private(StatusCode::OK, &told)
}

fn waiting(view: &PendingView, next: &str) -> Value {
    let methods: Vec<Value> = view.methods.iter().map(|kind| method(*kind, view)).collect();
    let missing: Vec<&str> = view.lacks.map(name_of).into_iter().collect();
    let mut told = json!({
        "pending": view.id,
        "status": missing.first().copied().unwrap_or("done"),
        "missing": missing,
        "account": { "username": view.account.username, "display_name": view.account.display_name },
        "methods": methods,
        "remember": view.may_be_trusted,
        "expires_at": view.expires_at.to_iso8601(),
        "next": next,
    });
    if view.lacks == Some(BeforeSession::Review) {
        told["other_ways"] = view.other_ways.iter().map(other_way).collect();
    }
    if let Some(enrolment) = view.enrolment {
        told["later_until"] = enrolment.later_until.map(Timestamp::to_iso8601).into();
    }
    told
}

fn name_of(step: BeforeSession) -> &'static str {
    match step {
        BeforeSession::Factor => "factor",
        BeforeSession::Password => "password",
        BeforeSession::Review => "review",
        BeforeSession::Enrolment => "enrol",
    }
}

fn other_way(way: &OtherWayIn) -> Value {
    json!({
        "id": way.id,
        "type": way.kind.name(),
        "name": way.name,
        "label": way.label,
        "created_at": way.since.to_iso8601(),
        "last_used_at": way.last_used_at.map(Timestamp::to_iso8601),
    })
}

fn method(kind: FactorKind, view: &PendingView) -> Value {
    match kind {
        FactorKind::Recovery => json!({ "type": kind.name(), "left": view.recovery_left }),
        FactorKind::Email => {
            let iso = |at: Option<Timestamp>| at.map(Timestamp::to_iso8601);
            let mail = view.mail.as_ref();
            json!({
                "type": kind.name(),
                "masked_email": mail.map(|mail| &mail.masked),
                "sent_at": iso(mail.and_then(|mail| mail.sent_at)),
                "again_at": iso(mail.and_then(|mail| mail.again_at)),
            })
        }
        FactorKind::Host(_) => json!({ "type": kind.name(), "name": view.host_names.get(kind.name()) }),
        FactorKind::Passkey | FactorKind::Totp | FactorKind::Password => json!({ "type": kind.name() }),
    }
}

/// What replaces a redirect for a program: nothing is missing, or something that no second proof helps with. The cookies of
/// the redirect go along.
pub(crate) fn finished(redirect: &HttpResponse, status: &str, more: Value) -> HttpResponse {
    let next = redirect.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let missing: Vec<&str> = Some(status).filter(|status| *status != "done").into_iter().collect();
    let mut told = json!({
        "pending": null,
        "status": status,
        "missing": missing,
        "account": null,
        "methods": [],
        "remember": false,
        "expires_at": null,
        "next": next,
    });
    if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
        told.extend(more);
    }
    let mut reply = private(StatusCode::OK, &told);
    for cookie in redirect.headers().get_all(SET_COOKIE) {
        reply.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    reply
}

/// A sign-in that waits for the code by mail that is its first proof: nobody is known yet.
pub(crate) fn waits_for_code(asked: &AskedCode, next: &str) -> HttpResponse {
    let mut told = code_wanted(asked, next);
    told["message"] = texts::CODE_SENT.into();
    private(StatusCode::OK, &told)
}

fn code_wanted(asked: &AskedCode, next: &str) -> Value {
    json!({
        "pending": asked.id,
        "status": "code",
        "missing": ["code"],
        "account": null,
        "methods": [{ "type": "email", "again_at": asked.again_at.to_iso8601() }],
        "remember": false,
        "expires_at": asked.expires_at.to_iso8601(),
        "next": next,
    })
}

/// An error at that code.
pub(crate) fn refused_code(refusal: &Refusal, asked: &AskedCode, next: &str) -> HttpResponse {
    let mut told = json!({ "error": refusal.why, "code": name(refusal.code) });
    told["signin"] = code_wanted(asked, next);
    let status = StatusCode::from_u16(status(refusal.code)).unwrap_or(StatusCode::BAD_REQUEST);
    set_retry_after(private(status, &told), refusal)
}

/// An error; with what is still missing, unless the sign-in is over.
pub(crate) fn refused(refusal: &Refusal, signin: Option<(&PendingView, &str)>) -> HttpResponse {
    let mut told = json!({ "error": refusal.why, "code": name(refusal.code) });
    if let Some((view, next)) = signin {
        told["signin"] = waiting(view, next);
    }
    let status = StatusCode::from_u16(status(refusal.code)).unwrap_or(StatusCode::BAD_REQUEST);
    set_retry_after(private(status, &told), refusal)
}

fn status(code: Code) -> u16 {
    match code {
        // To a program a wrong password is no redirect.
        Code::InvalidGrant => 401,
        Code::WrongPassword => 400,
        Code::Forbidden | Code::StaleForm => 403,
        code => code.status(),
    }
}

/// The name of an error, which programs compare.
fn name(code: Code) -> &'static str {
    match code {
        Code::WrongFactor => "wrong_code",
        Code::WrongPasskey => "wrong_passkey",
        Code::UnknownPasskey => "unknown_passkey",
        Code::SignInOver => "over",
        Code::NotOffered => "not_offered",
        Code::TooSoon => "too_soon",
        Code::Validation => "invalid",
        Code::TooManyRequests => "locked",
        Code::Forbidden | Code::StaleForm => "foreign",
        Code::InvalidGrant | Code::WrongPassword => "wrong_password",
        Code::Full => "full",
        Code::Unavailable => "unavailable",
        code => code.oauth_name(),
    }
}

pub(super) fn private(status: StatusCode, body: &Value) -> HttpResponse {
    let mut reply = HttpResponse::build(status).json_body(body);
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
