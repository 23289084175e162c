//! Form tokens: proof that a post comes from a page that this server showed to this browser (security AS-3, WEB-5).
//!
//! The token lives in an encrypted cookie of its own, before and beside the sign-in. Documented routes are also used by
//! frontends that send no token; there the origin of the request is the proof, and it is asked for in any case.

use actix_session::config::CookieContentSecurity;
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::HttpRequest;
use actix_web::cookie::{Key, SameSite};
use subtle::ConstantTimeEq;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::secret::Secret;
use crate::web::texts::STALE_FORM;
use crate::web::wire::extract;

const TOKEN: &str = "form_token";

/// The middleware that keeps the form token in a cookie; wrap each page with a form in one.
#[must_use]
pub fn form_session(auth: &Auth) -> SessionMiddleware<CookieSessionStore> {
    let secure = auth.config().base_url.is_secure();
    let name = if secure { "__Host-form" } else { "form" };
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(auth.keys().cookie_key()))
        .cookie_name(name.to_owned())
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Private)
        .build()
}

/// The token for the forms of a page: one for as long as the browser is open.
///
/// # Errors
/// When the cookie cannot be made.
pub fn form_token(auth: &Auth, session: &Session) -> Result<String, Error> {
    if let Ok(Some(token)) = session.get::<String>(TOKEN) {
        return Ok(token);
    }
    let token = Secret::generate(auth.ambient()).expose().to_owned();
    session.insert(TOKEN, &token).map_err(|error| Error::failed(error.to_string()))?;
    Ok(token)
}

/// Demands that a form post is ours: from our origin, and with the right token where one was sent.
///
/// # Errors
/// 403 when the request comes from another site; 422 when the token is not this browser's.
pub fn prove_form(auth: &Auth, req: &HttpRequest, session: &Session, sent: Option<&str>) -> Result<(), Error> {
    extract::same_origin(req, auth)?;
    let Some(sent) = sent else { return Ok(()) };
    let ours = session.get::<String>(TOKEN).ok().flatten().unwrap_or_default();
    if !ours.is_empty() && bool::from(ours.as_bytes().ct_eq(sent.as_bytes())) {
        return Ok(());
    }
    Err(Error::refused(Code::StaleForm, STALE_FORM))
}
