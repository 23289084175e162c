//! The outermost middleware but for the request's id: no header that may stand once stands twice, a time limit for the body of a request, the end of
//! the connection while the server drains, and an answer when a handler panics (security LOAD-6, LOAD-10, LOAD-13, faults F16).

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, PayloadError};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError as _};
use futures_util::{FutureExt as _, Stream};
use lysand_auth::error::Error as Failure;
use lysand_auth::web::ApiError;
use lysand_auth::web::routes::RouteList;
use serde_json::json;

use super::connections::{Answering, Meter};
use super::draining::Draining;
use crate::state::State;

/// How long the body of a request may take to arrive, the work on it included (LOAD-6).
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Headers that stand in a request once at most: of two, one reader would believe the first and another the last (faults F16).
const SINGLE: [HeaderName; 4] = [header::AUTHORIZATION, header::HOST, header::CONTENT_LENGTH, header::CONTENT_TYPE];

/// Guards a request and its response.
///
/// # Errors
/// What the inner services answer as an error; 400 when a header is repeated; 403 for a service worker; 408 when the body takes too long; 500 when
/// something panicked.
pub async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<GuardedBody>, Error> {
    let draining = request.app_data::<web::Data<Draining>>().is_some_and(|draining| draining.has_begun());
    // After a request that offers to change the protocol the framework ends the connection, and does not say so: a proxy that
    // sends these words with each request would use it once more, and answer 502.
    let is_last = draining || request.head().connection_type() == ConnectionType::Upgrade;
    let (uri, routes) = (request.uri().clone(), request.app_data::<web::Data<RouteList>>().cloned());
    // Asked only when it is needed: most requests get an answer from a handler.
    let open = || routes.as_ref().is_some_and(|routes| routes.is_open_to_other_origins(uri.path()));
    let answering = request.conn_data::<Rc<Meter>>().map(Meter::begin);
    if let Some(name) = SINGLE.iter().find(|name| request.headers().get_all(*name).nth(1).is_some()) {
        return Err(repeated(name, open()));
    }
    if asks_for_service_worker(&request) {
        return Err(no_service_worker(open()));
    }
    let sent = SentBody::share(&mut request, answering.as_ref().map(Answering::meter));
    let is_timed = sent.is_some() || !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
    let answer = match is_timed {
        true => tokio::time::timeout(BODY_TIMEOUT, answer).await.map_err(|_| too_slow(open()))?,
        false => answer.await,
    };
    let mut response = answer.map_err(|_| panicked(open()))??;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        if let Some(answering) = &answering {
            answering.meter().upgrade();
        }
    } else if is_last {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_body(|_, body| GuardedBody { body: body.boxed(), _sent: sent, _answering: answering }))
}

/// The body that a client sends, read by the handler and kept here until the answer is out.
///
/// When a handler drops a chunked body before its end, actix-http goes on reading what the client sends, for as long as the
/// client likes. A body that is still kept when the response is out makes it close the connection instead.
#[derive(Clone)]
struct SentBody {
    payload: Rc<RefCell<Payload>>,
    meter: Option<Rc<Meter>>,
}

impl SentBody {
    /// Keeps the request's body, where it has one, and lets the request read it as before.
    fn share(request: &mut ServiceRequest, meter: Option<&Rc<Meter>>) -> Option<Self> {
        let payload = request.take_payload();
        if matches!(payload, Payload::None) {
            return None;
        }
        let sent = Self { payload: Rc::new(RefCell::new(payload)), meter: meter.cloned() };
        request.set_payload(Payload::Stream { payload: Box::pin(sent.clone()) });
        Some(sent)
    }
}

impl Stream for SentBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = Pin::new(&mut *self.payload.borrow_mut()).poll_next(context);
        if let (Poll::Ready(Some(Ok(bytes))), Some(meter)) = (&piece, &self.meter) {
            meter.take(bytes.len());
        }
        piece
    }
}

/// The body of a response, which keeps the request's body, and the connection's next request waiting, until it is out.
pub struct GuardedBody {
    body: BoxBody,
    _sent: Option<SentBody>,
    _answering: Option<Answering>,
}

impl MessageBody for GuardedBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

/// Whether a browser asks for the script of a service worker, which would see every page of this origin (faults F9), and there
/// shall be none.
fn asks_for_service_worker(request: &ServiceRequest) -> bool {
    let allowed = || {
        let state = request.app_data::<web::Data<State>>();
        state.is_some_and(|state| state.auth.config().frontend.service_worker)
    };
    request.headers().contains_key("service-worker") && !allowed()
}

fn no_service_worker(open: bool) -> Error {
    let error = "There are no service workers here (frontend.service_worker).";
    with_headers(HttpResponse::Forbidden().json(json!({ "error": error })), open)
}

fn repeated(name: &HeaderName, open: bool) -> Error {
    let error = format!("The header {name} is repeated.");
    with_headers(HttpResponse::BadRequest().force_close().json(json!({ "error": error })), open)
}

fn too_slow(open: bool) -> Error {
    with_headers(
        HttpResponse::RequestTimeout().force_close().json(json!({ "error": "The request took too long" })),
        open,
    )
}

fn panicked(open: bool) -> Error {
    with_headers(ApiError(Failure::failed("a request ended in a panic, which is a bug")).error_response(), open)
}

/// A response that no inner middleware has seen: with the headers that every response has (security WEB-6), and readable for
/// pages of other sites where they may call at all; else they would only get a "CORS error".
fn with_headers(mut answer: HttpResponse, open: bool) -> Error {
    let headers = answer.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    if open {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    InternalError::from_response("answered by the guard", answer).into()
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, middleware};
    use lysand_auth::web::headers::AnswerKind;

    use super::*;

    async fn breaks() -> HttpResponse {
        panic!("on purpose")
    }

    #[actix_web::test]
    async fn guard_timeout_and_panic_answers_allow_cross_origin_reads() {
        let routes = RouteList::default()
            .with("/api/v1/apps", AnswerKind::Api)
            .with("/oauth/authorize", AnswerKind::Page)
            .with("/nodeinfo/{rest:.*}", AnswerKind::Public);
        let app = App::new().app_data(web::Data::new(routes)).wrap(middleware::from_fn(guard));
        let app = app.default_service(web::to(breaks));
        let app = init_service(app).await;
        for (path, open) in [("/api/v1/apps", true), ("/nodeinfo/2.0", true), ("/oauth/authorize", false), ("/", false)]
        {
            let Err(broken) = try_call_service(&app, TestRequest::post().uri(path).to_request()).await else {
                panic!("{path} is answered")
            };
            for (answer, status) in [(broken.error_response(), 500), (too_slow(open).error_response(), 408)] {
                assert_eq!(answer.status().as_u16(), status);
                let allowed = answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
                assert_eq!(allowed.map(HeaderValue::as_bytes), open.then_some(&b"*"[..]), "{path}");
                assert_eq!(
                    answer.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes),
                    Some(&b"application/json"[..])
                );
            }
        }
    }
}
