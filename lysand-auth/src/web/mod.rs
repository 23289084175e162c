//! HTTP for actix-web: the site map, and the pieces that a host may use for its own routes.
//!
//! A handler has three moves: take the request apart, call one flow, reply. [`mount`] adds the routes below to any
//! actix application; the host keeps everything else.

#[cfg(test)]
mod fuzz;
pub mod kit;
mod lysand;
mod mastodon;
mod oauth;
mod pages;
mod texts;
mod wire;

use actix_web::http::header;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Route};
use serde_json::json;

pub use self::kit::bearer::Bearer;
pub use self::kit::form_tokens::FormTokens;
pub use self::kit::forms::{form_session, form_token, prove_form};
use self::kit::headers::{Headers, Surface};
use self::kit::limits::Limits;
pub use self::kit::{headers, limits};
pub use self::lysand::sso::{depart, sso_extension};
pub use self::texts::page_texts;
pub use self::wire::cookies::{COOKIE_NAME, SignedIn, put_session};
pub use self::wire::extract::{reader, source};
use self::wire::reply::JsonBody;
pub use self::wire::reply::{ApiError, OAuthError, json, not_found};
use crate::auth::Auth;

/// Serves a route at each of its paths. Each path is a resource of its own, because the router finds a plain text at once
/// and tries a set of texts as a regular expression.
macro_rules! serve {
    ($config:ident, $paths:expr, $allow:literal, [$($method:ident => $handler:path),+], $($wrap:expr),+) => {
        for path in $paths {
            $config.service(
                web::resource(path)
                    $(.route(web::$method().to($handler)))+
                    .default_service(not_allowed($allow))
                    $(.wrap($wrap))+,
            );
        }
    };
}

/// Adds the library's routes. Each answers with and without a trailing slash, and `HEAD` like `GET`.
pub fn mount(auth: Auth) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config: &mut ServiceConfig| {
        let data = Data::new(auth.clone());
        config.app_data(data);
        mount_mastodon(config, &auth);
        mount_pages(config, &auth);
        mount_frontend(config, &auth);
        mount_sso(config, &auth);
        mount_grants(config, &auth);
    }
}

/// Mastodon's OAuth (Mastodon §2, §6 to §10, §11.3), and the registration of RFC 7591.
fn mount_mastodon(config: &mut ServiceConfig, auth: &Auth) {
    use oauth::metadata::{authorization_server, keys, openid_configuration};
    use oauth::registration::register as register_dynamically;
    use oauth::token::{
        applications, introspect, register, revoke, token, token_info, userinfo, userinfo_posted, verify_app,
    };
    let headers = |surface| Headers::new(surface, auth.config().base_url.is_secure());
    let (api, oauth, public) = (headers(Surface::Api), headers(Surface::Oauth), headers(Surface::Public));
    let internal = headers(Surface::Internal);

    serve!(
        config,
        with_slash("/api/v1/apps/verify_credentials"),
        "GET, HEAD",
        [get => verify_app, head => verify_app],
        Limits::new(auth),
        api
    );
    serve!(config, with_slash("/oauth/token"), "POST", [post => token], oauth);
    serve!(config, with_slash("/oauth/revoke"), "POST", [post => revoke], oauth);
    serve!(config, with_slash("/api/v1/apps"), "POST", [post => register], Limits::new(auth), api);
    serve!(
        config,
        with_slash("/oauth/userinfo"),
        "GET, HEAD, POST",
        [get => userinfo, head => userinfo, post => userinfo_posted],
        api.with_methods("GET, POST")
    );
    serve!(
        config,
        with_slash("/.well-known/oauth-authorization-server"),
        "GET, HEAD",
        [get => authorization_server, head => authorization_server],
        public
    );
    serve!(
        config,
        with_slash("/.well-known/openid-configuration"),
        "GET, HEAD",
        [get => openid_configuration, head => openid_configuration],
        public
    );
    serve!(config, with_slash("/.well-known/jwks.json"), "GET, HEAD", [get => keys, head => keys], public);
    serve!(config, with_slash("/oauth/register"), "POST", [post => register_dynamically], oauth);
    serve!(config, with_slash("/oauth/introspect"), "POST", [post => introspect], internal);
    serve!(config, with_slash("/oauth/token/info"), "GET, HEAD", [get => token_info, head => token_info], internal);
    for path in ["/oauth/applications", "/oauth/applications/{rest:.*}"] {
        config.service(web::resource(path).default_service(web::to(applications)).wrap(internal));
    }
}

