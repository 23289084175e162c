//! What a token is: asked by a server about any token (RFC 7662), and by an app about its own (Mastodon §9).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::introspect as introspection;
use crate::model::account::AccountId;
use crate::model::strength::Authentication;
use crate::web::kit::bearer::Bearer;
use crate::web::oauth::client;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, JsonBody, OAuthError};

/// `POST /oauth/introspect` (Mastodon §9, RFC 7662)
pub(crate) async fn introspect(
    auth: Data<Auth>,
    req: HttpRequest,
    received: Received,
) -> Result<HttpResponse, OAuthError> {
    describe(&auth, &req, received).await.map_err(|error| OAuthError::at(&auth, error))
}

async fn describe(auth: &Auth, req: &HttpRequest, received: Received) -> Result<HttpResponse, Error> {
    let params = received.0?;
    let claim = client::claim(auth, req, &params)?;
    params.require_equal_repeats(&["token_type_hint"])?;
    let active = introspection::introspect(auth, claim, client::secret(auth, &params, "token")?).await?;
    let body = active.map_or_else(
        || json!({ "active": false }),
        |active| {
            let mut body = json!({
                "active": true,
                "scope": active.scopes.to_string(),
                "client_id": active.client_id,
                "token_type": if active.is_access_token { "Bearer" } else { "refresh_token" },
            });
            for (name, moment) in [("iat", active.issued_at), ("exp", active.expires_at)] {
                if let Some(moment) = moment {
                    body[name] = moment.seconds().into();
                }
            }
            if let Some(Authentication { acr, at, .. }) = active.authentication {
                body["acr"] = acr.name().into();
                body["auth_time"] = at.seconds().into();
            }
            body
        },
    );
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&body))
}

/// `GET /oauth/token/info` (Mastodon §9)
pub(crate) async fn token_info(auth: Data<Auth>, bearer: Result<Bearer, ApiError>) -> Result<HttpResponse, ApiError> {
    match bearer {
        Ok(bearer) => {
            bearer.refuse_disabled().await?;
            Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&json!({
                "resource_owner_id": bearer.account_id().map(AccountId::as_str),
                "scope": bearer.scopes().words(),
                "expires_in": bearer.expires_in(auth.ambient().now()).map(|left| left.as_secs()),
                "application": { "uid": bearer.app().client_id },
                "created_at": bearer.created_at().seconds(),
            })))
        }
        Err(ApiError(Error::Refused(refusal))) if refusal.code == Code::InvalidToken => {
            Ok(HttpResponse::Unauthorized().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&json!({
                "error": "invalid_token",
                "error_description": refusal.why,
                "state": "unauthorized",
            })))
        }
        Err(error) => Err(error),
    }
}
