//! The forms of the page as they are posted.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::web::{Data, Form};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use lysand_auth::error::{Code, Error};
use lysand_auth::flows::sessions::SignedInBrowser;
use lysand_auth::flows::sso;
use lysand_auth::web::{ApiError, FormSession, SignedIn};
use serde::Deserialize;

use super::redirect;
use crate::site::texts::AccountNotice;
use crate::state::State;

/// A form of the page, posted by whoever is signed in with this browser and proven to be this browser's own (security
/// WEB-5).
///
/// A form that is no longer this browser's, and one of somebody who is not signed in any more, redirect to the page.
pub(super) struct PostedForm {
    pub(super) state: Data<State>,
    pub(super) request: HttpRequest,
    pub(super) fields: Fields,
    pub(super) browser: SignedInBrowser,
}

/// The fields of all forms.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    pub(super) issuer: String,
    #[serde(default)]
    pub(super) password: String,
    pub(super) language: Option<String>,
}

impl PostedForm {
    /// Whether the person proved a moment ago to be there, as a change of the ways to sign in demands (security ID-12).
    pub(super) fn is_fresh(&self) -> bool {
        sso::is_fresh(&self.state.auth, &self.browser.session)
    }

    /// Redirects to the page, with a notice.
    pub(super) fn back(&self, notice: impl Into<Option<AccountNotice>>) -> HttpResponse {
        redirect::to_page(&self.state, &self.request, notice.into())
    }

    /// The answer to an error of a flow: a notice, where the person can do something about it.
    pub(super) fn refuse(&self, error: Error) -> Result<HttpResponse, ApiError> {
        let notice = match &error {
            Error::Refused(refusal) => AccountNotice::of(refusal.code),
            Error::Failed(_) => None,
        };
        notice.map(|notice| self.back(notice)).ok_or(ApiError(error))
    }
}

impl FromRequest for PostedForm {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (browser, session) = (SignedIn::from_request(req, payload), FormSession::from_request(req, payload));
        let fields = Form::<Fields>::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let SignedIn(browser) = browser.await?;
            let missing = || ApiError(Error::failed("the parts are not in the application"));
            let state = req.app_data::<Data<State>>().cloned().ok_or_else(missing)?;
            let unreadable = |_| ApiError(Error::refused(Code::InvalidRequest, "The form cannot be read."));
            let fields = fields.await.map_err(unreadable)?.into_inner();
            match (session.await?.prove(Some(&fields.form_token)), browser) {
                (Ok(()), Some(browser)) => Ok(Self { state, request: req, fields, browser }),
                (Err(Error::Refused(refusal)), _) if refusal.code != Code::StaleForm => {
                    Err(ApiError(Error::Refused(refusal)).into())
                }
                (Err(Error::Failed(failure)), _) => Err(ApiError(Error::Failed(failure)).into()),
                (Ok(()), None) | (Err(Error::Refused(_)), _) => {
                    let reply = redirect::to_page(&state, &req, Some(AccountNotice::StaleForm));
                    Err(InternalError::from_response("the form is not this browser's any more", reply).into())
                }
            }
        })
    }
}
