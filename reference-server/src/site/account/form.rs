//! The forms of the page as they are posted.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use lysand_auth::error::Error;
use lysand_auth::flows::credentials;
use lysand_auth::flows::sessions::SignedInBrowser;
use lysand_auth::web::{self, ApiError};

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
    pub(super) browser: SignedInBrowser,
    form: web::PostedForm,
}

impl PostedForm {
    /// A field; empty where it is missing.
    pub(super) fn text(&self, name: &str) -> Result<String, Error> {
        Ok(self.form.text(name)?.unwrap_or_default())
    }

    /// A field that may be empty, if it was sent.
    pub(super) fn given_text(&self, name: &str) -> Result<Option<String>, Error> {
        self.form.given_text(name)
    }

    /// Whether the person proved a moment ago to be there, as a change of the ways to sign in demands (security ID-12).
    pub(super) async fn is_proven(&self) -> Result<bool, Error> {
        credentials::is_proven(&self.state.auth, &self.browser).await
    }

    /// Redirects to the page, with a notice.
    pub(super) fn back(&self, notice: impl Into<Option<AccountNotice>>) -> HttpResponse {
        redirect::to_page(&self.state, &self.request, notice.into())
    }

    /// Redirects to the page where the person confirms that it is them, and from there back.
    pub(super) fn to_confirmation(&self) -> HttpResponse {
        redirect::to_confirmation(&self.state, &self.request)
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
        let (form, request) = (web::PostedForm::from_request(req, payload), req.clone());
        Box::pin(async move {
            let form = form.await?;
            let missing = || ApiError(Error::failed("the parts are not in the application"));
            let state = request.app_data::<Data<State>>().cloned().ok_or_else(missing)?;
            let is_stale = form.is_stale().map_err(ApiError)?;
            match form.signed_in().await.map_err(ApiError)?.0 {
                Some(browser) if !is_stale => Ok(Self { state, request, browser, form }),
                _ => {
                    let reply = redirect::to_page(&state, &request, Some(AccountNotice::StaleForm));
                    Err(InternalError::from_response("the form is not this browser's any more", reply).into())
                }
            }
        })
    }
}
