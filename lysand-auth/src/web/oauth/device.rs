//! Where a program without a browser asks for its codes (RFC 8628 §3.1, §3.2; native §2.12).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::client;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::device::{self as flow, DeviceRequest};
use crate::web::wire::params::Received;
use crate::web::wire::redirect::with_query;
use crate::web::wire::reply::{JsonBody, OAuthError};
use crate::web::wire::request;

pub(super) use crate::flows::device::is_offered;

/// The path.
pub(super) const ENDPOINT: &str = "/oauth/device_authorization";

/// `POST /oauth/device_authorization`
pub(super) async fn begin(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, OAuthError> {
    begun(&auth, &req, received).await.map_err(|error| OAuthError::at(&auth, error))
}

async fn begun(auth: &Auth, req: &HttpRequest, received: Received) -> Result<HttpResponse, Error> {
    let params = received.0?;
    let base_url = &auth.config().base_url;
    if !params.every_text("resource")?.iter().all(|resource| base_url.covers(resource)) {
        return Err(Error::invalid_target());
    }
    let asked = DeviceRequest {
        client: client::claim(auth, req, &params)?,
        scope: params.text("scope")?,
        caller: request::caller(req, auth.config()),
    };
    let codes = flow::begin(auth, asked).await?;
    let (page, user_code) = (base_url.join(flow::PAGE), codes.user_code.shown());
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json_body(&json!({
            "device_code": codes.device_code.expose(),
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": with_query(&page, [("user_code", user_code.as_str())]),
            "expires_in": flow::LIFETIME.as_secs(),
            "interval": flow::INTERVAL.as_secs(),
        })))
}
