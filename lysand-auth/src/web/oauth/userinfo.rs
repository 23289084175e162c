//! Who a token speaks for (Mastodon §8, OpenID Connect).

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::auth::Auth;
use crate::flows::confirm_email;
use crate::secret::Secret;
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, json};
use crate::web::wire::request;

/// `GET /oauth/userinfo`
pub(crate) async fn userinfo(auth: Data<Auth>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    claims(&auth, &bearer).await
}

/// `POST /oauth/userinfo`: the token may stand in a form body as well (RFC 6750 §2.2, DEV-23)
pub(crate) async fn userinfo_posted(
    auth: Data<Auth>,
    req: HttpRequest,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let sent = match request::bearer(req.headers()) {
        Some(token) => Some(token),
        None => received.0?.body_text("access_token")?.map(Secret::new),
    };
    claims(&auth, &Bearer::of(auth.clone(), sent, request::source(&req, auth.config())).await?).await
}

/// Who the token speaks for (Mastodon §8). A token with `openid` alone learns the subject; `email` is told to those who
/// were granted it.
async fn claims(auth: &Auth, bearer: &Bearer) -> Result<HttpResponse, ApiError> {
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
        body["email_verified"] = confirm_email::is_proven(auth, &account).await?.into();
    }
    let mut reply = json(&body);
    // Its address may carry the token (faults A6).
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(reply)
}
