//! Who is signed in with a browser: the session behind the sign-in cookie.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sessions;
use crate::host::pages::Reader;
use crate::model::account::Account;
use crate::model::session::{Browser, Session, SignedInBrowser};
use crate::model::strength::{Authentication, Strength};
use crate::signing::CookieProblem;
use crate::texts;
use crate::web::kit::surfaces::{self, Surface};
use crate::web::wire::params::Params;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;
use crate::web::wire::session_cookie::session_cookie;
use crate::web::wire::{accounts_cookie, cookies};

/// Who is signed in with this browser, if anybody: for a host's own pages. Nobody is who must have a second factor by now, and has
/// none ([`must_enrol`]).
#[expect(clippy::exhaustive_structs, reason = "a host takes it apart in the arguments of a handler")]
pub struct SignedIn(pub Option<SignedInBrowser>);

impl SignedIn {
    /// The account, if somebody is signed in.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.0.as_ref().map(|browser| &browser.account)
    }

    /// Whether somebody is signed in who proved this well, and this recently, who they are (FAC-106). Where not, a page of the host's
    /// has a form that posts `acr`, `max_age` and `return_to` to `/api/auth/step_up`, which asks for what is missing and leads back.
    #[must_use]
    pub fn is_as_strong_as(&self, strength: Strength, auth: &Auth) -> bool {
        let proven = self.session().map(Authentication::of_session);
        strength.is_met_by(proven, auth.ambient().now())
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
            let auth = req.app_data::<Data<Auth>>().ok_or_else(not_mounted)?;
            Ok(for_sign_in(auth, &req).await?)
        })
    }
}

/// What the browser has of earlier sign-ins, for [`sessions::begin`].
impl FromRequest for Browser {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let auth = req.app_data::<Data<Auth>>().ok_or_else(not_mounted)?;
            let signed_in = even_without_factor(auth, req.headers()).await?;
            Ok(browser(auth, &req, signed_in.session()))
        })
    }
}

/// What the browser of a request has of earlier sign-ins, and whether it can wait for an account.
pub(crate) fn browser(auth: &Auth, req: &HttpRequest, session: Option<&Session>) -> Browser {
    let can_wait = surfaces::of_request(req).has(Surface::People);
    let accounts = accounts_cookie::listed(auth, req.headers());
    Browser { can_wait, accounts, ..cookies::browser(auth, req, session) }
}

fn not_mounted() -> Error {
    Error::failed("lysand_auth::web::mount was not called on this app")
}

/// Who is signed in, if anybody; a failure is a value, so that a page can show it as a page.
///
/// # Errors
/// `FactorDemanded` for somebody who must have a second factor by now, and has none.
pub(crate) async fn optional(auth: &Auth, req: &HttpRequest) -> Result<SignedIn, Error> {
    let signed_in = even_without_factor(auth, req.headers()).await?;
    if let Some(browser) = &signed_in.0 {
        sessions::refuse_overdue(auth, browser).await?;
    }
    Ok(signed_in)
}

/// The same where a sign-in begins: whoever must have a second factor by now, and has none, signs in once more, and sets it up on
/// the way.
pub(crate) async fn for_sign_in(auth: &Auth, req: &HttpRequest) -> Result<SignedIn, Error> {
    unless_overdue(auth, even_without_factor(auth, req.headers()).await?).await
}

/// Nobody, in place of somebody who must have a second factor by now, and has none.
pub(crate) async fn unless_overdue(auth: &Auth, signed_in: SignedIn) -> Result<SignedIn, Error> {
    let Some(browser) = &signed_in.0 else { return Ok(signed_in) };
    match sessions::refuse_overdue(auth, browser).await {
        Ok(()) => Ok(signed_in),
        Err(Error::Refused(refusal)) if refusal.code == Code::FactorDemanded => Ok(SignedIn(None)),
        Err(error) => Err(error),
    }
}

/// Whether somebody is signed in with this browser who must have a second factor by now, and has none: a host sends them to the page
/// where one is set up ([`Config::page_url`](crate::Config::page_url) of `security`).
///
/// # Errors
/// When host or database do not answer.
pub async fn must_enrol(auth: &Auth, req: &HttpRequest) -> Result<bool, Error> {
    match optional(auth, req).await {
        Ok(_) => Ok(false),
        Err(Error::Refused(refusal)) if refusal.code == Code::FactorDemanded => Ok(true),
        Err(error) => Err(error),
    }
}

/// The same where a second factor is set up, and on the way out: even somebody who must have one by now, and has none (FAC-93).
pub(crate) async fn even_without_factor(auth: &Auth, headers: &HeaderMap) -> Result<SignedIn, Error> {
    let Some(cookie) = session_cookie(auth, headers) else { return Ok(SignedIn(None)) };
    Ok(SignedIn(sessions::of_cookie(auth, &cookie).await?.ok()))
}

/// Whether the browser sent two different sign-in cookies, and no twin tells which is ours (faults F13). Nobody is signed in by them; the person is told, and our own copy
/// goes (faults A4).
pub(crate) fn has_two_sign_ins(auth: &Auth, headers: &HeaderMap) -> bool {
    request::has_two(headers, &auth.config().session_cookie) && session_cookie(auth, headers).is_none()
}

/// Removes our own copy of the sign-in cookie from a browser that sent two.
pub(crate) fn remove_one_of_two(auth: &Auth, req: &HttpRequest, reply: &mut HttpResponse) {
    let sets_one = reply.cookies().any(|cookie| cookie.name() == auth.config().session_cookie);
    if !sets_one && has_two_sign_ins(auth, req.headers()) {
        let removal = cookies::removal(auth, auth.config().session_cookie.clone());
        if let Err(error) = reply.add_cookie(&removal) {
            tracing::error!(%error, "a cookie cannot be removed");
        }
    }
}

/// Who reads the answer, with the language of the account that is signed in (Mastodon §5.1). Where that account cannot be
/// told, the request alone decides: a language is no reason to fail.
pub(crate) async fn reader(auth: &Auth, req: &HttpRequest, params: &Params) -> Reader {
    let browser = even_without_factor(auth, req.headers()).await.unwrap_or(SignedIn(None));
    params.reader(req).for_account(browser.account())
}

/// Who reads an error. Nothing more is looked up for a caller over its rate limit, or while the server fails itself.
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
/// `invalid_request` with the texts of Lysand §7; `FactorDemanded`.
pub(crate) async fn required(auth: &Auth, headers: &HeaderMap) -> Result<SignedInBrowser, Error> {
    let refused = |why: &'static str| Error::refused(Code::InvalidRequest, why);
    let Some(cookie) = session_cookie(auth, headers) else {
        let why = if has_two_sign_ins(auth, headers) { texts::TWO_SIGN_IN_COOKIES } else { texts::NO_SIGN_IN_COOKIE };
        return Err(refused(why));
    };
    let browser = sessions::of_cookie(auth, &cookie).await?.map_err(|problem| match problem {
        CookieProblem::Unverifiable => refused(texts::UNVERIFIABLE_COOKIE),
        CookieProblem::Missing("sub") => refused(texts::COOKIE_WITHOUT_SUB),
        CookieProblem::Missing("aud") => refused(texts::COOKIE_WITHOUT_AUD),
        CookieProblem::Missing(_) => refused(texts::COOKIE_WITHOUT_EXP),
    })?;
    sessions::refuse_overdue(auth, &browser).await?;
    Ok(browser)
}
