//! The identity providers that are offered (Lysand §12.1).

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::auth::Auth;
use crate::web::kit::documents::offered_providers;
use crate::web::kit::surfaces::Surfaces;
use crate::web::wire::reply;

/// `GET /oauth/providers` (Lysand §12.1)
pub(crate) async fn providers(auth: Data<Auth>) -> HttpResponse {
    reply::json(&offered_providers(&auth, Surfaces::all()))
}
