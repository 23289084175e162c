//! Replies: the one place where an error becomes JSON, for each surface in its own shape.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::auth::Auth;
use crate::config::DEFAULT_REALM;
use crate::error::{Code, Error, Refusal};
use crate::model::form_error::FormErrors;
use crate::model::rate_limit::Allowance;
use crate::web::wire::request_id;

/// The exact content type of JSON answers (Mastodon §0.5, Lysand §17).
const JSON: &str = "application/json";

/// An error on `/api`: `{"error": "text"}` (Mastodon §11.2, Lysand §1).
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a host wraps an error in it")]
pub struct ApiError(pub Error);

/// An error on `/oauth/token` and its neighbours: `{"error": "name", "error_description": "text"}` (RFC 6749 §5.2).
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a host wraps an error in it")]
pub struct OAuthError(pub Error);

/// An error on `/oauth/register`: shaped like [`OAuthError`], without a challenge, since nobody has to be authenticated
/// (RFC 7591 §3.2.2).
#[derive(Debug)]
pub(crate) struct RegistrationError(Error);

impl From<Error> for RegistrationError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for RegistrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for RegistrationError {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        match &self.0 {
            Error::Refused(refusal) => oauth_refusal(refusal),
            Error::Failed(_) => failed(&self.0),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Error> for OAuthError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl ApiError {
    /// The error at a host whose challenges name its realm.
    pub(crate) fn at(auth: &Auth, error: Error) -> Self {
        Self(error.in_realm(&auth.config().realm))
    }
}

impl OAuthError {
    /// The error at a host whose challenges name its realm.
    pub(crate) fn at(auth: &Auth, error: Error) -> Self {
        Self(error.in_realm(&auth.config().realm))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        let refusal = match &self.0 {
            Error::Refused(refusal) => refusal,
            Error::Failed(_) => return failed(&self.0),
        };
        let mut reply = refused(refusal);
        if matches!(refusal.code, Code::InvalidToken | Code::InsufficientScope | Code::WeakAuthentication) {
            reply.insert_header((header::CACHE_CONTROL, "no-store")).insert_header(challenge(refusal));
        }
        if refusal.code == Code::ProofRequired {
            let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=\"300\"";
            reply
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        set_retry_after(reply.json_body(&json!({ "error": refusal.why })), refusal)
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        let refusal = match &self.0 {
            Error::Refused(refusal) => refusal,
            Error::Failed(_) => return failed(&self.0),
        };
        let mut reply = oauth_refusal(refusal);
        // Libraries take a challenge for the end of their polls (native §2.12).
        let is_told_without = matches!(
            refusal.code,
            Code::UnauthorizedClient
                | Code::AuthorizationPending
                | Code::SlowDown
                | Code::ExpiredToken
                | Code::DeviceDenied
        );
        if !is_told_without {
            let (name, value) = challenge(refusal);
            if let Ok(value) = HeaderValue::from_str(&value) {
                reply.headers_mut().insert(name, value);
            }
        }
        reply
    }
}

fn oauth_refusal(refusal: &Refusal) -> HttpResponse {
    let reply = refused(refusal)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json_body(&json!({ "error": refusal.code.oauth_name(), "error_description": refusal.why }));
    set_retry_after(reply, refusal)
}

/// A JSON answer with exactly the content type that clients compare.
pub fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json_body(body)
}

/// Own routes answer nothing that anybody may keep (people PPL-1).
pub(crate) fn private(mut reply: HttpResponse) -> HttpResponse {
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// Fields that have to be filled in otherwise (Mastodon §12.2).
pub(crate) fn field_errors(errors: &FormErrors) -> HttpResponse {
    let mut details = Map::new();
    for error in &errors.0 {
        let list = details.entry(error.field).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(json!({ "error": error.code, "description": error.description }));
        }
    }
    HttpResponse::build(StatusCode::UNPROCESSABLE_ENTITY)
        .json_body(&json!({ "error": errors.to_string(), "details": details }))
}

/// Lets a response builder end in JSON of our exact content type.
pub(crate) trait JsonBody {
    fn json_body(&mut self, body: &impl Serialize) -> HttpResponse;
}

impl JsonBody for HttpResponseBuilder {
    fn json_body(&mut self, body: &impl Serialize) -> HttpResponse {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.insert_header((header::CONTENT_TYPE, JSON)).body(bytes),
            Err(error) => failed(&Error::failed(error)),
        }
    }
}

/// The JSON 404 for paths that nobody serves (Mastodon §0.3, WEB-11).
pub async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().json_body(&json!({ "error": "Not Found" }))
}

pub(crate) fn status(error: &Error) -> StatusCode {
    let code = match error {
        Error::Refused(refusal) => refusal.code.status(),
        Error::Failed(_) => 500,
    };
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn refused(refusal: &Refusal) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
}

/// Sets `Retry-After` and the headers of the limit that is used up; the extension hands the limit on to the middleware around.
pub(crate) fn set_retry_after(mut reply: HttpResponse, refusal: &Refusal) -> HttpResponse {
    if let Some(wait) = refusal.retry_after {
        // Rounded up: a second too early would be too early.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if let Some(allowance) = refusal.allowance.as_deref().copied() {
        set_rate_limit_headers(reply.headers_mut(), allowance);
        reply.extensions_mut().insert(allowance);
    }
    reply
}

/// Sets the headers with what is left of a rate limit (Mastodon §18).
pub(crate) fn set_rate_limit_headers(headers: &mut HeaderMap, allowance: Allowance) {
    for (name, value) in allowance.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Logs a failure once, under an id that the caller is shown and nothing else.
pub(crate) fn failed(error: &Error) -> HttpResponse {
    let id = log_failure(error);
    HttpResponse::InternalServerError()
        .insert_header((request_id::HEADER, id.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json_body(&json!({
            "error": "server_error",
            "error_description": format!("Something went wrong on this server. Its log knows more under {id}."),
        }))
}

pub(crate) fn log_failure(error: &Error) -> String {
    let id = request_id::current_or_new();
    tracing::error!(request_id = %id, %error, "a request failed");
    id
}

/// The challenge of RFC 6750 §3, with characters that a quoted string cannot hold replaced (Mastodon §6.6).
fn challenge(refusal: &Refusal) -> (header::HeaderName, String) {
    let description = match &refusal.needed {
        Some(scopes) if refusal.code == Code::InsufficientScope => {
            format!("Access to this resource requires scope _{scopes}_.")
        }
        _ => {
            refusal.why.chars().map(|c| if matches!(c, ' '..='!' | '#'..='[' | ']'..='~') { c } else { '_' }).collect()
        }
    };
    let name = refusal.code.oauth_name();
    let realm = refusal.realm.as_deref().unwrap_or(DEFAULT_REALM);
    let value = format!("Bearer realm=\"{realm}\", error=\"{name}\", error_description=\"{description}\"");
    let wanted = refusal.needed.as_deref().filter(|_| refusal.code == Code::WeakAuthentication);
    (header::WWW_AUTHENTICATE, wanted.map_or_else(|| value.clone(), |wanted| format!("{value}, {wanted}")))
}
