//! What this authorization server can do, for programs (RFC 8414, Mastodon §10). True in every line (security AS-16).

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use serde_json::json;

use super::reply::JsonBody;
use crate::auth::Auth;
use crate::model::scope;

pub(crate) async fn authorization_server(auth: Data<Auth>) -> HttpResponse {
    let base = &auth.config().base_url;
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json_body(&json!({
        "issuer": base.issuer(),
        "service_documentation": base.join("/"),
        "authorization_endpoint": base.join("/oauth/authorize"),
        "token_endpoint": base.join("/oauth/token"),
        "revocation_endpoint": base.join("/oauth/revoke"),
        "userinfo_endpoint": base.join("/oauth/userinfo"),
        "app_registration_endpoint": base.join("/api/v1/apps"),
        "scopes_supported": scope::ADVERTISED,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}
