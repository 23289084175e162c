//! The session of a browser's forms: a cookie of its own, and the form tokens that are derived from it (security AS-3,
//! WEB-5, faults E1).
//!
//! Nothing of it lives in `actix_session::Session`: that is one for a whole request, so a host's own session middleware
//! and ours would each write the other's values.
//!
//! The cookie holds a random id. A form token is a MAC over this id and the account that is signed in, under a key that
//! never leaves the server: whoever reads the cookie cannot make a token, and a token of one account is none of another's
//! (faults F13). Nothing is stored, so several tabs do not disturb each other.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderMap, HeaderValue, SET_COOKIE};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::LocalBoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::page::{View, error_page};
use crate::web::wire::cookies;
use crate::web::wire::params::Params;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;
use crate::web::wire::session_cookie::session_cookie;

/// The middleware that keeps a browser's form session in a cookie; wrap each page with a form in one, and what the form
/// posts to.
#[must_use]
pub fn form_session(auth: &Auth) -> FormSessions {
    FormSessions { auth: auth.clone() }
}

/// The form session of the browser that sent a request, on a route with a [`form_session`].
#[derive(Clone)]
pub struct FormSession {
    shared: Rc<Shared>,
    req: HttpRequest,
}

/// What the middleware and the handler know both.
struct Shared {
    auth: Auth,
    /// What the browser sent.
    sent: Option<String>,
    /// What it is to keep.
    id: RefCell<Option<String>>,
}

impl FormSession {
    /// The token for the forms of a page: the hidden field `form_token`. It counts in this browser alone, for as long as
    /// it is open and nobody else signs in with it.
    #[must_use]
    pub fn token(&self) -> String {
        let mut id = self.shared.id.borrow_mut();
        let id = id.get_or_insert_with(|| Secret::generate(self.shared.auth.ambient()).expose().to_owned());
        URL_SAFE_NO_PAD.encode(self.shared.mac(id, self.account().as_ref()).finalize().into_bytes())
    }

    /// Demands that a form post is ours: from our origin, and with the right token where one was sent.
    ///
    /// # Errors
    /// 403 when the request comes from another site; 422 when the token is not this browser's.
    pub fn prove(&self, sent: Option<&str>) -> Result<(), Error> {
        self.prove_origin()?;
        let Some(sent) = sent else { return Ok(()) };
        if self.is_token_of(sent, self.account().as_ref()) { Ok(()) } else { Err(stale()) }
    }

    /// The same for a sign-in form, which may have been shown before somebody signed in in another tab.
    pub(crate) fn prove_sign_in(&self, sent: Option<&str>) -> Result<(), Error> {
        self.prove_origin()?;
        let Some(sent) = sent else { return Ok(()) };
        if self.is_token_of(sent, None) || self.is_token_of(sent, self.account().as_ref()) {
            return Ok(());
        }
        Err(stale())
    }

    /// Demands that a post comes from our origin, whatever its token.
    pub(crate) fn prove_origin(&self) -> Result<(), Error> {
        request::same_origin(&self.req, &self.shared.auth)
    }

    /// Ends the session: all tokens of this browser are void.
    pub fn end(&self) {
        self.shared.id.replace(None);
    }

    fn is_token_of(&self, sent: &str, account: Option<&AccountId>) -> bool {
        let id = self.shared.id.borrow();
        let (Some(id), Ok(sent)) = (id.as_deref(), URL_SAFE_NO_PAD.decode(sent)) else { return false };
        self.shared.mac(id, account).verify_slice(&sent).is_ok()
    }

    /// Who the sign-in cookie says is signed in. Whether that session still stands is for the handler to ask.
    fn account(&self) -> Option<AccountId> {
        let auth = &self.shared.auth;
        let cookie = session_cookie(auth, self.req.headers())?;
        let claim = auth.keys().verify_session(&cookie, &auth.config().base_url, auth.ambient().now());
        claim.ok().map(|claim| claim.account_id)
    }
}

