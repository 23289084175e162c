//! The sign-in cookie: set, read and cleared in one place (security WEB-2).

use std::borrow::Cow;
use std::pin::Pin;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sessions;
use crate::model::account::Account;
use crate::model::reader::Reader;
use crate::model::session::{Session, SignedInBrowser};
use crate::secret::Secret;
use crate::signing::CookieProblem;
use crate::web::wire::extract;
use crate::web::wire::params::Params;
use crate::web::wire::reply::ApiError;

/// The name that the document gives to the cookie.
pub const COOKIE_NAME: &str = "jwt";

/// Who is signed in with this browser, if anybody: for a host's own pages.
pub struct SignedIn(pub Option<SignedInBrowser>);

impl SignedIn {
    /// The account, if somebody is signed in.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.0.as_ref().map(|browser| &browser.account)
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        self.0.as_ref().map(|browser| &browser.session)
    }
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let auth = req
                .app_data::<Data<Auth>>()
                .ok_or_else(|| Error::failed("lysand_auth::web::mount was not called on this app"))?;
            Ok(optional(auth, req.headers()).await?)
        })
    }
}

/// Who is signed in, if anybody; a failure is a value, so that a page can show it as a page.
pub(crate) async fn optional(auth: &Auth, headers: &HeaderMap) -> Result<SignedIn, Error> {
    let Some(cookie) = extract::cookie(headers, COOKIE_NAME) else { return Ok(SignedIn(None)) };
    Ok(SignedIn(sessions::of_cookie(auth, &cookie).await?.ok()))
}

/// Who reads the answer, with the language of the account that is signed in (Mastodon §5.1). Where that account cannot be
/// told, the request alone decides: a language is no reason to fail.
pub(crate) async fn reader(auth: &Auth, req: &HttpRequest, params: &Params) -> Reader {
    let browser = optional(auth, req.headers()).await.unwrap_or(SignedIn(None));
    params.reader(req).for_account(browser.account())
}

/// Who reads what went wrong. Nothing more is looked up for somebody who is too fast, or while the server fails itself.
pub(crate) async fn reader_of(auth: &Auth, req: &HttpRequest, params: &Params, error: &Error) -> Reader {
    match error {
        Error::Refused(refusal) if !matches!(refusal.code, Code::TooManyRequests | Code::Unavailable) => {
            reader(auth, req, params).await
        }
        _ => params.reader(req),
    }
}

/// Who is signed in, where somebody must be.
///
/// # Errors
/// `invalid_request` with the texts of Lysand §7.
pub(crate) async fn required(auth: &Auth, headers: &HeaderMap) -> Result<SignedInBrowser, Error> {
    let refused = |why: &'static str| Error::refused(Code::InvalidRequest, why);
    let Some(cookie) = extract::cookie(headers, COOKIE_NAME) else {
        return Err(refused("No jwt cookie was sent in the request"));
    };
    sessions::of_cookie(auth, &cookie).await?.map_err(|problem| match problem {
        CookieProblem::Unverifiable => refused("Invalid JWT, could not verify"),
        CookieProblem::Missing("sub") => refused("Invalid sub"),
        CookieProblem::Missing("aud") => refused("Invalid aud"),
        CookieProblem::Missing(_) => refused("Invalid exp"),
    })
}

/// The cookie of a session.
pub(crate) fn session(auth: &Auth, jwt: &str) -> Cookie<'static> {
    let lifetime = Duration::try_from(auth.config().lifetimes.session).unwrap_or(Duration::MAX);
    build(auth, COOKIE_NAME, jwt, lifetime)
}

/// Puts the cookie of a new session on a reply: for a host's own pages.
///
/// # Errors
/// When it fits into no header.
pub fn put_session(auth: &Auth, reply: &mut HttpResponse, jwt: &Secret) -> Result<(), Error> {
    add(reply, &session(auth, jwt.expose()))
}

/// The cookie by which a callback knows the browser again that began its flow. Each flow has its own, so that two tabs do
/// not disturb each other, and it goes along when the provider sends the browser back: `Lax` (Lysand §1).
pub(crate) fn binding(auth: &Auth, flow_id: &str, secret: &Secret) -> Cookie<'static> {
    let lifetime = Duration::try_from(auth.config().sso.flow_lifetime).unwrap_or(Duration::MAX);
    build(auth, binding_name(auth, flow_id), secret.expose(), lifetime)
}

/// Removes what [`binding`] set.
pub(crate) fn unbound(auth: &Auth, flow_id: &str) -> Cookie<'static> {
    let mut cookie = build(auth, binding_name(auth, flow_id), "", Duration::ZERO);
    cookie.make_removal();
    cookie
}

/// What the browser keeps of a flow that it began.
pub(crate) fn bound(auth: &Auth, headers: &HeaderMap, flow_id: &str) -> Option<Secret> {
    extract::cookie(headers, &binding_name(auth, flow_id)).map(Secret::new)
}

fn binding_name(auth: &Auth, flow_id: &str) -> String {
    format!("{}sso_{flow_id}", if auth.config().base_url.is_secure() { "__Host-" } else { "" })
}

/// Puts a cookie on a reply.
pub(crate) fn add(reply: &mut HttpResponse, cookie: &Cookie<'static>) -> Result<(), Error> {
    reply.add_cookie(cookie).map_err(|error| Error::failed(error.to_string()))
}

/// A cookie that removes another.
pub(crate) fn cleared(auth: &Auth, name: &'static str) -> Cookie<'static> {
    let mut cookie = build(auth, name, "", Duration::ZERO);
    cookie.make_removal();
    cookie
}

fn build(auth: &Auth, name: impl Into<Cow<'static, str>>, value: &str, lifetime: Duration) -> Cookie<'static> {
    Cookie::build(name, value.to_owned())
        .path("/")
        .http_only(true)
        .secure(auth.config().base_url.is_secure())
        .same_site(SameSite::Lax)
        .max_age(lifetime)
        .finish()
}
