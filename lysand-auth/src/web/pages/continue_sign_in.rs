//! Going on as the account that is signed in already, or as another one of the browser (DEV-17, FAC-123).

use actix_web::HttpResponse;

use crate::error::Error;
use crate::flows::authorize::{self as authorization, AuthorizeOutcome, Interaction};
use crate::model::authorization::AuthorizationRequest;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View};
use crate::web::kit::session::{self, SignedIn};
use crate::web::pages::authorization_request::{ECHOED, consent_location, login_location, request, with_scope};
use crate::web::pages::authorization_response::{approved, error_on_page, error_to_app};
use crate::web::pages::choose_account::{ACCOUNT, has_ended, sign_in_for, switched};
use crate::web::pages::factor::location::to_factor;
use crate::web::pages::sign_in_page::asks_password;
use crate::web::wire::cookies;
use crate::web::wire::redirect::redirect;
use crate::web::wire::request::refuse_method_override;

/// `POST /oauth/authorize/continue`
pub(crate) async fn continue_sign_in(form: PostedForm) -> HttpResponse {
    PageError::render_or(answer(&form).await, &form.auth, &form.req, &form.params).await
}

async fn answer(form: &PostedForm) -> Result<HttpResponse, PageError> {
    let (auth, params) = (&form.auth, &form.params);
    refuse_method_override(&form.req, params)?;
    let echoed = params.echo(&ECHOED);
    let login = login_location(auth, &echoed);
    let proven = proven(form).await;
    let (request, browser) = proven.map_err(|error| PageError::from(error).starting_over(login.clone()))?;
    let account = form.text(ACCOUNT).map_err(PageError::from)?;
    // Whoever has to sign in again does so with the name filled in.
    let login = account.map_or(login, |account| sign_in_for(auth, &echoed, &account));
    if asks_password(params) {
        return Ok(redirect(&login));
    }
    let (browser, cookie) = match switched(form, browser.0).await {
        Ok(switched) => switched,
        Err(error) if has_ended(&error) => return Ok(redirect(&login)),
        Err(error) => return Err(error.into()),
    };
    let reader = form.reader().for_account(browser.as_ref().map(|browser| &browser.account));
    let Some(browser) = browser else { return Ok(redirect(&login)) };
    let view = View::new(auth, &form.req, &reader);
    let begun = authorization::begin(auth, &request, Some(&browser), Interaction::Consent).await;
    let mut reply = match begun.map_err(|error| PageError::from(error).read_by(&reader))? {
        AuthorizeOutcome::Consent(app, checked, code) => {
            redirect(&consent_location(auth, &app, &with_scope(echoed, &checked), &code))
        }
        AuthorizeOutcome::ErrorToApp(path, refusal) => error_to_app(view, &path, &refusal).await,
        AuthorizeOutcome::ErrorOnPage(path, refusal) => error_on_page(view, &path, &refusal).await,
        AuthorizeOutcome::StepUp(claim) => to_factor(auth, &form.req, &reader, &claim).await,
        AuthorizeOutcome::Approved(path, code) => approved(view, &path, &code).await,
        AuthorizeOutcome::SignIn(..) => redirect(&login),
    };
    if let Some(cookie) = cookie {
        cookies::put_session(auth, &mut reply, &cookie)?;
    }
    Ok(reply)
}

async fn proven(form: &PostedForm) -> Result<(AuthorizationRequest, SignedIn), Error> {
    let browser = session::unless_overdue(&form.auth, form.signed_in_without_factor().await?).await?;
    // Where nobody is signed in any more, the outcome is the sign-in page, and the token was somebody's.
    if browser.0.is_some() || form.text(ACCOUNT)?.is_some() {
        form.prove_with_token()?
    } else {
        form.prove_origin()?
    }
    Ok((request(&form.params)?, browser))
}
