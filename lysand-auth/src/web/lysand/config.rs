//! The frontend's configuration, as the operator wrote it (Lysand §4).

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::auth::Auth;
use crate::web::wire::reply;

/// `GET /api/v1/frontend/config`
pub(crate) async fn config(auth: Data<Auth>) -> HttpResponse {
    reply::json(&auth.config().frontend.settings)
}
