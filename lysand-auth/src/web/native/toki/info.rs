//! What programs are told before they sign in (native 2.4).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use super::answer::{Answer, ok};
use super::body::Body;
use crate::auth::Auth;
use crate::flows::sign_up;
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::json as public;

/// `POST /auth-method`: the same for everybody.
pub(super) async fn method(body: Body) -> Answer {
    body.members()?.text("username")?;
    Ok(ok(&json!({ "method": "password" })))
}

/// `GET /auth/info`
pub(super) async fn info(auth: Data<Auth>) -> HttpResponse {
    public(&json!({
        "registration_mode": sign_up::native_mode(&auth).await.name(),
        "oidc_enabled": false,
        "server_version": env!("CARGO_PKG_VERSION"),
    }))
}

/// `GET /dashboard`: the own account. The fragment keeps a browser from carrying on the one that it came with, which may be tokens.
pub(super) async fn dashboard(auth: Data<Auth>) -> HttpResponse {
    redirect(&auth.config().base_url.join("/account#signed-in"))
}
