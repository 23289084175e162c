//! Single sign-on over HTTP: what is linked, and what is offered (Lysand §10 to §12). The journey itself is in `journey`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::flows::sso::{self, LinkStart, Linked, ProviderRedirect};
use crate::model::identity::StartedBy;
use crate::web::kit::bearer::Bearer;
use crate::web::wire::cookies;
use crate::web::wire::extract;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{self, ApiError, JsonBody as _};

/// The sentences of a failed journey that our own pages show; others in a URL are nobody's.
pub(crate) const SENTENCES: [&str; 9] = [
    "client_id is required",
    "client_id is invalid",
    "issuer is invalid",
    "Invalid flow",
    "No user found with that account",
    "The identity provider cannot be reached. Please try again later.",
    "The identity provider gave an answer that cannot be trusted. Please try again.",
    "The identity provider does not answer. Please try again later.",
    "Logging in with a password is disabled by the administrator. Please use a valid OpenID Connect provider.",
];

/// `POST /api/v1/sso`: start linking (Lysand §10)
pub(crate) async fn start_link(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["write", "write:accounts"]).await?;
    let params = received.0?;
    params.known_type()?;
    let provider = params.body_text("issuer")?;
    let provider = provider.ok_or_else(|| Error::refused(Code::InvalidRequest, "Missing issuer in form body"))?;
    let start = LinkStart {
        account: account.id,
        by: StartedBy::Token(bearer.token_id().to_owned()),
        in_browser: extract::is_same_origin_fetch(&req),
        source: extract::source(&req, auth.config()),
    };
    let departure = sso::link(&auth, &provider, start).await?;
    let mut reply = reply::json(&json!({ "link": departure.location }));
    bind(&auth, &mut reply, &departure)?;
    Ok(reply)
}

/// Gives the browser the cookie by which the callback knows it again.
fn bind(auth: &Auth, reply: &mut HttpResponse, departure: &ProviderRedirect) -> Result<(), Error> {
    match &departure.browser {
        Some(secret) => cookies::add(reply, &cookies::binding(auth, &departure.flow_id, secret)),
        None => Ok(()),
    }
}

/// Sends the browser to a provider, with the cookie by which the callback knows it again: for a host's own pages.
///
/// # Errors
/// When the cookie or the address fits into no header.
pub fn depart(auth: &Auth, departure: &ProviderRedirect) -> Result<HttpResponse, Error> {
    let mut reply = reply::redirect(&departure.location);
    bind(auth, &mut reply, departure)?;
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

/// `GET /oauth/providers` (Lysand §12.1)
pub(crate) async fn providers(auth: Data<Auth>) -> HttpResponse {
    HttpResponse::Ok().json_body(&offered(&auth))
}

/// What the instance documents say about single sign-on (Lysand §12.2): for a host's own routes.
#[must_use]
pub fn sso_extension(auth: &Auth) -> Value {
    json!({ "forced": auth.config().sso.forced, "providers": offered(auth) })
}

fn offered(auth: &Auth) -> Vec<Value> {
    let entity = |provider: &Provider| {
        let mut entity = json!({ "id": provider.id, "name": provider.name });
        if let Some(icon) = &provider.icon {
            entity["icon"] = icon.as_str().into();
        }
        entity
    };
    auth.config().sso.providers.iter().map(entity).collect()
}

/// The provider in the path. One that cannot be read is none.
pub(crate) fn issuer(req: &HttpRequest) -> String {
    req.match_info().get("issuer").unwrap_or_default().to_owned()
}
