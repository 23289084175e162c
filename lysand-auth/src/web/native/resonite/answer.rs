//! Answers to Resonite clients: JSON, and errors as plain text (native 3.1).

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;

use crate::error::{Code, Error};
use crate::web::native::answers::{secret, whole_seconds};
use crate::web::wire::reply::{JsonBody, log_failure, set_retry_after};
use crate::web::wire::request_id;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct ResoniteError {
    status: StatusCode,
    text: Cow<'static, str>,
    /// What was refused or failed, for its headers.
    cause: Option<Box<Error>>,
}

pub(super) type Answer = Result<HttpResponse, ResoniteError>;

impl ResoniteError {
    fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, text: text.into(), cause: None }
    }

    pub(crate) fn unfit(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn unreadable() -> Self {
        Self::unfit("Invalid request")
    }

    pub(super) fn credentials() -> Self {
        Self::unfit("Invalid credentials")
    }

    pub(crate) fn forbidden(text: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    /// The token is missing, invalid or expired.
    pub(crate) fn no_session() -> Self {
        Self::forbidden("Invalid session")
    }

    pub(super) fn foreign_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json")
    }
}

impl From<Error> for ResoniteError {
    fn from(error: Error) -> Self {
        let (status, text): (u16, Cow<'static, str>) = match &error {
            Error::Failed(_) => (500, "Internal server error".into()),
            Error::Refused(refusal) => {
                let text = match (refusal.code, refusal.retry_after) {
                    (Code::TooManyRequests, Some(wait)) => {
                        format!("Too many requests. Please try again in {} seconds.", whole_seconds(wait)).into()
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

impl fmt::Display for ResoniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl ResponseError for ResoniteError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut reply = HttpResponse::build(self.status);
        match self.cause.as_deref() {
            Some(error @ Error::Failed(_)) => {
                reply.insert_header((request_id::HEADER, log_failure(error)));
                text(reply, &self.text)
            }
            Some(Error::Refused(refusal)) => set_retry_after(text(reply, &self.text), refusal),
            None => text(reply, &self.text),
        }
    }
}

fn text(mut reply: HttpResponseBuilder, text: &str) -> HttpResponse {
    reply.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"));
    secret(reply.body(text.to_owned()))
}

/// A refusal that no handler has made.
pub(super) fn refused(error: Error) -> HttpResponse {
    ResoniteError::from(error).error_response()
}

/// An answer, kept by nobody.
pub(super) fn ok(body: &impl Serialize) -> HttpResponse {
    secret(HttpResponse::Ok().json_body(body))
}

/// It is done, and there is no more to say.
pub(super) fn done(status: StatusCode) -> HttpResponse {
    secret(HttpResponse::build(status).finish())
}
