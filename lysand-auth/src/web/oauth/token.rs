//! The token endpoint: a grant is exchanged for tokens (Mastodon §6).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::token::{self as tokens, TokenRequest};
use crate::model::app::DEVICE_GRANT;
use crate::web::oauth::client;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{JsonBody, OAuthError};
use crate::web::wire::request;
use crate::web::wire::token_entity::token_entity;

/// `POST /oauth/token`
pub(crate) async fn token(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, OAuthError> {
    exchange(&auth, &req, received).await.map_err(|error| OAuthError::at(&auth, error))
}

async fn exchange(auth: &Auth, req: &HttpRequest, received: Received) -> Result<HttpResponse, Error> {
    let params = received.0?;
    let grant_type = params.text("grant_type")?;
    // A code has a scope of its own, and what stands beside it is ignored, however odd (Mastodon §4).
    let has_own_scope = matches!(grant_type.as_deref(), Some("authorization_code" | DEVICE_GRANT));
    let scope = if has_own_scope { None } else { params.text("scope")? };
    let base_url = &auth.config().base_url;
    if !params.every_text("resource")?.iter().all(|resource| base_url.covers(resource)) {
        return Err(Error::invalid_target());
    }
    let requested = TokenRequest {
        grant_type,
        client: client::claim(auth, req, &params)?,
        code: client::secret(auth, &params, "code")?,
        redirect_uri: params.text("redirect_uri")?,
        code_verifier: client::secret(auth, &params, "code_verifier")?,
        refresh_token: client::secret(auth, &params, "refresh_token")?,
        device_code: client::secret(auth, &params, "device_code")?,
        scope,
        source: request::source(req, auth.config()),
    };
    let issued = tokens::exchange(auth, requested).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json_body(&token_entity(&issued)))
}
