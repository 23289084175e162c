//! Bodies of toki clients: one JSON object (native 2.1).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;

use super::answer::TokiError;
use crate::web::wire::body::{self, media_type};
use crate::web::wire::params::json_members;

/// The members of a body. A failure to read it is a value, so that who calls is asked before.
pub(super) struct Body(Result<Members, TokiError>);

/// The members of a JSON object.
#[derive(Debug)]
pub(super) struct Members(Vec<(String, Value)>);

impl Body {
    /// The members, if the body could be read.
    pub(super) fn members(self) -> Result<Members, TokiError> {
        self.0
    }
}

impl Members {
    /// The names of the members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The value of a member; nothing for null, and where there is none.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// The text of a member that may be left out.
    pub(super) fn text_if_any(&self, name: &str) -> Result<Option<String>, TokiError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text.clone())),
            Some(_) => Err(TokiError::unfit(format!("{name} must be a string"))),
        }
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Result<String, TokiError> {
        self.text_if_any(name)?.ok_or_else(|| TokiError::unfit(format!("{name} is required")))
    }

    /// The truth of a member.
    pub(super) fn truth(&self, name: &str) -> Result<bool, TokiError> {
        match self.value(name) {
            None => Err(TokiError::unfit(format!("{name} is required"))),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(_) => Err(TokiError::unfit(format!("{name} must be true or false"))),
        }
    }
}

impl FromRequest for Body {
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = req.headers().get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
        let content_type = content_type.map(|kind| media_type(&kind));
        let length = body::check_length(req.headers(), body::LARGEST);
        let payload = payload.take();
        Box::pin(async move { Ok(Self(read(content_type, length, payload).await)) })
    }
}

async fn read(
    content_type: Option<String>,
    length: Result<(), crate::Error>,
    payload: Payload,
) -> Result<Members, TokiError> {
    length?;
    let bytes = body::in_time(body::collect(payload, body::LARGEST)).await?;
    match content_type.as_deref() {
        None if bytes.is_empty() => Ok(Members(Vec::new())),
        Some("application/json") => {
            let members = json_members(&bytes).ok_or_else(TokiError::unreadable)?;
            // Two values of one member are no answer to which of them counts.
            let is_doubled =
                |at: usize| members[..at].iter().any(|(name, value)| *name == members[at].0 && *value != members[at].1);
            if (0..members.len()).any(is_doubled) { Err(TokiError::unreadable()) } else { Ok(Members(members)) }
        }
        _ => Err(TokiError::foreign_type()),
    }
}
