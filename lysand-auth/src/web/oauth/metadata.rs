//! What this authorization server can do, for programs (RFC 8414, OpenID Connect Discovery, Mastodon §10). True in every
//! line (security AS-16).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

use super::{device, logout};
use crate::auth::Auth;
use crate::config::SigningAlg;
use crate::flows::openid;
use crate::flows::token;
use crate::model::app::DEVICE_GRANT;
use crate::model::authorization::ResponseMode;
use crate::model::host_scope::HostScope;
use crate::model::scope;
use crate::model::strength::Acr;
use crate::web::kit::surfaces::{self, Surface, Surfaces};
use crate::web::pages::authorize::{CREATE, offers_sign_up};
use crate::web::wire::reply::{ApiError, JsonBody};

/// How an app may prove who it is: at the token endpoint, and where it must prove it.
const PROOFS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// `GET /.well-known/oauth-authorization-server`
pub(crate) async fn authorization_server(auth: Data<Auth>, req: HttpRequest) -> HttpResponse {
    public(&capabilities(&auth, surfaces::of_request(&req)))
}

/// `GET /.well-known/openid-configuration`: the same server, for OpenID Connect clients
pub(crate) async fn openid_configuration(auth: Data<Auth>, req: HttpRequest) -> HttpResponse {
    let mut body = capabilities(&auth, surfaces::of_request(&req));
    body["scopes_supported"] = json!(with_own(&auth, &scope::ALL, surfaces::of_request(&req)));
    body["subject_types_supported"] = json!(["public"]);
    body["claims_supported"] = json!([
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "acr",
        "amr",
        "nonce",
        "sid",
        "name",
        "preferred_username",
        "profile",
        "picture",
        "email",
        "email_verified"
    ]);
    // Not in the other document: what it says is not so for apps of Mastodon's route (faults A2).
    if surfaces::of_request(&req).has(Surface::Pages) {
        body["authorization_response_iss_parameter_supported"] = true.into();
        body["end_session_endpoint"] = auth.config().base_url.join(logout::PATH).into();
        body["ui_locales_supported"] = auth.pages().languages().into();
    }
    let tells_apps = auth.config().openid.tells_apps();
    body["backchannel_logout_supported"] = tells_apps.into();
    body["backchannel_logout_session_supported"] = tells_apps.into();
    body["claims_parameter_supported"] = false.into();
    body["request_parameter_supported"] = false.into();
    body["request_uri_parameter_supported"] = false.into();
    public(&body)
}

/// `GET /.well-known/jwks.json`: the keys that id tokens are signed with
pub(crate) async fn keys(auth: Data<Auth>) -> Result<HttpResponse, ApiError> {
    Ok(public(&json!({ "keys": openid::public_keys(&auth).await? })))
}

/// What is mounted, and no more.
fn capabilities(auth: &Auth, surfaces: Surfaces) -> Value {
    let base = &auth.config().base_url;
    let acr_values: Vec<&str> =
        Acr::ALL.map(Acr::name).into_iter().chain(auth.config().openid.acr.keys().map(String::as_str)).collect();
    let mut body = json!({
        "issuer": base.issuer(),
        "service_documentation": base.join("/"),
        "authorization_endpoint": base.join("/oauth/authorize"),
        "token_endpoint": base.join("/oauth/token"),
        "revocation_endpoint": base.join("/oauth/revoke"),
        "introspection_endpoint": base.join("/oauth/introspect"),
        "userinfo_endpoint": base.join("/oauth/userinfo"),
        "registration_endpoint": base.join("/oauth/register"),
        "app_registration_endpoint": base.join("/api/v1/apps"),
        "jwks_uri": base.join("/.well-known/jwks.json"),
        "scopes_supported": with_own(auth, scope::MASTODON, surfaces),
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::NAMES.map(|(_, name)| name),
        "grant_types_supported": token::grant_types(auth).collect::<Vec<_>>(),
        "token_endpoint_auth_methods_supported": [PROOFS[0], PROOFS[1], "none"],
        "revocation_endpoint_auth_methods_supported": [PROOFS[0], PROOFS[1], "none"],
        "introspection_endpoint_auth_methods_supported": PROOFS,
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": openid::algorithms(auth).map(SigningAlg::name).collect::<Vec<_>>(),
        "acr_values_supported": acr_values,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
    });
    if offers_sign_up(auth, surfaces)
        && let Some(prompts) = body["prompt_values_supported"].as_array_mut()
    {
        prompts.push(CREATE.into());
    }
    if device::is_offered(auth) && surfaces.has(Surface::Pages) {
        body["device_authorization_endpoint"] = base.join(device::ENDPOINT).into();
    }
    if !surfaces.has(Surface::Mastodon) {
        remove(&mut body, &["app_registration_endpoint"]);
    }
    if !surfaces.has(Surface::Pages) {
        let without_pages = ["authorization_endpoint", "response_modes_supported", "code_challenge_methods_supported"];
        remove(&mut body, &without_pages);
        remove(&mut body, &["prompt_values_supported", "acr_values_supported"]);
        // This one member is required (RFC 8414 §2).
        body["response_types_supported"] = json!([]);
        let with_pages = ["authorization_code", DEVICE_GRANT];
        let grants = token::grant_types(auth).filter(|grant| !with_pages.contains(grant));
        body["grant_types_supported"] = json!(grants.collect::<Vec<_>>());
    }
    body
}

/// These scopes, those of the account itself where there is something to do with them, and those of the host's own.
fn with_own(auth: &Auth, known: &[&'static str], surfaces: Surfaces) -> Vec<&'static str> {
    let known = known.iter().copied().filter(|word| !scope::OF_ACCOUNT.contains(word));
    let of_account = scope::OF_ACCOUNT.iter().copied().filter(|_| surfaces.has(Surface::People));
    known.chain(of_account).chain(auth.config().scopes.iter().map(HostScope::word)).collect()
}

fn remove(body: &mut Value, members: &[&str]) {
    if let Some(body) = body.as_object_mut() {
        body.retain(|name, _| !members.contains(&name.as_str()));
    }
}

fn public(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json_body(body)
}
