//! Linked identities: what is linked, linking and unlinking (Lysand §10, §11).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sso::{self, LinkStart, Linked};
use crate::model::identity::StartedBy;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::provider_redirect::remember;
use crate::web::kit::session;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{self, ApiError};
use crate::web::wire::request::{self, issuer};

/// `POST /api/v1/sso`: start linking (Lysand §10)
pub(crate) async fn start_link(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["write", "write:accounts"]).await?;
    let params = received.0?;
    params.require_known_type()?;
    let provider = params.body_text("issuer")?;
    let provider = provider.ok_or_else(|| Error::refused(Code::InvalidRequest, "Missing issuer in form body"))?;
    let mut start = LinkStart::new(account.id, StartedBy::Token(bearer.token_id().to_owned()));
    start.in_browser = request::is_same_origin_fetch(&req);
    start.source = request::source(&req, auth.config());
    if start.in_browser {
        start.session = session::optional(&auth, &req).await?.session().map(|session| session.id.clone());
    }
    let departure = sso::link(&auth, &provider, start).await?;
    let mut reply = reply::json(&json!({ "link": departure.location }));
    remember(&auth, &mut reply, &departure)?;
    Ok(reply)
}

/// `GET /api/v1/sso`: what is linked (Lysand §10)
pub(crate) async fn list(auth: Data<Auth>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["read", "read:accounts"]).await?;
    let linked = sso::list(&auth, &account.id).await?;
    Ok(reply::json(&linked.iter().map(|linked| entity(&auth, linked)).collect::<Vec<_>>()))
}

/// `GET /api/v1/sso/:issuer` (Lysand §11)
pub(crate) async fn get(auth: Data<Auth>, req: HttpRequest, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["read", "read:accounts"]).await?;
    let linked = sso::get(&auth, &account.id, &issuer(&req)).await?;
    Ok(reply::json(&entity(&auth, &linked)))
}

/// `DELETE /api/v1/sso/:issuer`: 204 without a content type (Lysand §11, §16)
pub(crate) async fn unlink(auth: Data<Auth>, req: HttpRequest, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["write", "write:accounts"]).await?;
    sso::unlink(&auth, &account.id, &issuer(&req)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn entity(auth: &Auth, linked: &Linked) -> Value {
    let (config, provider) = (auth.config(), &linked.provider);
    json!({ "id": provider.id, "name": provider.name, "icon": config.sso.icon(provider, &config.base_url) })
}
