//! Mastodon's OAuth routes (Mastodon §2, §6, §7, §8, §11.3).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::bearer::Bearer;
use super::extract;
use super::params::{Params, Received};
use super::reply::{ApiError, JsonBody, OAuthError, json};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::token::TokenRequest;
use crate::flows::{apps, revoke as revocation, token as tokens};
use crate::model::app::{App, Registration};
use crate::model::client::ClientClaim;
use crate::model::redirect_uri::RedirectUri;

/// `POST /api/v1/apps`
pub(crate) async fn register(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let mut redirect_uris = params.last_list("redirect_uris");
    if redirect_uris.is_empty() {
        redirect_uris = params.last_list("redirect_uri"); // A common mistake (DEV-4).
    }
    let registration = Registration {
        name: params.last_text("client_name"),
        redirect_uris,
        scopes: Some(params.last_list("scopes").join(" ")),
        website: params.last_text("website"),
    };
    let registered = apps::register(&auth, registration, extract::source(&req, auth.config())).await?;
    let mut body = entity(&registered.app);
    body["client_id"] = registered.app.client_id.clone().into();
    body["client_secret"] = registered.secret.expose().into();
    body["client_secret_expires_at"] = 0.into();
    let mut reply = json(&body);
    if let Some(allowance) = registered.allowance {
        reply.extensions_mut().insert(allowance);
    }
    Ok(reply)
}

/// `GET /api/v1/apps/verify_credentials`
pub(crate) async fn verify_app(bearer: Bearer) -> Result<HttpResponse, ApiError> {
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

/// `POST /oauth/token`
pub(crate) async fn token(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, OAuthError> {
    let params = received.0?;
    let request = TokenRequest {
        grant_type: params.text("grant_type")?,
        client: claim(&req, &params)?,
        code: params.secret("code")?,
        redirect_uri: params.text("redirect_uri")?,
        code_verifier: params.secret("code_verifier")?,
        scope: params.text("scope").unwrap_or(Some("\n".into())),
        source: extract::source(&req, auth.config()),
    };
    let issued = tokens::exchange(&auth, request).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json_body(&json!({
            "access_token": issued.access_token.expose(),
            "token_type": "Bearer",
            "scope": issued.scopes.to_string(),
            "created_at": issued.created_at.seconds(),
        })))
}

/// `POST /oauth/revoke`
pub(crate) async fn revoke(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, OAuthError> {
    let params = received.0?;
    let client = claim(&req, &params)?;
    revocation::revoke(&auth, client, params.secret("token")?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&json!({})))
}

fn claim(req: &HttpRequest, params: &Params) -> Result<ClientClaim, Error> {
    let basic = extract::basic(req.headers());
    ClientClaim::read(basic.as_ref(), params.text("client_id")?, params.secret("client_secret")?)
}

/// `GET` and `POST /oauth/userinfo`
pub(crate) async fn userinfo(auth: Data<Auth>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["profile"]).await?;
    let base = &auth.config().base_url;
    let profile = auth.accounts().profile(&account, base);
    Ok(json(&json!({
        "iss": base.issuer(),
        "sub": profile.uri,
        "name": account.display_name,
        "preferred_username": account.username,
        "profile": profile.url,
        "picture": profile.picture,
    })))
}
