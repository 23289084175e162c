//! Revocation: an app gives a token back (Mastodon §7, RFC 7009).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::revoke as revocation;
use crate::web::oauth::client;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{JsonBody, OAuthError};

/// `POST /oauth/revoke`
pub(crate) async fn revoke(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, OAuthError> {
    give_back(&auth, &req, received).await.map_err(|error| OAuthError::at(&auth, error))
}

async fn give_back(auth: &Auth, req: &HttpRequest, received: Received) -> Result<HttpResponse, Error> {
    let params = received.0?;
    let claim = client::claim(auth, req, &params)?;
    params.require_equal_repeats(&["token_type_hint"])?;
    revocation::revoke(auth, claim, client::secret(auth, &params, "token")?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&json!({})))
}
