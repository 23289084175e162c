//! Posted forms, and the proof that one comes from a page that this server showed to this browser (security AS-3, WEB-5).
//!
//! The proof is a form token of the browser's [form session](crate::web::FormSession). Documented routes are also used by
//! frontends that send no token; there the origin of the request is the proof, and it is asked for in any case.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::pages::Reader;
use crate::model::session::SignedInBrowser;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::session::{self, SignedIn};
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

const TOKEN: &str = "form_token";

/// A form that a browser posted to a route with a [`form_session`](crate::web::form_session): its parameters, and what
/// proves that it is ours.
///
/// Nothing is proven until the handler asks for it: failures are values, which each route shows in its own way. A handler
/// that takes `Result<PostedForm, ApiError>` shows even a body that cannot be read in its own way.
pub struct PostedForm {
    pub(crate) auth: Data<Auth>,
    pub(crate) req: HttpRequest,
    pub(crate) params: Params,
    session: FormSession,
}

impl PostedForm {
    /// A field of the body; an empty one counts as absent, equal repeats as one.
    ///
    /// # Errors
    /// 400 when it was sent more than once with differing values, or is no text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        self.params.body_text(name)
    }

    /// The same where an empty field says something else than a missing one.
    ///
    /// # Errors
    /// As [`text`](Self::text); 400 for text that no database takes.
    pub fn given_text(&self, name: &str) -> Result<Option<String>, Error> {
        self.params.given_text(name)
    }

    /// The method that the sender wants instead of the one that the request has, in lower case.
    ///
    /// # Errors
    /// When two say two things.
    pub(crate) fn method_override(&self) -> Result<Option<String>, Error> {
        request::method_override(&self.req, &self.params)
    }

    /// Demands that the form comes from our origin, or the frontend's, and that its token is this browser's if it has one:
    /// for routes that frontends use as well.
    ///
    /// # Errors
    /// As [`FormSession::prove`].
    pub fn prove(&self) -> Result<(), Error> {
        self.session.prove(self.text(TOKEN)?.as_deref())
    }

    /// The same for the sign-in form, which may have been shown before somebody signed in in another tab.
    pub(crate) fn prove_sign_in(&self) -> Result<(), Error> {
        self.session.prove_sign_in(self.text(TOKEN)?.as_deref())
    }

    /// Demands that the form comes from our origin, or the frontend's, whatever its token: for what changes nothing.
    pub(crate) fn prove_origin(&self) -> Result<(), Error> {
        self.session.prove_origin()
    }

    /// As [`prove`](Self::prove), for routes that our own pages alone post to: there must be a token.
    ///
    /// # Errors
    /// As [`FormSession::prove`].
    pub fn prove_with_token(&self) -> Result<(), Error> {
        self.session.prove(Some(&self.text(TOKEN)?.unwrap_or_default()))
    }

    /// Whether the form's token is not this browser's any more, which a page answers by showing the same form again, with a
    /// new token and all that was typed. Otherwise as [`prove_with_token`](Self::prove_with_token).
    ///
    /// # Errors
    /// When the form comes from another site; when the field cannot be read; 415 for a body that no form sends.
    pub fn is_stale(&self) -> Result<bool, Error> {
        self.params.require_known_type()?;
        match self.prove_with_token() {
            Ok(()) => Ok(false),
            Err(Error::Refused(refusal)) if refusal.code == Code::StaleForm => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The token for the form of a page that answers this one.
    #[must_use]
    pub fn token(&self) -> String {
        self.session.token()
    }

    /// Ends the browser's form session: its next form gets another token.
    pub fn end_session(&self) {
        self.session.end();
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
        session::optional(&self.auth, &self.req).await
    }

    /// The same where a second factor is set up, for somebody who must have one, too.
    pub(crate) async fn signed_in_without_factor(&self) -> Result<SignedIn, Error> {
        session::even_without_factor(&self.auth, self.req.headers()).await
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
        let (req, session) = (req.clone(), FormSession::from_request(req, payload));
        let received = Received::from_request(&req, payload);
        Box::pin(async move {
            let auth = req
                .app_data::<Data<Auth>>()
                .cloned()
                .ok_or_else(|| Error::failed("lysand_auth::web::mount was not called on this app"))?;
            let Ok(Received(params)) = received.await;
            Ok(Self { auth, params: params?, req, session: session.await? })
        })
    }
}
