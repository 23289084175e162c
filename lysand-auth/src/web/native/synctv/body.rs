//! What SyncTV clients send: one JSON object, its names in either spelling (native 1.1).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde_json::Value;

use super::answer::{self, MALFORMED, MISSING, SynctvError, TOO_LONG, TOO_SHORT};
use super::names::{in_camel, to_snake};
use crate::auth::Auth;
use crate::config::Names;
use crate::error::Error;
use crate::flows::native::{self, CAMEL_CASE, Caller, Dialect, Program};
use crate::secret::Secret;
use crate::web::wire::body::{self, media_type};
use crate::web::wire::params::json_members;
use crate::web::wire::request as wire;

/// The longest handle that is looked up.
const LONGEST_HANDLE: usize = 128;

/// The members of a body. A failure to read it is a value, so that who calls is asked before.
pub(super) struct Body(Result<Members, SynctvError>);

/// The members of a JSON object, by their names in `snake_case`.
#[derive(Debug, Default)]
pub(super) struct Members {
    members: Vec<(String, Value)>,
    is_camel: bool,
}

/// A request: what it carries, and from where.
pub(super) struct Asked {
    members: Members,
    pub(super) caller: Caller,
}

impl Asked {
    /// A request to sign in, up or on: counted for its address.
    pub(super) async fn counted(auth: &Auth, req: &HttpRequest, body: Body) -> Result<Self, SynctvError> {
        let caller = wire::caller(req, auth.config());
        native::count_synctv(auth, &caller).await?;
        Ok(Self { members: body.0?, caller })
    }

    /// A request of somebody who is signed in.
    pub(super) fn of(auth: &Auth, req: &HttpRequest, body: Body) -> Result<Self, SynctvError> {
        Ok(Self { members: body.0?, caller: wire::caller(req, auth.config()) })
    }

    /// A request without a body.
    pub(super) fn bare(auth: &Auth, req: &HttpRequest) -> Self {
        Self { members: Members::default(), caller: wire::caller(req, auth.config()) }
    }

    /// The program, and how its sign-in spells names.
    pub(super) fn program(&self) -> Program {
        Program::of(Dialect::Synctv).begun_by(self.members.is_camel.then_some(CAMEL_CASE))
    }

    /// The answer, spelled as this request is, or as the sign-in was begun.
    pub(super) fn ok(&self, auth: &Auth, origin: Option<&str>, body: Value) -> HttpResponse {
        let is_camel = match auth.config().native.synctv.names {
            Names::Camel => true,
            Names::Snake => false,
            Names::Mirror => self.members.is_camel || origin == Some(CAMEL_CASE),
        };
        answer::ok(&if is_camel { in_camel(body) } else { body })
    }

    /// The same for whoever is signed in.
    pub(super) async fn ok_for(
        &self,
        auth: &Auth,
        caller: &native::NativeCaller,
        body: Value,
    ) -> Result<HttpResponse, SynctvError> {
        let is_told = self.members.is_camel || auth.config().native.synctv.names != Names::Mirror;
        let origin = if is_told { None } else { native::origin(auth, caller).await? };
        Ok(self.ok(auth, origin.as_deref(), body))
    }

    /// The value of a member; nothing for null, and where there is none.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        let found = self.members.members.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// The text of a member that may be left out, and is at most so long; an empty one is left out.
    pub(super) fn text_if_any(&self, name: &str, most: usize) -> Result<Option<String>, SynctvError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(SynctvError::unfit(format!("{name} is malformed")).with_code(MALFORMED))
            }
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text.chars().count() > most => {
                Err(SynctvError::unfit(format!("{name} must be at most {most} characters")).with_code(TOO_LONG))
            }
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(SynctvError::unfit(format!("{name} must be a string")).with_code(MALFORMED)),
        }
    }

    /// The text of a member that must be there, and is at most so long.
    pub(super) fn text(&self, name: &str, most: usize) -> Result<String, SynctvError> {
        self.text_if_any(name, most)?.ok_or_else(|| {
            let code = if self.value(name).is_some() { TOO_SHORT } else { MISSING };
            SynctvError::unfit(format!("{name} is required")).with_code(code)
        })
    }

    /// A handle: 1 to 128 characters.
    pub(super) fn handle(&self, name: &str) -> Result<Secret, SynctvError> {
        Ok(Secret::new(self.text(name, LONGEST_HANDLE)?))
    }

    /// What a browser made with a passkey, as the text of its JSON.
    pub(super) fn credential(&self) -> Result<String, SynctvError> {
        match self.value("credential") {
            Some(credential @ Value::Object(_)) => Ok(credential.to_string()),
            Some(_) => Err(SynctvError::unfit("credential must be an object").with_code(MALFORMED)),
            None => Err(SynctvError::unfit("credential is required").with_code(MISSING)),
        }
    }

    /// The truth of a member that may be left out.
    pub(super) fn truth_if_any(&self, name: &str) -> Result<Option<bool>, SynctvError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(_) => Err(SynctvError::unfit(format!("{name} must be true or false")).with_code(MALFORMED)),
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
    length: Result<(), Error>,
    payload: Payload,
) -> Result<Members, SynctvError> {
    length?;
    let bytes = body::in_time(body::collect(payload, body::LARGEST)).await?;
    match content_type.as_deref() {
        None if bytes.is_empty() => Ok(Members::default()),
        Some("application/json") => json_members(&bytes).and_then(members).ok_or_else(unreadable),
        _ => Err(SynctvError::foreign_type()),
    }
}

fn unreadable() -> SynctvError {
    SynctvError::unfit("Invalid JSON").with_code(MALFORMED)
}

/// The members by one spelling of their names; none when one has two values, which are no answer to which of them counts.
fn members(sent: Vec<(String, Value)>) -> Option<Members> {
    let mut read = Members::default();
    for (name, value) in sent {
        let name = match to_snake(&name) {
            Some(snake) => {
                read.is_camel = true;
                snake
            }
            None => name,
        };
        match read.members.iter().find(|(known, _)| *known == name) {
            Some((_, known)) if *known != value => return None,
            Some(_) => {}
            None => read.members.push((name, value)),
        }
    }
    Some(read)
}
