//! The few Mastodon routes that clients need around a sign-in (Mastodon §13 to §15, Lysand §12.2).

pub mod about;
pub mod account;
pub mod discovery;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};
use lysand_auth::Error;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::limits::Limits;
use lysand_auth::web::{ApiError, Bearer, json, not_allowed, sso_extension, with_slash};
use serde_json::Value;

use self::about::About;
use crate::server::State;

/// How long others may keep what is the same for everybody (Mastodon §14).
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// `GET /api/v1/accounts/verify_credentials`
async fn verify_credentials(state: Data<State>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["profile", "read", "read:accounts"]).await?;
    Ok(json(&account::credential_account(&account, &state.settings.http.base_url)))
}

/// `GET /api/v1/preferences`
async fn preferences(bearer: Bearer) -> Result<HttpResponse, ApiError> {
    bearer.account(&["read", "read:accounts"]).await?;
    Ok(json(&account::preferences()))
}

/// `GET /api/v1/instance`
async fn v1(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let sso = sso_extension(&state.auth);
    Ok(public(&about(&state, &sso).await?.v1()))
}

/// `GET /api/v2/instance`
async fn v2(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let sso = sso_extension(&state.auth);
    Ok(public(&about(&state, &sso).await?.v2()))
}

async fn about<'a>(state: &'a State, sso: &'a Value) -> Result<About<'a>, Error> {
    Ok(About {
        base_url: &state.settings.http.base_url,
        instance: &state.settings.instance,
        accounts: state.accounts.count_active().await?,
        sso,
    })
}

/// `GET /.well-known/host-meta`
async fn host_meta(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/xrd+xml; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, PUBLIC))
        .body(discovery::host_meta(&state.settings.http.base_url))
}

/// `GET /.well-known/nodeinfo`
async fn nodeinfo_links(state: Data<State>) -> HttpResponse {
    public(&discovery::nodeinfo_links(&state.settings.http.base_url))
}

/// `GET /nodeinfo/2.0`
async fn nodeinfo(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let instance = &state.settings.instance;
    let accounts = state.accounts.count_active().await?;
    Ok(public(&discovery::nodeinfo(&instance.title, &instance.description, accounts)))
}

fn public(document: &Value) -> HttpResponse {
    let mut reply = json(document);
    reply.headers_mut().insert(header::CACHE_CONTROL, PUBLIC);
    reply
}

/// The routes of this module, each for `GET` and `HEAD`, with and without a trailing slash (Mastodon §0.3).
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let secure = state.auth.config().base_url.is_secure();
    let limits = Limits::new(&state.auth);
    macro_rules! documents {
        ($config:ident; $($surface:ident $path:literal => $handler:ident $(within $limits:ident)?;)+) => {$(
            for path in with_slash($path) {
                $config.service(web::resource(path)
                    .route(web::get().to($handler))
                    .route(web::head().to($handler))
                    .default_service(not_allowed("GET, HEAD"))
                    $(.wrap($limits.clone()))?
                    .wrap(Headers::new(Surface::$surface, secure)),
                );
            }
        )+};
    }
    move |config| {
        documents! { config;
            Api "/api/v1/accounts/verify_credentials" => verify_credentials within limits;
            Api "/api/v1/preferences" => preferences within limits;
            Api "/api/v1/instance" => v1 within limits;
            Api "/api/v2/instance" => v2 within limits;
            Public "/.well-known/host-meta" => host_meta;
            Public "/.well-known/nodeinfo" => nodeinfo_links;
            Public "/nodeinfo/2.0" => nodeinfo;
        }
    }
}
