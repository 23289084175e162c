//! Answers to SyncTV clients, and errors with a status, a code and the id of the request (native 1.1).

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

use crate::error::{Code, Error, Refusal};
use crate::flows::native::StepRefused;
use crate::texts;
use crate::web::native::answers::{secret, whole_seconds};
use crate::web::wire::reply::{JsonBody, log_failure, set_retry_after};
use crate::web::wire::request_id;

/// What is said of a refused proof, of a handle that is none, and of an account that may not act.
pub(super) const FAILED: &str = "Authentication failed";
/// What is said where two proofs are wanted.
pub(crate) const TWO_FACTORS: &str = "Two-factor authentication is required before tokens can be issued";
const NO_PASSWORDS: &str = "Password login is disabled";
pub(super) const NO_MAIL: &str = "Email service is not available on this server.";
const BROKEN: &str = "Internal server error";
const UNAVAILABLE: &str = "Service temporarily unavailable. Please try again later.";

/// Codes of what is wrong with a member.
pub(super) const MALFORMED: u16 = 3001;
pub(super) const TOO_SHORT: u16 = 3002;
pub(super) const TOO_LONG: u16 = 3003;
pub(super) const MISSING: u16 = 3004;
/// Codes of refusals that have one beside that of their status.
pub(super) const BAD_CREDENTIALS: u16 = 1002;
pub(super) const TAKEN: u16 = 2001;
pub(super) const NOT_FRESH: u16 = 4001;

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct SynctvError {
    status: StatusCode,
    code: Option<u16>,
    text: Cow<'static, str>,
    /// What was refused or failed, for its headers.
    cause: Option<Box<Error>>,
}

pub(super) type Answer = Result<HttpResponse, SynctvError>;

impl SynctvError {
    fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code: code_of(status), text: text.into(), cause: None }
    }

    pub(super) fn with_code(self, code: u16) -> Self {
        Self { code: Some(code), ..self }
    }

    pub(super) fn unfit(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn unauthorized(text: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, text)
    }

    pub(super) fn forbidden(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    pub(super) fn missing(text: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// No password signs anybody in (NAT-15).
    pub(super) fn no_passwords() -> Self {
        Self::forbidden(NO_PASSWORDS)
    }

    /// A password that is tried first.
    pub(super) fn common_password() -> Self {
        Self::unfit("Password is too common. Please choose a stronger password.")
    }

    pub(super) fn conflict(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, text)
    }

    pub(super) fn unavailable(text: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }

    pub(super) fn foreign_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json")
    }

    /// The same, once more with 503 where the server failed: what could not be recorded did not happen.
    pub(super) fn unavailable_instead(self) -> Self {
        match self.status.is_server_error() {
            true => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self { status, code: code_of(status), text: UNAVAILABLE.into(), ..self }
            }
            false => self,
        }
    }
}

fn code_of(status: StatusCode) -> Option<u16> {
    match status.as_u16() {
        400 => Some(3000),
        401 => Some(1000),
        403 => Some(4000),
        404 => Some(2000),
        409 => Some(2003),
        429 => Some(2002),
        503 => Some(9002),
        504 => Some(9003),
        500..=599 => Some(9000),
        _ => None,
    }
}

impl From<Error> for SynctvError {
    fn from(error: Error) -> Self {
        let mut told = match &error {
            Error::Failed(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, BROKEN),
            Error::Refused(refusal) => of_refusal(refusal),
        };
        told.cause = Some(Box::new(error));
        told
    }
}

fn of_refusal(refusal: &Refusal) -> SynctvError {
    let status = match refusal.code.status() {
        410 | 422 => 400,
        status => status,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text: Cow<'static, str> = match (status.as_u16(), refusal.retry_after) {
        (429, Some(wait)) => {
            let is_of_proofs = [texts::TOO_MANY_ATTEMPTS, texts::TOO_MANY_FACTORS].contains(&&*refusal.why);
            let what = if is_of_proofs { "failed login attempts" } else { "requests" };
            format!("Too many {what}. Please try again in {} seconds.", whole_seconds(wait)).into()
        }
        (503, _) => UNAVAILABLE.into(),
        _ => refusal.why.clone(),
    };
    let told = SynctvError::new(status, text);
    match refusal.code {
        Code::ProofRequired => told.with_text("Recent verification is required").with_code(NOT_FRESH),
        Code::FactorRequired | Code::FactorDemanded => SynctvError::unauthorized(TWO_FACTORS),
        _ => told,
    }
}

impl SynctvError {
    fn with_text(self, text: &'static str) -> Self {
        Self { text: text.into(), ..self }
    }
}

impl From<StepRefused> for SynctvError {
    fn from(refused: StepRefused) -> Self {
        match refused {
            StepRefused::Credentials | StepRefused::Code => Self::unauthorized(FAILED).with_code(BAD_CREDENTIALS),
            StepRefused::Unconfirmed => Self::forbidden("Email not verified. Please verify your email to continue."),
            StepRefused::PasswordChange => Self::forbidden("Password change required"),
            StepRefused::NoFactor => Self::unauthorized(TWO_FACTORS),
            StepRefused::PasswordsOff => Self::no_passwords(),
            StepRefused::NoMail => Self::unavailable(NO_MAIL),
            StepRefused::Other(error) => error.into(),
        }
    }
}

impl fmt::Display for SynctvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl ResponseError for SynctvError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let id = match self.cause.as_deref() {
            Some(error @ Error::Failed(_)) => log_failure(error),
            _ => request_id::current_or_new(),
        };
        let mut body = json!({ "error": self.text, "status": self.status.as_u16(), "request_id": id });
        if let Some(code) = self.code {
            body["code"] = code.into();
        }
        let mut reply = HttpResponse::build(self.status);
        reply.insert_header((request_id::HEADER, id));
        if self.status == StatusCode::UNAUTHORIZED {
            reply.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let reply = secret(reply.json_body(&body));
        match self.cause.as_deref() {
            Some(Error::Refused(refusal)) => set_retry_after(reply, refusal),
            _ => reply,
        }
    }
}

/// An error that comes from no handler.
pub(super) fn of_error(error: Error) -> HttpResponse {
    SynctvError::from(error).error_response()
}

/// An answer, kept by nobody.
pub(super) fn ok(body: &Value) -> HttpResponse {
    named(secret(HttpResponse::Ok().json_body(body)))
}

/// The same with the id of the request.
fn named(mut reply: HttpResponse) -> HttpResponse {
    if let Ok(id) = HeaderValue::try_from(request_id::current_or_new()) {
        reply.headers_mut().insert(header::HeaderName::from_static(request_id::HEADER), id);
    }
    reply
}

/// It is done, and there is no more to say.
pub(super) fn done() -> HttpResponse {
    named(secret(HttpResponse::NoContent().finish()))
}
