//! The token API: what may act for a person, listed and ended by an app (Mastodon §16).

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::authorized_applications::{self, Span, Token, Tokens};
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::with_query;
use crate::web::wire::reply::{self, ApiError, JsonBody};

/// Where the token API is.
pub(crate) const PATH: &str = "/api/v1/tokens";

const READS: &[&str] = &["read", "read:accounts"];
const WRITES: &[&str] = &["write", "write:accounts"];

/// `GET /api/v1/tokens`
pub(crate) async fn list(auth: Data<Auth>, bearer: Bearer, received: Received) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(READS).await?;
    let found = authorized_applications::tokens(&auth, &account.id, span(&received.0?)?).await?;
    let entities: Vec<Value> = found.tokens.iter().map(token_entity).collect();
    let mut reply = HttpResponse::Ok();
    if let Some(links) = links(&auth.config().base_url.join(PATH), &found) {
        reply.insert_header((header::LINK, links));
    }
    Ok(reply.json_body(&entities))
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

/// A limit that is no number is none.
fn span(params: &Params) -> Result<Span, Error> {
    Ok(Span {
        max_id: params.last_scalar("max_id")?,
        since_id: params.last_scalar("since_id")?,
        min_id: params.last_scalar("min_id")?,
        limit: params.last_text("limit").and_then(|limit| limit.parse().ok()),
    })
}

/// The neighbouring pages (RFC 8288), as Mastodon's lists have them.
fn links(place: &str, found: &Tokens) -> Option<String> {
    let (first, last) = (found.tokens.first()?, found.tokens.last()?);
    let limit = found.limit.to_string();
    let link = |name, id: &str, rel| {
        format!("<{}>; rel=\"{rel}\"", with_query(place, [("limit", limit.as_str()), (name, id)]))
    };
    let next = found.has_older.then(|| link("max_id", &last.id, "next"));
    let parts: Vec<String> = next.into_iter().chain([link("min_id", &first.id, "prev")]).collect();
    Some(parts.join(", "))
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
