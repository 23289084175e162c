//! Posted forms, and the proof that one comes from a page that this server showed to this browser (security AS-3, WEB-5).
//!
//! The proof is a form token. It lives in an encrypted cookie of its own, before and beside the sign-in. Documented routes
//! are also used by frontends that send no token; there the origin of the request is the proof, and it is asked for in any
//! case.

use std::pin::Pin;

use actix_session::config::CookieContentSecurity;
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionExt, SessionMiddleware};
use actix_web::cookie::{Key, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use subtle::ConstantTimeEq;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::pages::Reader;
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::session::{self, SignedIn};
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

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
    request::same_origin(req, auth)?;
    let Some(sent) = sent else { return Ok(()) };
    let ours = session.get::<String>(TOKEN).ok().flatten().unwrap_or_default();
    if !ours.is_empty() && bool::from(ours.as_bytes().ct_eq(sent.as_bytes())) {
        return Ok(());
    }
    Err(Error::refused(Code::StaleForm, texts::STALE_FORM))
}

/// A form that a browser posted to a route with a [`form_session`]: its parameters, and what proves that it is ours.
///
/// Nothing is proven until the handler asks for it: failures are values, which each route shows in its own way. A handler
/// that takes `Result<PostedForm, ApiError>` shows even a body that cannot be read in its own way.
pub struct PostedForm {
    pub(crate) auth: Data<Auth>,
    pub(crate) req: HttpRequest,
    pub(crate) params: Params,
    session: Session,
}

impl PostedForm {
    /// A field of the body; an empty one counts as absent, equal repeats as one.
    ///
    /// # Errors
    /// 400 when it was sent more than once with differing values, or is no text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        self.params.body_text(name)
    }

    /// Demands that the form comes from our origin, or the frontend's, and that its token is this browser's if it has one:
    /// for routes that frontends use as well.
    ///
    /// # Errors
    /// As [`prove_form`].
    pub fn prove(&self) -> Result<(), Error> {
        prove_form(&self.auth, &self.req, &self.session, self.text(TOKEN)?.as_deref())
    }

    /// The same for routes that our own pages alone post to: there must be a token.
    ///
    /// # Errors
    /// As [`prove_form`].
    pub fn prove_with_token(&self) -> Result<(), Error> {
        let token = self.text(TOKEN)?.unwrap_or_default();
        prove_form(&self.auth, &self.req, &self.session, Some(&token))
    }

    /// The token for the form of a page that answers this one.
    ///
    /// # Errors
    /// When the cookie cannot be made.
    pub fn token(&self) -> Result<String, Error> {
        form_token(&self.auth, &self.session)
    }

    /// Ends the browser's form session: its next form gets another token.
    pub fn end_session(&self) {
        self.session.purge();
    }

    /// Who reads the answer, as the request alone tells.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.params.reader(&self.req)
    }

    /// Who is signed in with the browser, if anybody.
    ///
    /// # Errors
    /// When the session cannot be looked up.
    pub async fn signed_in(&self) -> Result<SignedIn, Error> {
        session::optional(&self.auth, self.req.headers()).await
    }

    /// Who is signed in with the browser, where somebody must be.
    pub(crate) async fn browser(&self) -> Result<SignedInBrowser, Error> {
        session::required(&self.auth, self.req.headers()).await
    }

    /// Whether the browser sent any cookie at all.
    pub(crate) fn has_cookies(&self) -> bool {
        self.req.headers().contains_key(header::COOKIE)
    }
}

impl FromRequest for PostedForm {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, session) = (req.clone(), req.get_session());
        let received = Received::from_request(&req, payload);
        Box::pin(async move {
            let auth = req
                .app_data::<Data<Auth>>()
                .cloned()
                .ok_or_else(|| Error::failed("lysand_auth::web::mount was not called on this app"))?;
            let Ok(Received(params)) = received.await;
            Ok(Self { auth, params: params?, req, session })
        })
    }
}
