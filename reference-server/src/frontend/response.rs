//! The frontend's response as the browser gets it.

use actix_web::HttpResponse;
use actix_web::body::BodySize;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use lysand_auth::config::BaseUrl;
use url::Url;

use super::target;

/// The response headers that the browser gets, beside status, length and redirect. No cookies: those of this origin are
/// ours.
const RESPONSE_HEADERS: [HeaderName; 10] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::ETAG,
    header::LAST_MODIFIED,
    header::CACHE_CONTROL,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
    header::VARY,
    header::CONTENT_LANGUAGE,
    header::CONTENT_SECURITY_POLICY,
];

/// Why a response cannot be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    /// Its status is no HTTP status.
    BadStatus,
    /// It redirects to another origin.
    ForeignRedirect,
}

/// Status and headers of the response to a request for `url`, shown on the origin `own`.
pub(super) fn head(response: &reqwest::Response, url: &Url, own: &BaseUrl) -> Result<HttpResponse, HeadError> {
    let status = StatusCode::from_u16(response.status().as_u16()).map_err(|_| HeadError::BadStatus)?;
    let mut reply = HttpResponse::new(status);
    for name in &RESPONSE_HEADERS {
        for value in response.headers().get_all(name.as_str()) {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                reply.headers_mut().append(name.clone(), value);
            }
        }
    }
    if let Some(given) = response.headers().get("location") {
        let given = given.to_str().map_err(|_| HeadError::ForeignRedirect)?;
        let place = target::location(url, own, given).ok_or(HeadError::ForeignRedirect)?;
        let place = HeaderValue::from_str(&place).map_err(|_| HeadError::ForeignRedirect)?;
        reply.headers_mut().insert(header::LOCATION, place);
    }
    set_missing(reply.headers_mut());
    Ok(reply)
}

/// The length that the response names, for a response that is passed on without its body.
pub(super) fn size(response: &reqwest::Response) -> BodySize {
    let length = response.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    length.map_or(BodySize::None, BodySize::Sized)
}

/// Sets what the frontend did not say itself. Its documents bring scripts and styles of their own, so they are not under
/// the policy of our pages; nobody may frame them, and nobody keeps what the frontend did not say how long to keep.
fn set_missing(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'");
    set(header::CACHE_CONTROL, "no-cache");
}