fn stale() -> Error {
    Error::refused(Code::StaleForm, texts::STALE_FORM)
}

impl Shared {
    fn of(auth: &Auth, headers: &HeaderMap) -> Self {
        let sent = request::cookie(headers, cookies::form_cookie_name(auth));
        // An id of ours has 256 bits; what is shorter may be guessed.
        let id = sent.clone().filter(|id| id.len() == 43);
        Self { auth: auth.clone(), sent, id: RefCell::new(id) }
    }

    fn mac(&self, id: &str, account: Option<&AccountId>) -> Hmac<Sha256> {
        let mut mac: Hmac<Sha256> = KeyInit::new(self.auth.form_key().into());
        mac.update(id.as_bytes());
        if let Some(account) = account {
            mac.update(b"\0");
            mac.update(account.as_str().as_bytes());
        }
        mac
    }

    /// The cookie to set, if what the browser keeps must change.
    fn change(&self) -> Option<HeaderValue> {
        let id = self.id.borrow();
        if *id == self.sent {
            return None;
        }
        let cookie = cookies::form_cookie(&self.auth, id.as_deref());
        HeaderValue::try_from(cookie.to_string()).ok()
    }
}

impl FromRequest for FormSession {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let shared = req.extensions().get::<Rc<Shared>>().cloned();
        let missing =
            || ApiError(Error::failed(format!("lysand_auth::web::form_session is not around {}", req.path())));
        ready(shared.map(|shared| Self { shared, req: req.clone() }).ok_or_else(missing))
    }
}

/// What [`form_session`] makes.
#[derive(Clone)]
pub struct FormSessions {
    auth: Auth,
}

impl<S, B> Transform<S, ServiceRequest> for FormSessions
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Transform = WithFormSession<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(WithFormSession { service, auth: self.auth.clone() }))
    }
}

/// The service behind [`form_session`].
pub struct WithFormSession<S> {
    service: S,
    auth: Auth,
}

impl<S, B> Service<ServiceRequest> for WithFormSession<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, actix_web::Error>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        // A host that wraps a scope as well has one session all the same: the outer one sets the cookie.
        if req.extensions().contains::<Rc<Shared>>() {
            let answer = self.service.call(req);
            return Box::pin(async move { Ok(answer.await?.map_into_left_body()) });
        }
        let shared = Rc::new(Shared::of(&self.auth, req.headers()));
        req.extensions_mut().insert(Rc::clone(&shared));
        let (answer, auth) = (self.service.call(req), self.auth.clone());
        Box::pin(async move {
            let mut reply = as_page(&auth, answer.await?).await;
            if let Some(cookie) = shared.change() {
                reply.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(reply)
        })
    }
}

/// What a handler refused as JSON, as a page where a person asked (faults A12): also the address of a form that somebody opens by
/// itself. Refusals of tokens are for programs alone.
async fn as_page<B: MessageBody + 'static>(auth: &Auth, reply: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
    if !request::accepts(reply.request().headers(), "text/html") {
        return reply.map_into_left_body();
    }
    let is_other_method = reply.status() == StatusCode::METHOD_NOT_ALLOWED;
    let refused = reply.response().error().and_then(|error| error.as_error::<ApiError>()).map(|ApiError(error)| error);
    let about_tokens = [Code::InvalidToken, Code::InsufficientScope, Code::ProofRequired];
    let other_method = Error::refused(Code::MethodNotAllowed, "Method Not Allowed");
    let error = match refused {
        Some(Error::Refused(refusal)) if about_tokens.contains(&refusal.code) => return reply.map_into_left_body(),
        Some(error) => error,
        None if is_other_method => &other_method,
        None => return reply.map_into_left_body(),
    };
    let reader = Params::of_query(reply.request()).reader(reply.request());
    let mut page = error_page(View::new(auth, reply.request(), &reader), error, None).await;
    if let Some(methods) = reply.headers().get(ALLOW) {
        page.headers_mut().insert(ALLOW, methods.clone());
    }
    reply.into_response(page).map_into_right_body()
}
