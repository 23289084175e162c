//! Consent to a pending code, as documented (Lysand §6).

use actix_web::HttpResponse;

use crate::error::Error;
use crate::flows::authorize as authorization;
use crate::secret::Secret;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::View;
use crate::web::pages::authorization_request::as_validation_error;
use crate::web::pages::authorization_response::approved;
use crate::web::pages::authorize::decided;
use crate::web::pages::login_redirect::LoginPageError;
use crate::web::wire::request::refuse_method_override;

/// `POST /api/auth/redirect`
pub(crate) async fn redirect(form: PostedForm) -> HttpResponse {
    decided(&form, answer(&form).await).await
}

async fn answer(form: &PostedForm) -> Result<HttpResponse, LoginPageError> {
    refuse_method_override(&form.req, &form.params)?;
    form.prove()?;
    let needed = |name: &'static str| as_validation_error(form.params.text(name))?.ok_or_else(|| Error::required(name));
    let (redirect_uri, client_id) = (needed("redirect_uri")?, needed("client_id")?);
    let code = Secret::new(needed("code")?);
    let browser = form.browser().await?;
    let (path, code) = authorization::consent(&form.auth, &code, &client_id, &redirect_uri, &browser).await?;
    let reader = form.reader().for_account(Some(&browser.account));
    Ok(approved(View::new(&form.auth, &form.req, &reader), &path, &code).await)
}
