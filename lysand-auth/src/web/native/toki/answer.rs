//! Answers to toki clients: JSON, and errors as `{"error": "text"}` (native 2.1).

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::json;

use crate::error::{Code, Error};
use crate::flows::native::NativeTokens;
pub(super) use crate::web::native::answers::secret;
use crate::web::native::answers::whole_seconds;
use crate::web::wire::reply::{JsonBody, log_failure, set_retry_after};
use crate::web::wire::request_id;

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct TokiError {
    status: StatusCode,
    text: Cow<'static, str>,
    /// What was refused or failed, for its headers.
    cause: Option<Box<Error>>,
}

pub(super) type Answer = Result<HttpResponse, TokiError>;

impl TokiError {
    pub(super) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, text: text.into(), cause: None }
    }

    pub(super) fn unfit(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, text)
    }

    pub(super) fn unauthorized(text: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, text)
    }

    pub(super) fn forbidden(text: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    pub(super) fn missing(text: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub(super) fn conflict(text: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, text)
    }

    /// By a name that programs read.
    pub(super) fn named(status: u16, name: &'static str) -> Self {
        Self::new(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), name)
    }

    pub(super) fn unreadable() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid JSON")
    }

    pub(super) fn foreign_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
    }
}

impl From<Error> for TokiError {
    fn from(error: Error) -> Self {
        let (status, text): (u16, Cow<'static, str>) = match &error {
            Error::Failed(_) => (500, "internal server error".into()),
            Error::Refused(refusal) => {
                let text = match (refusal.code, refusal.retry_after) {
                    (Code::TooManyRequests, Some(wait)) => {
                        format!("too many attempts, retry after {}s", whole_seconds(wait)).into()
                    }
                    _ => refusal.why.clone(),
                };
                (refusal.code.status(), text)
            }
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, text, cause: Some(Box::new(error)) }
    }
}

impl fmt::Display for TokiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl ResponseError for TokiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut reply = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            reply.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        match self.cause.as_deref() {
            Some(error @ Error::Failed(_)) => {
                reply.insert_header((request_id::HEADER, log_failure(error)));
                secret(reply.json_body(&json!({ "error": self.text })))
            }
            Some(Error::Refused(refusal)) => {
                set_retry_after(secret(reply.json_body(&json!({ "error": self.text }))), refusal)
            }
            None => secret(reply.json_body(&json!({ "error": self.text }))),
        }
    }
}

/// An answer, kept by nobody.
pub(super) fn ok(body: &impl Serialize) -> HttpResponse {
    secret(HttpResponse::Ok().json_body(body))
}

/// Something was made.
pub(super) fn created(body: &impl Serialize) -> HttpResponse {
    secret(HttpResponse::Created().json_body(body))
}

/// It is done, and there is no more to say.
pub(super) fn done() -> HttpResponse {
    secret(HttpResponse::NoContent().finish())
}

/// A new pair of tokens.
pub(super) fn tokens(tokens: &NativeTokens) -> HttpResponse {
    ok(&json!({
        "access_token": tokens.access_token.expose(),
        "refresh_token": tokens.refresh_token.expose(),
        "token_type": "Bearer",
        "expires_in": tokens.expires_in.as_secs(),
    }))
}
