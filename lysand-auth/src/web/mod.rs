//! HTTP for actix-web: the site map, and the pieces that a host may use for its own routes.
//!
//! A handler has three moves: take the request apart, call one flow, reply. [`mount`] adds the routes below to any
//! actix application; the host keeps everything else.

mod bearer;
mod cookies;
mod extract;
mod forms;
mod frontend;
pub mod headers;
mod mastodon;
mod metadata;
mod pages;
mod params;
mod reply;

use actix_web::http::header;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Route};
use serde_json::json;

pub use self::bearer::Bearer;
pub use self::cookies::{COOKIE_NAME, SignedIn};
pub use self::forms::{form_session, form_token, prove_form};
use self::headers::{Headers, Surface};
use self::reply::JsonBody;
pub use self::reply::{ApiError, OAuthError, json, not_found};
use crate::auth::Auth;

/// Adds the library's routes. Each answers with and without a trailing slash, and `HEAD` like `GET`.
pub fn mount(auth: Auth) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config: &mut ServiceConfig| {
        let data = Data::new(auth.clone());
        config.app_data(data);
        mount_pages(config, &auth);
        mount_frontend(config, &auth);
        mount_mastodon(config, &auth);
    }
}

/// The pages of a sign-in and the form posts behind them (Lysand §3, §5 to §7, Mastodon §5).
fn mount_pages(config: &mut ServiceConfig, auth: &Auth) {
    let page = Headers::new(Surface::Page, auth.config().base_url.is_secure());
    let routes = &auth.config().frontend.routes;
    let own_pages = auth.config().frontend.origin.is_none();
    let also = |path: &'static str, configured: &str| {
        let mut paths = with_slash(path);
        if own_pages && configured != path {
            paths.extend(with_slash(configured));
        }
        paths
    };
    config.service(
        web::resource(also("/oauth/authorize", &routes.login))
            .route(web::get().to(pages::authorize))
            .route(web::head().to(pages::authorize))
            .route(web::post().to(frontend::authorize))
            .route(web::delete().to(frontend::deny))
            .default_service(not_allowed("GET, HEAD, POST, DELETE"))
            .wrap(form_session(auth))
            .wrap(page),
    );
    config.service(
        web::resource(also("/oauth/consent", &routes.consent))
            .route(web::get().to(pages::consent))
            .route(web::head().to(pages::consent))
            .default_service(not_allowed("GET, HEAD"))
            .wrap(form_session(auth))
            .wrap(page),
    );
    config.service(
        web::resource(["/oauth/code", "/oauth/code/", "/oauth/authorize/native", "/oauth/authorize/native/"])
            .route(web::get().to(pages::code))
            .route(web::head().to(pages::code))
            .default_service(not_allowed("GET, HEAD"))
            .wrap(page),
    );
    config.service(
        web::resource(with_slash("/oauth/authorize/continue"))
            .route(web::post().to(pages::go_on))
            .default_service(not_allowed("POST"))
            .wrap(form_session(auth))
            .wrap(page),
    );
}

/// Lysand's frontend API (Lysand §4 to §6, §12.7).
fn mount_frontend(config: &mut ServiceConfig, auth: &Auth) {
    let secure = auth.config().base_url.is_secure();
    let page = Headers::new(Surface::Page, secure);
    config.service(
        web::resource(with_slash("/api/auth/login"))
            .route(web::post().to(frontend::login))
            .default_service(not_allowed("POST"))
            .wrap(form_session(auth))
            .wrap(page),
    );
    config.service(
        web::resource(with_slash("/api/auth/redirect"))
            .route(web::post().to(frontend::redirect))
            .default_service(not_allowed("POST"))
            .wrap(form_session(auth))
            .wrap(page),
    );
    config.service(
        web::resource(with_slash("/api/auth/mastodon-logout"))
            .route(web::post().to(frontend::sign_out))
            .default_service(not_allowed("POST"))
            .wrap(form_session(auth))
            .wrap(page),
    );
    config.service(
        web::resource(with_slash("/api/v1/frontend/config"))
            .route(web::get().to(frontend::settings))
            .route(web::head().to(frontend::settings))
            .default_service(not_allowed("GET, HEAD"))
            .wrap(Headers::new(Surface::Api, secure)),
    );
}

/// Mastodon's OAuth (Mastodon §2, §6 to §8, §10, §11.3).
fn mount_mastodon(config: &mut ServiceConfig, auth: &Auth) {
    let secure = auth.config().base_url.is_secure();
    let api = Headers::new(Surface::Api, secure);
    let oauth = Headers::new(Surface::Oauth, secure);
    config.service(
        web::resource(with_slash("/api/v1/apps"))
            .route(web::post().to(mastodon::register))
            .default_service(not_allowed("POST"))
            .wrap(api),
    );
    config.service(
        web::resource(with_slash("/api/v1/apps/verify_credentials"))
            .route(web::get().to(mastodon::verify_app))
            .route(web::head().to(mastodon::verify_app))
            .default_service(not_allowed("GET, HEAD"))
            .wrap(api),
    );
    config.service(
        web::resource(with_slash("/oauth/token"))
            .route(web::post().to(mastodon::token))
            .default_service(not_allowed("POST"))
            .wrap(oauth),
    );
    config.service(
        web::resource(with_slash("/oauth/revoke"))
            .route(web::post().to(mastodon::revoke))
            .default_service(not_allowed("POST"))
            .wrap(oauth),
    );
    config.service(
        web::resource(with_slash("/oauth/userinfo"))
            .route(web::get().to(mastodon::userinfo))
            .route(web::head().to(mastodon::userinfo))
            .route(web::post().to(mastodon::userinfo))
            .default_service(not_allowed("GET, HEAD, POST"))
            .wrap(api),
    );
    config.service(
        web::resource(with_slash("/.well-known/oauth-authorization-server"))
            .route(web::get().to(metadata::authorization_server))
            .route(web::head().to(metadata::authorization_server))
            .default_service(not_allowed("GET, HEAD"))
            .wrap(Headers::new(Surface::Public, secure)),
    );
}

/// A path with and without a trailing slash: a redirect between them would lose a body (Mastodon §0.3).
#[must_use]
pub fn with_slash(path: &str) -> Vec<String> {
    vec![path.to_owned(), format!("{path}/")]
}

/// The answer to a method that a route does not have: 405 with `Allow`, as JSON.
#[must_use]
pub fn not_allowed(allow: &'static str) -> Route {
    web::to(move || async move {
        HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, allow))
            .json_body(&json!({ "error": "Method Not Allowed" }))
    })
}
