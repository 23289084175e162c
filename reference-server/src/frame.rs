//! What surrounds every request: a time limit on its body, the end of the connection while the server drains, and a last
//! resort when something panics (security LOAD-6, LOAD-10, LOAD-13).

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError as _, web};
use futures_util::FutureExt as _;
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
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let draining = request.app_data::<web::Data<Draining>>().is_some_and(|draining| draining.has_begun());
    let has_body = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
    let answer = match has_body {
        true => tokio::time::timeout(BODY_TIME, answer).await.map_err(|_| too_slow())?,
        false => answer.await,
    };
    let mut response = answer.map_err(|_| panicked())??;
    if draining {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
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
