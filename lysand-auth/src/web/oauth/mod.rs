//! OAuth 2.0 between programs: tokens, revocation, introspection, user info, registration, metadata.

mod client;
mod device;
mod introspect;
pub(crate) mod logout;
mod metadata;
mod registration;
mod revoke;
mod token;
mod userinfo;

use actix_web::HttpResponse;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, get, post};
use crate::web::kit::surfaces::Surface;
use crate::web::wire::reply::ApiError;

/// Mastodon's OAuth routes (Mastodon §6 to §10), and the registration of RFC 7591.
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    let mut routes = vec![
        Routes::new(auth, AnswerKind::Oauth)
            .of(Surface::OAuth)
            .route("/oauth/token", [post(token::token)])
            .route("/oauth/revoke", [post(revoke::revoke)])
            .route("/oauth/register", [post(registration::register)]),
        Routes::new(auth, AnswerKind::Api)
            .of(Surface::OAuth)
            .with_cors_methods("GET, POST")
            .route("/oauth/userinfo", [get(userinfo::userinfo), post(userinfo::userinfo_posted)]),
        Routes::new(auth, AnswerKind::Public)
            .of(Surface::OAuth)
            .route("/.well-known/oauth-authorization-server", [get(metadata::authorization_server)])
            .route("/.well-known/openid-configuration", [get(metadata::openid_configuration)])
            .routes(["/.well-known/jwks.json", "/.well-known/jwks"], [get(metadata::keys)]),
        Routes::new(auth, AnswerKind::Page)
            .of(Surface::Pages)
            .with_form_session()
            .route(logout::PATH, [get(logout::page), post(logout::submit)]),
        Routes::new(auth, AnswerKind::Internal)
            .of(Surface::OAuth)
            .route("/oauth/introspect", [post(introspect::introspect)])
            .route("/oauth/token/info", [get(introspect::token_info)])
            .every_method("/oauth/applications", applications)
            .every_method("/oauth/applications/{rest:.*}", applications),
    ];
    if device::is_offered(auth) {
        let kind = || Routes::new(auth, AnswerKind::Oauth).of(Surface::OAuth);
        routes.push(kind().route(device::ENDPOINT, [post(device::begin)]));
    }
    routes
}

/// `/oauth/applications…`: apps are registered by themselves, not managed here (Mastodon §0.2)
async fn applications() -> Result<HttpResponse, ApiError> {
    Err(Error::refused(Code::Forbidden, "This action is not allowed").into())
}
