//! Mastodon's OAuth routes (Mastodon §2, §6 to §9, §11.3).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::token::TokenRequest;
use crate::flows::{apps, introspect as introspection, revoke as revocation, token as tokens};
use crate::model::account::AccountId;
use crate::model::app::{App, Dialect, Registration};
use crate::model::client::ClientClaim;
use crate::model::redirect_uri::RedirectUri;
use crate::secret::Secret;
use crate::web::kit::bearer::Bearer;
use crate::web::wire::extract;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, JsonBody, OAuthError, json};

/// `POST /api/v1/apps`
pub(crate) async fn register(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let mut redirect_uris = params.last_list("redirect_uris")?;
    if redirect_uris.is_empty() {
        redirect_uris = params.last_list("redirect_uri")?; // A common mistake (DEV-4).
    }
    let registration = Registration {
        dialect: Dialect::Mastodon,
        name: params.last_scalar("client_name")?,
        redirect_uris,
        scopes: Some(params.last_list("scopes")?.join(" ")),
        website: params.last_scalar("website")?,
        auth_method: params.last_scalar("token_endpoint_auth_method")?,
        grant_types: params.last_list("grant_types")?,
        response_types: Vec::new(),
    };
    let registered = apps::register(&auth, registration, extract::source(&req, auth.config())).await?;
    let mut body = entity(&registered.app);
    body["client_id"] = registered.app.client_id.clone().into();
    if let Some(secret) = &registered.secret {
        body["client_secret"] = secret.expose().into();
        body["client_secret_expires_at"] = 0.into();
    }
    let mut reply = json(&body);
    if let Some(allowance) = registered.allowance {
        reply.extensions_mut().insert(allowance);
    }
    Ok(reply)
}

/// `GET /api/v1/apps/verify_credentials`
pub(crate) async fn verify_app(bearer: Bearer) -> Result<HttpResponse, ApiError> {
    Ok(json(&entity(bearer.app())))
}

/// The application entity (Mastodon §2.3). `vapid_link` is Lysand's spelling (Lysand §12.3).
fn entity(app: &App) -> Value {
    let uris: Vec<&str> = app.redirect_uris.iter().map(RedirectUri::as_str).collect();
    json!({
        "id": app.id.as_str(),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.words(),
        "redirect_uris": uris,
        "redirect_uri": uris.join("\n"),
        "vapid_key": "",
        "vapid_link": null,
    })
}

/// `POST /oauth/token`
pub(crate) async fn token(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, OAuthError> {
    let params = received.0?;
    let grant_type = params.text("grant_type")?;
    // A code has a scope of its own, and what stands beside it is ignored, however odd (Mastodon §4).
    let scope = if grant_type.as_deref() == Some("authorization_code") { None } else { params.text("scope")? };
    let request = TokenRequest {
        grant_type,
        client: claim(&auth, &req, &params)?,
        code: secret(&auth, &params, "code")?,
        redirect_uri: params.text("redirect_uri")?,
        code_verifier: secret(&auth, &params, "code_verifier")?,
        refresh_token: secret(&auth, &params, "refresh_token")?,
        scope,
        source: extract::source(&req, auth.config()),
    };
    let issued = tokens::exchange(&auth, request).await?;
    let mut body = json!({
        "access_token": issued.access_token.expose(),
        "token_type": "Bearer",
        "scope": issued.scopes.to_string(),
        "created_at": issued.created_at.seconds(),
    });
    // Clients read a null, or a lifetime that is not there, as "expired" (Mastodon §0.5).
    if let Some(lifetime) = issued.expires_in {
        body["expires_in"] = lifetime.as_secs().into();
    }
    for (name, token) in [("refresh_token", &issued.refresh_token), ("id_token", &issued.id_token)] {
        if let Some(token) = token {
            body[name] = token.expose().into();
        }
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json_body(&body))
}

/// `POST /oauth/revoke`
pub(crate) async fn revoke(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, OAuthError> {
    let params = received.0?;
    let client = claim(&auth, &req, &params)?;
    params.agree(&["token_type_hint"])?;
    revocation::revoke(&auth, client, secret(&auth, &params, "token")?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&json!({})))
}

/// `POST /oauth/introspect` (Mastodon §9, RFC 7662)
pub(crate) async fn introspect(
    auth: Data<Auth>,
    req: HttpRequest,
    received: Received,
) -> Result<HttpResponse, OAuthError> {
    let params = received.0?;
    let client = claim(&auth, &req, &params)?;
    params.agree(&["token_type_hint"])?;
    let active = introspection::introspect(&auth, client, secret(&auth, &params, "token")?).await?;
    let body = active.map_or_else(
        || json!({ "active": false }),
        |active| {
            let mut body = json!({
                "active": true,
                "scope": active.scopes.to_string(),
                "client_id": active.client_id,
                "token_type": if active.is_access_token { "Bearer" } else { "refresh_token" },
            });
            for (name, moment) in [("iat", active.issued_at), ("exp", active.expires_at)] {
                if let Some(moment) = moment {
                    body[name] = moment.seconds().into();
                }
            }
            body
        },
    );
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&body))
}

