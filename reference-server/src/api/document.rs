//! What documents for programs have in common.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use lysand_auth::web::json;
use serde_json::Value;

/// How long others may keep what is the same for everybody (Mastodon §14).
pub(super) const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// A document that is the same for everybody.
pub(super) fn public(document: &Value) -> HttpResponse {
    let mut reply = json(document);
    reply.headers_mut().insert(header::CACHE_CONTROL, PUBLIC);
    reply
}
