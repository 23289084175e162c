//! The token API: what may act for a person, listed and ended by an app (Mastodon §16).

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::flows::authorized_applications::{self, Token};
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{self, ApiError};

/// Where the token API is.
pub(crate) const PATH: &str = "/api/v1/tokens";

const READS: &[&str] = &["read", "read:accounts"];
const WRITES: &[&str] = &["write", "write:accounts"];

/// `GET /api/v1/tokens`
pub(crate) async fn list(auth: Data<Auth>, bearer: Bearer, received: Received) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(READS).await?;
    let found = authorized_applications::tokens(&auth, &account.id, list_page::span(&received.0?)?).await?;
    Ok(list_page::reply(&auth, PATH, &found, |token| (token.id.as_str(), token_entity(token))))
}

/// `GET /api/v1/tokens/:id`
pub(crate) async fn get(auth: Data<Auth>, bearer: Bearer, id: Option<Path<String>>) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(READS).await?;
    let token =
        authorized_applications::token(&auth, &account.id, &id.map(Path::into_inner).unwrap_or_default()).await?;
    Ok(reply::json(&token_entity(&token)))
}

/// `POST /api/v1/tokens/:id/invalidate`
pub(crate) async fn invalidate(
    auth: Data<Auth>,
    bearer: Bearer,
    id: Option<Path<String>>,
) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(WRITES).await?;
    let token =
        authorized_applications::end_token(&auth, &account.id, &id.map(Path::into_inner).unwrap_or_default()).await?;
    Ok(reply::json(&token_entity(&token)))
}

/// GoToSocial's shape; what is not known is left out.
fn token_entity(token: &Token) -> Value {
    let mut application = json!({ "name": token.app.name });
    if let Some(website) = &token.app.website {
        application["website"] = website.as_str().into();
    }
    let mut entity = json!({
        "id": token.id,
        "created_at": token.created_at.to_iso8601(),
        "scope": token.scopes.to_string(),
        "application": application,
    });
    if let Some(last_used) = token.last_used_at {
        entity["last_used"] = last_used.to_iso8601().into();
    }
    entity
}
