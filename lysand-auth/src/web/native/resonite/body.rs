//! Bodies of Resonite clients: one JSON object (native 3.1).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};

use super::answer::ResoniteError;
use super::json::{Json, Members};
use crate::web::wire::body::{self, media_type};

/// The members of a body. A failure to read it is a value, so that what is wrong with the headers is told before.
pub(super) struct Body(Result<Members, ResoniteError>);

impl Body {
    /// The members, if the body could be read.
    pub(super) fn members(self) -> Result<Members, ResoniteError> {
        self.0
    }
}

impl Members {
    /// The object that a member is.
    pub(super) fn object(&self, name: &str) -> Result<Option<&Self>, ResoniteError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Object(members)) => Ok(Some(members)),
            Some(_) => Err(ResoniteError::unreadable()),
        }
    }

    /// The text of a member; an empty one is none.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ResoniteError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) if !text.contains('\0') => Ok(Some(text.clone())),
            Some(_) => Err(ResoniteError::unreadable()),
        }
    }

    /// The truth of a member, also as a text; false where there is none.
    pub(super) fn truth(&self, name: &str) -> Result<bool, ResoniteError> {
        match self.get(name) {
            None => Ok(false),
            Some(Json::Bool(truth)) => Ok(*truth),
            Some(Json::Text(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Json::Text(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(ResoniteError::unreadable()),
        }
    }
}

impl FromRequest for Body {
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = req.headers().get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
        let content_type = content_type.map(|kind| media_type(&kind));
        let is_read = matches!(*req.method(), Method::GET | Method::HEAD);
        let length = body::check_length(req.headers(), body::LARGEST);
        let payload = payload.take();
        Box::pin(async move { Ok(Self(read((content_type, is_read), length, payload).await)) })
    }
}

/// A `GET` without JSON is no request at all; everything else says which type it has.
async fn read(
    (content_type, is_read): (Option<String>, bool),
    length: Result<(), crate::Error>,
    payload: Payload,
) -> Result<Members, ResoniteError> {
    length?;
    let bytes = body::in_time(body::collect(payload, body::LARGEST)).await?;
    match content_type.as_deref() {
        None if bytes.is_empty() => Ok(Members::default()),
        Some("application/json") => match Json::parse(&bytes) {
            Some(Json::Object(members)) => Ok(members),
            _ => Err(ResoniteError::unreadable()),
        },
        _ if is_read => Err(ResoniteError::unreadable()),
        _ => Err(ResoniteError::foreign_type()),
    }
}
