//! What surrounds every request: a time limit on its body, the end of the connection while the server drains, and a last
//! resort when something panics (security LOAD-6, LOAD-10, LOAD-13).

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, PayloadError};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError as _};
use futures_util::{FutureExt as _, Stream};
use lysand_auth::error::Error as Failure;
use lysand_auth::web::ApiError;
use serde_json::json;

use crate::health::Draining;

/// How long the body of a request may take to arrive, the work on it included (LOAD-6).
const BODY_TIME: Duration = Duration::from_secs(30);

/// The outermost middleware.
///
/// # Errors
/// What the inside answers as an error; 408 when the body takes too long; 500 when something panicked.
pub async fn frame(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Held>, Error> {
    let draining = request.app_data::<web::Data<Draining>>().is_some_and(|draining| draining.has_begun());
    let has_body = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let sent = has_body.then(|| SentBody::lend(&mut request));
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
    let answer = match has_body {
        true => tokio::time::timeout(BODY_TIME, answer).await.map_err(|_| too_slow())?,
        false => answer.await,
    };
    let mut response = answer.map_err(|_| panicked())??;
    if draining {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_body(|_, body| Held { body: body.boxed(), _sent: sent }))
}

/// The body that a client sends, read by the handler and kept here until the answer is out.
///
/// When a handler gives up on a chunked body and lets go of it, actix-http goes on reading what the client trickles, for
/// as long as it likes. A body that somebody still holds when the answer is out makes it close the connection instead.
#[derive(Clone)]
struct SentBody(Rc<RefCell<Payload>>);

impl SentBody {
    /// Keeps a hold of the request's body and lets the request have it as before.
    fn lend(request: &mut ServiceRequest) -> Self {
        let sent = Self(Rc::new(RefCell::new(request.take_payload())));
        request.set_payload(Payload::Stream { payload: Box::pin(sent.clone()) });
        sent
    }
}

impl Stream for SentBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// An answer's body, and the request's body that it outlives.
pub struct Held {
    body: BoxBody,
    _sent: Option<SentBody>,
}

impl MessageBody for Held {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

fn too_slow() -> Error {
    bare(HttpResponse::RequestTimeout().force_close().json(json!({ "error": "The request took too long" })))
}

fn panicked() -> Error {
    bare(ApiError(Failure::failed("a request ended in a panic, which is a bug")).error_response())
}

/// An answer that no surface has dressed: with the headers that every answer has (security WEB-6).
fn bare(mut answer: HttpResponse) -> Error {
    let headers = answer.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    InternalError::from_response("answered by the frame", answer).into()
}
