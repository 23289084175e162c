//! Signing in with a password (Lysand §5).

use actix_web::{HttpResponse, ResponseError as _};
use serde_json::json;

use crate::error::Error;
use crate::flows::login::Missing;
use crate::flows::login::{self as signing_in, PasswordAttempt};
use crate::flows::sessions::Browser;
use crate::secret::Secret;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::View;
use crate::web::pages::authorization_request::{
    ECHOED, another_was_meant, as_validation_error, consent_location, request,
};
use crate::web::pages::authorization_response::approved;
use crate::web::pages::factor::program;
use crate::web::pages::login_redirect::LoginPageError;
use crate::web::wire::cookies;
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request::{accepts, refuse_method_override, source, wants_json};

/// `POST /api/auth/login`
pub(crate) async fn login(form: PostedForm, browser: Browser) -> HttpResponse {
    let outcome = answer(&form, browser).await;
    if wants_json(form.req.headers()) {
        return match outcome {
            Ok(reply) => reply,
            // What is asked for beside the password is told by the same words as to a browser.
            Err(LoginPageError::ToLoginPage(Error::Refused(refusal))) if refusal.pending.is_some() => {
                let error = LoginPageError::ToLoginPage(Error::Refused(refusal));
                LoginPageError::render_or(Err(error), &form).await
            }
            Err(LoginPageError::ToLoginPage(error)) => {
                program::refused(&form.auth, &form.req, &form.params, error).await
            }
            Err(error) => LoginPageError::render_or(Err(error), &form).await,
        };
    }
    let is_refused = matches!(outcome, Err(LoginPageError::ToLoginPage(Error::Refused(_))));
    let mut reply = LoginPageError::render_or(outcome, &form).await;
    if is_refused && let Err(error) = keep_typed_name(&form, &mut reply) {
        return ApiError(error).error_response();
    }
    reply
}

/// Keeps the name for our own sign-in page, which is what a person sees next; a frontend has its own ways (faults B7).
fn keep_typed_name(form: &PostedForm, reply: &mut HttpResponse) -> Result<(), Error> {
    let is_ours = form.auth.config().frontend.origin.is_none() && accepts(form.req.headers(), "text/html");
    match form.text("identifier") {
        Ok(Some(typed)) if is_ours => cookies::put_typed_name(&form.auth, reply, typed.trim()),
        _ => Ok(()),
    }
}

async fn answer(form: &PostedForm, browser: Browser) -> Result<HttpResponse, LoginPageError> {
    let auth = &form.auth;
    form.params.require_known_type()?;
    refuse_method_override(&form.req, &form.params)?;
    form.prove_sign_in()?;
    let signed_in = signing_in::with_password(auth, attempt(form, browser)?).await?;
    let (app, request, step) = (&signed_in.app, &signed_in.request, &signed_in.step);
    let mut reply = match step.missing {
        None => approved(View::new(auth, &form.req, &form.reader()), &request.return_path(app), &step.code).await,
        Some(Missing::AccountMeant) => redirect(&another_was_meant(auth, app, request)),
        Some(_) => redirect(&consent_location(auth, app, &form.params.echo(&ECHOED), &step.code)),
    };
    cookies::put_sign_in(auth, &mut reply, &signed_in)?;
    Ok(if wants_json(form.req.headers()) { program::signed_in(auth, &signed_in, &reply, json!({})) } else { reply })
}

fn attempt(form: &PostedForm, browser: Browser) -> Result<PasswordAttempt, Error> {
    Ok(PasswordAttempt {
        request: as_validation_error(request(&form.params))?,
        identifier: as_validation_error(form.text("identifier"))?,
        password: as_validation_error(form.text("password"))?.map(Secret::new),
        source: source(&form.req, form.auth.config()),
        browser,
    })
}
