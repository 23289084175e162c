//! Where the pages are, ours and a frontend's, so that a frontend can lead to what it has not built (people PPL-233).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Map, Value, json};

use crate::auth::Auth;
use crate::web::wire::reply::json as reply;

/// `GET /api/v1/auth/routes`
pub(super) async fn list(auth: Data<Auth>) -> HttpResponse {
    let pages = auth.config().pages().map(|(name, url, is_of_frontend)| {
        (name.to_owned(), json!({ "url": url, "by": if is_of_frontend { "frontend" } else { "hosted" } }))
    });
    super::json::private(reply(&pages.collect::<Map<String, Value>>()))
}