/// The pages of a sign-in and the form posts behind them (Lysand §3, Mastodon §5).
fn mount_pages(config: &mut ServiceConfig, auth: &Auth) {
    use lysand::sign_in::{authorize as consent_at_once, deny};
    use pages::authorize::{authorize, code, consent, continue_sign_in};
    let page = Headers::new(Surface::Page, auth.config().base_url.is_secure());
    let routes = &auth.config().frontend.routes;
    let own_pages = auth.config().frontend.origin.is_none();
    // Apps know the standard path; our own page may have another one beside it (Lysand §13.1).
    let also = |path: &'static str, configured: &str| {
        let more = if own_pages && configured != path { with_slash(configured) } else { Vec::new() };
        [with_slash(path), more].concat()
    };

    serve!(
        config,
        also("/oauth/authorize", &routes.login),
        "GET, HEAD, POST, DELETE",
        [get => authorize, head => authorize, post => consent_at_once, delete => deny],
        form_session(auth),
        page
    );
    serve!(
        config,
        also("/oauth/consent", &routes.consent),
        "GET, HEAD",
        [get => consent, head => consent],
        form_session(auth),
        page
    );
    serve!(config, with_slash("/oauth/code"), "GET, HEAD", [get => code, head => code], page);
    serve!(config, with_slash("/oauth/authorize/native"), "GET, HEAD", [get => code, head => code], page);
    serve!(config, with_slash("/oauth/authorize/continue"), "POST", [post => continue_sign_in], form_session(auth), page);
}

/// What may act for a person (Mastodon §16).
fn mount_grants(config: &mut ServiceConfig, auth: &Auth) {
    use mastodon::tokens::{PAGE, apps, end_app, end_app_by_form, end_token, token, tokens};
    let secure = auth.config().base_url.is_secure();
    let (page, api) = (Headers::new(Surface::Page, secure), Headers::new(Surface::Api, secure));

    let lists = [with_slash(PAGE), with_slash("/oauth/authorized_applications.json")].concat();
    serve!(config, lists, "GET, HEAD", [get => apps, head => apps], form_session(auth), page);
    serve!(
        config,
        with_slash("/oauth/authorized_applications/{id}"),
        "POST, DELETE",
        [post => end_app_by_form, delete => end_app],
        form_session(auth),
        page
    );
    serve!(config, with_slash("/api/v1/tokens"), "GET, HEAD", [get => tokens, head => tokens], Limits::new(auth), api);
    serve!(config, with_slash("/api/v1/tokens/{id}"), "GET, HEAD", [get => token, head => token], Limits::new(auth), api);
    serve!(
        config,
        with_slash("/api/v1/tokens/{id}/invalidate"),
        "POST",
        [post => end_token],
        Limits::new(auth),
        FormTokens::new(),
        api
    );
}

/// Lysand's frontend API (Lysand §4 to §6, §12.7).
fn mount_frontend(config: &mut ServiceConfig, auth: &Auth) {
    use lysand::sign_in::{login, redirect, settings, sign_out};
    let secure = auth.config().base_url.is_secure();
    let (page, api) = (Headers::new(Surface::Page, secure), Headers::new(Surface::Api, secure));
    let forms = || Limits::for_forms(auth);

    serve!(config, with_slash("/api/auth/login"), "POST", [post => login], form_session(auth), forms(), page);
    serve!(config, with_slash("/api/auth/redirect"), "POST", [post => redirect], form_session(auth), forms(), page);
    serve!(config, with_slash("/api/auth/mastodon-logout"), "POST", [post => sign_out], form_session(auth), forms(), page);
    serve!(
        config,
        with_slash("/api/v1/frontend/config"),
        "GET, HEAD",
        [get => settings, head => settings],
        Limits::new(auth),
        api
    );
}

/// Single sign-on (Lysand §8 to §12.1).
fn mount_sso(config: &mut ServiceConfig, auth: &Auth) {
    use lysand::sso::{get, list, providers, start_link, unlink};
    use pages::sso::callback::{callback, start, start_at, start_by_form};
    use pages::sso::confirm_link::{self as confirm, answer, page as question};
    let headers = |surface| Headers::new(surface, auth.config().base_url.is_secure());
    let (page, api, public) = (headers(Surface::Page), headers(Surface::Api), headers(Surface::Public));

    serve!(config, with_slash("/oauth/sso"), "GET, POST", [get => start, post => start_by_form], page);
    serve!(
        config,
        with_slash(confirm::PATH),
        "GET, HEAD, POST",
        [get => question, head => question, post => answer],
        form_session(auth),
        page
    );
    serve!(config, with_slash("/oauth/sso/{issuer}/callback"), "GET", [get => callback], page);
    serve!(config, with_slash("/oauth/sso/{issuer}"), "POST", [post => start_at], page);
    serve!(config, with_slash("/oauth/providers"), "GET, HEAD", [get => providers, head => providers], public);
    serve!(
        config,
        with_slash("/api/v1/sso"),
        "GET, HEAD, POST",
        [get => list, head => list, post => start_link],
        Limits::new(auth),
        api
    );
    serve!(
        config,
        with_slash("/api/v1/sso/{issuer}"),
        "GET, HEAD, DELETE",
        [get => get, head => get, delete => unlink],
        Limits::new(auth),
        api
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
