//! Dynamic client registration (RFC 7591), over the same flow as `POST /api/v1/apps`.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::apps;
use crate::flows::apps::OpenIdClient;
use crate::model::app::AppLinks;
use crate::model::redirect_uri::RedirectUri;
use crate::model::registration::{Dialect, Registration};
use crate::web::kit::openid_registration::openid_registration;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{JsonBody, RegistrationError};
use crate::web::wire::request;

/// `POST /oauth/register`
pub(crate) async fn register(
    auth: Data<Auth>,
    req: HttpRequest,
    received: Received,
) -> Result<HttpResponse, RegistrationError> {
    let params = received.0?;
    params.require_known_type()?;
    let registration = Registration {
        dialect: Dialect::Dynamic,
        name: params.text("client_name")?,
        redirect_uris: params.last_list("redirect_uris")?,
        scopes: params.text("scope")?,
        website: params.text("client_uri")?,
        auth_method: params.text("token_endpoint_auth_method")?,
        grant_types: params.last_list("grant_types")?,
        response_types: params.last_list("response_types")?,
        links: links(&params)?,
        openid: openid_registration(&params)?,
        further: further(&params)?,
    };
    let method = registration.auth_method.clone().unwrap_or_else(|| "client_secret_basic".to_owned());
    let registered = apps::register(&auth, registration, request::source(&req, auth.config())).await?;
    let app = &registered.app;
    let uris: Vec<&str> = app.redirect_uris.iter().map(RedirectUri::as_str).collect();
    let mut body = json!({
        "client_id": app.client_id,
        "client_id_issued_at": app.created_at.seconds(),
        "client_name": app.name,
        "redirect_uris": uris,
        "scope": app.scopes.to_string(),
        "token_endpoint_auth_method": method,
        "grant_types": app.grant_types(),
        "response_types": if app.may_use("authorization_code") { vec!["code"] } else { Vec::new() },
    });
    let links = [("logo_uri", &app.links.logo), ("policy_uri", &app.links.policy), ("tos_uri", &app.links.terms)];
    for (name, link) in links {
        if let Some(link) = link {
            body[name] = link.as_str().into();
        }
    }
    add_openid(&mut body, &registered.openid);
    if let Some(website) = &app.website {
        body["client_uri"] = website.as_str().into();
    }
    if let Some(secret) = &registered.secret {
        body["client_secret"] = secret.expose().into();
        body["client_secret_expires_at"] = 0.into();
    }
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json_body(&body))
}

/// What the app registered of OpenID Connect.
fn add_openid(body: &mut Value, openid: &OpenIdClient) {
    body["id_token_signed_response_alg"] = openid.signed_by.name().into();
    if !openid.post_logout_redirect_uris.is_empty() {
        let uris = openid.post_logout_redirect_uris.iter().map(RedirectUri::as_str);
        body["post_logout_redirect_uris"] = uris.collect::<Vec<_>>().into();
    }
    if let Some(uri) = &openid.backchannel_logout_uri {
        body["backchannel_logout_uri"] = uri.as_str().into();
        body["backchannel_logout_session_required"] = openid.backchannel_logout_session_required.into();
    }
}

fn links(params: &Params) -> Result<AppLinks, Error> {
    Ok(AppLinks { logo: params.text("logo_uri")?, policy: params.text("policy_uri")?, terms: params.text("tos_uri")? })
}

/// What the app asks for that may not be done here.
fn further(params: &Params) -> Result<Vec<(String, String)>, Error> {
    let mut further = Vec::new();
    for name in Registration::JUDGED {
        let value = params.last_list(name)?.join(" ");
        further.push((name.to_owned(), value));
    }
    Ok(further)
}
