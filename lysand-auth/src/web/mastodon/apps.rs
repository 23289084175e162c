//! Apps register themselves, and ask who they are (Mastodon §2, §11.3).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::flows::apps;
use crate::model::app::App;
use crate::model::redirect_uri::RedirectUri;
use crate::model::registration::{Dialect, Registration};
use crate::web::kit::bearer::Bearer;
use crate::web::kit::openid_registration::openid_registration;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, json};
use crate::web::wire::request;

/// `POST /api/v1/apps`
pub(crate) async fn register(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let mut redirect_uris = params.last_list("redirect_uris")?;
    if redirect_uris.is_empty() {
        redirect_uris = params.last_list("redirect_uri")?; // A common mistake (DEV-4).
    }
    let registration = Registration {
        dialect: Dialect::Mastodon,
        name: params.last_scalar("client_name")?,
        redirect_uris,
        scopes: Some(params.last_list("scopes")?.join(" ")),
        website: params.last_scalar("website")?,
        auth_method: params.last_scalar("token_endpoint_auth_method")?,
        grant_types: params.last_list("grant_types")?,
        response_types: Vec::new(),
        openid: openid_registration(&params)?,
        ..Registration::default()
    };
    let registered = apps::register(&auth, registration, request::source(&req, auth.config())).await?;
    let mut body = entity(&registered.app);
    body["client_id"] = registered.app.client_id.clone().into();
    if let Some(secret) = &registered.secret {
        body["client_secret"] = secret.expose().into();
        body["client_secret_expires_at"] = 0.into();
    }
    let mut reply = json(&body);
    if let Some(allowance) = registered.allowance {
        reply.extensions_mut().insert(allowance);
    }
    Ok(reply)
}

/// `GET /api/v1/apps/verify_credentials`
pub(crate) async fn verify_credentials(bearer: Bearer) -> Result<HttpResponse, ApiError> {
    bearer.refuse_disabled().await?;
    Ok(json(&entity(bearer.app())))
}

/// The application entity (Mastodon §2.3). `vapid_link` is Lysand's spelling (Lysand §12.3).
fn entity(app: &App) -> Value {
    let uris: Vec<&str> = app.redirect_uris.iter().map(RedirectUri::as_str).collect();
    json!({
        "id": app.id.as_str(),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.words(),
        "redirect_uris": uris,
        "redirect_uri": uris.join("\n"),
        "vapid_key": "",
        "vapid_link": null,
    })
}
