//! Who may open a stream: judged before the upgrade (native NAT-9, 1.4, 3.3).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use serde_json::json;

use super::answers::secret;
use super::resonite::{Res, ResoniteError};
use super::synctv::TWO_FACTORS;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::bearer::note_use;
use crate::flows::native::{Dialect, Stream, hub_of_ticket, lacks_second_factor, of_caller, of_token, room_of_ticket};
use crate::model::account::Account;
use crate::secret::Secret;
use crate::web::wire::params::Params;
use crate::web::wire::reply::JsonBody;
use crate::web::wire::{request, request_id};

/// A stream that may open: at a path with an `{id}`, such as `/ws/rooms/{id}`, for a client of SyncTV, and at every other one, such
/// as `/hub`, for one of Resonite. A request without a good token or ticket is answered in its dialect's form, before the upgrade.
///
/// A ticket is used up by it, whatever becomes of the upgrade.
///
/// ```
/// use actix_web::HttpResponse;
/// use actix_web::web::Data;
/// use lysand_auth::Auth;
/// use lysand_auth::web::native::StreamAuth;
///
/// async fn hub(auth: Data<Auth>, stream: StreamAuth) -> HttpResponse {
///     let username = stream.account().username.clone();
///     actix_web::rt::spawn(async move {
///         stream.ended().await;
///         // The sign-in is over: close the stream.
///     });
///     HttpResponse::SwitchingProtocols().finish()
/// }
/// ```
#[derive(Clone)]
pub struct StreamAuth {
    auth: Auth,
    stream: Stream,
}

impl StreamAuth {
    /// The account, which may act.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.stream.account
    }

    /// The sign-in: the name of the grant that [`Revocations`](crate::host::revocations::Revocations) are told when it is over.
    #[must_use]
    pub fn sign_in(&self) -> &str {
        &self.stream.sign_in
    }

    /// What the client speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.stream.dialect
    }

    /// Waits until the sign-in is over, and the stream with it: within a second when this process ends it, within a minute when
    /// another one does.
    pub async fn ended(&self) {
        self.stream.ended(&self.auth).await;
    }

    /// The stream of the hub that a request opens: by the header, or by a connection token, which is used up.
    ///
    /// # Errors
    /// 403 as plain text.
    pub async fn of_hub(auth: &Auth, req: &HttpRequest) -> Result<Self, actix_web::Error> {
        let shown = shown(req, "id");
        let opened = match shown {
            Some(shown) => hub_of_ticket(auth, &shown).await.map_err(ResoniteError::from)?,
            None => None,
        };
        let stream = match req.headers().contains_key(AUTHORIZATION) {
            true => of_caller(Res::of(auth, req).await?.caller(), Dialect::Resonite),
            false => opened.ok_or_else(ResoniteError::no_session)?,
        };
        Ok(Self { auth: auth.clone(), stream })
    }

    /// The stream of a room that a request opens: by the header, or by a ticket for this room, which is used up.
    ///
    /// # Errors
    /// 401 in SyncTV's form.
    pub async fn of_room(auth: &Auth, req: &HttpRequest, room: &str) -> Result<Self, actix_web::Error> {
        let opened = match shown(req, "ticket") {
            Some(shown) => Some(room_of_ticket(auth, &shown, room).await.map_err(RoomError::from)?),
            None => None,
        };
        let stream = match (req.headers().contains_key(AUTHORIZATION), opened) {
            (true, _) => of_header(auth, req).await?,
            (false, Some(opened)) => opened.ok_or(RoomError::Ticket)?,
            (false, None) => return Err(RoomError::Missing.into()),
        };
        Ok(Self { auth: auth.clone(), stream })
    }
}

/// The stream of whoever shows an access token of SyncTV.
async fn of_header(auth: &Auth, req: &HttpRequest) -> Result<Stream, RoomError> {
    let is_one = req.headers().get_all(AUTHORIZATION).count() == 1;
    let token = request::bearer(req.headers()).filter(|_| is_one).ok_or(RoomError::Token)?;
    let source = request::source(req, auth.config());
    let caller = of_token(auth, (Dialect::Synctv, &token), source, None).await?.ok_or(RoomError::Token)?;
    if lacks_second_factor(auth, &caller).await? {
        return Err(RoomError::SecondFactor);
    }
    note_use(auth, &caller.bearer, source);
    Ok(of_caller(&caller, Dialect::Synctv))
}

/// What a query shows to open a stream; two that differ are none.
fn shown(req: &HttpRequest, name: &str) -> Option<Secret> {
    Params::of_query(req).text(name).ok().flatten().filter(|text| !text.is_empty()).map(Secret::new)
}

impl FromRequest for StreamAuth {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (auth, req) = (req.app_data::<Data<Auth>>().cloned(), req.clone());
        Box::pin(async move {
            let none = || Error::failed("lysand_auth::web::mount was not called on this app");
            let auth = auth.ok_or_else(none).map_err(ResoniteError::from)?;
            match req.match_info().get("id") {
                Some(room) => Self::of_room(&auth, &req, room).await,
                None => Self::of_hub(&auth, &req).await,
            }
        })
    }
}

/// Why no stream of a room opens.
#[derive(Debug)]
enum RoomError {
    Missing,
    Token,
    Ticket,
    /// The account wants two proofs, and the sign-in gave one (native 1.2).
    SecondFactor,
    Failed(Error),
}

impl From<Error> for RoomError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl std::fmt::Display for RoomError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing authentication: provide token via Authorization header or ?ticket=",
            Self::Token => "Invalid or expired token",
            Self::Ticket => "Invalid or expired ticket",
            Self::SecondFactor => TWO_FACTORS,
            Self::Failed(_) => "Service temporarily unavailable. Please try again later.",
        })
    }
}

impl ResponseError for RoomError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (status, id) = (self.status_code(), request_id::current_or_new());
        let mut reply = HttpResponse::build(status);
        reply.insert_header((request_id::HEADER, id.clone()));
        let code = match self {
            Self::Failed(error) => {
                tracing::error!(%error, request = %id, "nobody knows whether a stream may open");
                reply.insert_header(("retry-after", "5"));
                9002
            }
            _ => {
                reply.insert_header(("www-authenticate", "Bearer"));
                1000
            }
        };
        let text = self.to_string();
        secret(reply.json_body(&json!({ "error": text, "status": status.as_u16(), "code": code, "request_id": id })))
    }
}
