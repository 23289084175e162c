//! What programs are told before they sign in (native 2.4).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use super::answer::{Answer, ok};
use super::body::Body;
#[cfg(feature = "sso")]
use super::provider;
use crate::auth::Auth;
use crate::flows::sign_up;
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::json as public;

/// `POST /auth-method`: the same for everybody.
pub(super) async fn method(auth: Data<Auth>, body: Body) -> Answer {
    body.members()?.text("username")?;
    Ok(ok(&match provider(&auth) {
        Some(provider) => json!({ "method": "oidc", "auth_url": format!("{}?redirect_uri=", provider.begin) }),
        None => json!({ "method": "password" }),
    }))
}

/// What programs and admins are told of the provider by which people sign in.
pub(super) struct Provider {
    /// The path where a browser begins.
    pub(super) begin: String,
    pub(super) issuer: String,
    pub(super) client_id: String,
    /// Where the provider sends people back to.
    pub(super) redirect_uri: String,
    pub(super) has_secret: bool,
}

/// The provider by which people sign in; `None` where there is none.
#[cfg(feature = "sso")]
pub(super) fn provider(auth: &Auth) -> Option<Provider> {
    provider::provider(auth).map(|provider| Provider {
        begin: provider::path(auth, provider::BEGIN),
        issuer: provider.issuer(),
        client_id: provider.client_id.clone(),
        redirect_uri: provider::address(auth, provider::CALLBACK),
        has_secret: !provider.client_secret.is_empty(),
    })
}

#[cfg(not(feature = "sso"))]
pub(super) fn provider(_: &Auth) -> Option<Provider> {
    None
}

/// `GET /auth/info`
pub(super) async fn info(auth: Data<Auth>) -> HttpResponse {
    public(&json!({
        "registration_mode": sign_up::native_mode(&auth).await.name(),
        "oidc_enabled": provider(&auth).is_some(),
        "server_version": env!("CARGO_PKG_VERSION"),
    }))
}

/// `GET /dashboard`: the own account. The fragment keeps a browser from carrying on the one that it came with, which may be tokens.
pub(super) async fn dashboard(auth: Data<Auth>) -> HttpResponse {
    redirect(&auth.config().base_url.join("/account#signed-in"))
}