/// `GET /oauth/token/info` (Mastodon §9)
pub(crate) async fn token_info(auth: Data<Auth>, bearer: Result<Bearer, ApiError>) -> Result<HttpResponse, ApiError> {
    match bearer {
        Ok(bearer) => Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&json!({
            "resource_owner_id": bearer.account_id().map(AccountId::as_str),
            "scope": bearer.scopes().words(),
            "expires_in": bearer.expires_in(auth.ambient().now()).map(|left| left.as_secs()),
            "application": { "uid": bearer.app().client_id },
            "created_at": bearer.created_at().seconds(),
        }))),
        Err(ApiError(Error::Refused(refusal))) if refusal.code == Code::InvalidToken => {
            Ok(HttpResponse::Unauthorized().insert_header((header::CACHE_CONTROL, "no-store")).json_body(&json!({
                "error": "invalid_token",
                "error_description": refusal.why,
                "state": "unauthorized",
            })))
        }
        Err(error) => Err(error),
    }
}

/// `/oauth/applications…`: apps are registered by themselves, not managed here (Mastodon §0.2)
pub(crate) async fn applications() -> Result<HttpResponse, ApiError> {
    Err(Error::refused(Code::Forbidden, "This action is not allowed").into())
}

fn claim(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<ClientClaim, Error> {
    let basic = extract::basic(req.headers());
    ClientClaim::read(basic.as_ref(), params.text("client_id")?, secret(auth, params, "client_secret")?)
}

/// A secret parameter; whether it may stand in the URL is the operator's to say (DEV-1).
fn secret(auth: &Auth, params: &Params, name: &str) -> Result<Option<Secret>, Error> {
    if !auth.config().oauth.secrets_in_query && params.is_in_query(name) {
        let why = format!("The parameter {name} must stand in the body of the request, not in its URL.");
        return Err(Error::refused(Code::InvalidRequest, why));
    }
    params.secret(name)
}

/// `GET /oauth/userinfo`
pub(crate) async fn userinfo(auth: Data<Auth>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    person(&auth, &bearer).await
}

/// `POST /oauth/userinfo`: the token may stand in a form body as well (RFC 6750 §2.2, DEV-23)
pub(crate) async fn userinfo_posted(
    auth: Data<Auth>,
    req: HttpRequest,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let sent = match extract::bearer(req.headers()) {
        Some(token) => Some(token),
        None => received.0?.body_text("access_token")?.map(Secret::new),
    };
    person(&auth, &Bearer::of(auth.clone(), sent, extract::source(&req, auth.config())).await?).await
}

/// Who the token speaks for (Mastodon §8). A token with `openid` alone learns the subject; `email` is told to those who
/// were granted it.
async fn person(auth: &Auth, bearer: &Bearer) -> Result<HttpResponse, ApiError> {
    let scopes = bearer.scopes();
    let account = match scopes.has("openid") {
        true => bearer.account(&["openid"]).await?,
        false => bearer.account(&["profile"]).await?,
    };
    let base = &auth.config().base_url;
    let profile = auth.accounts().profile(&account, base);
    let mut body = json!({ "iss": base.issuer(), "sub": profile.uri });
    if scopes.has("profile") {
        body["name"] = account.display_name.as_str().into();
        body["preferred_username"] = account.username.as_str().into();
        body["profile"] = profile.url.into();
        body["picture"] = profile.picture.into();
    }
    if let Some(email) = account.email.as_ref().filter(|_| scopes.has("email")) {
        body["email"] = email.address.as_str().into();
        body["email_verified"] = email.confirmed.into();
    }
    Ok(json(&body))
}
