//! What documents for programs have in common.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, web};
use lysand_auth::web::{json, not_allowed};
use serde_json::Value;

/// How long others may keep what is the same for everybody (Mastodon §14).
pub(super) const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// A document that is the same for everybody.
pub(super) fn public(document: &Value) -> HttpResponse {
    let mut reply = json(document);
    reply.headers_mut().insert(header::CACHE_CONTROL, PUBLIC);
    reply
}

/// A document at this path, for `GET` and `HEAD`; other methods get an error in JSON (Mastodon §0.3).
pub(super) fn document<H, A>(path: &str, handler: H) -> Resource
where
    H: Handler<A>,
    A: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(not_allowed("GET, HEAD"))
}
