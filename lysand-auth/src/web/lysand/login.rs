//! Signing in with a password (Lysand §5).

use actix_web::HttpResponse;

use crate::error::Error;
use crate::flows::login::{self as signing_in, PasswordAttempt, SignedIn as Begun};
use crate::secret::Secret;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::View;
use crate::web::kit::session::SignedIn;
use crate::web::pages::authorization_request::{ECHOED, as_validation_error, consent_location, request};
use crate::web::pages::authorization_response::approved;
use crate::web::pages::login_redirect::LoginPageError;
use crate::web::wire::cookies;
use crate::web::wire::redirect::redirect;
use crate::web::wire::request::{refuse_method_override, source};

/// `POST /api/auth/login`
pub(crate) async fn login(form: PostedForm, before: SignedIn) -> HttpResponse {
    LoginPageError::render_or(answer(&form, before).await, &form).await
}

async fn answer(form: &PostedForm, before: SignedIn) -> Result<HttpResponse, LoginPageError> {
    let auth = &form.auth;
    form.params.require_known_type()?;
    refuse_method_override(&form.req, &form.params)?;
    form.prove_sign_in()?;
    let Begun { cookie, app, request, step } = signing_in::with_password(auth, attempt(form, before)?).await?;
    let mut reply = match step.missing {
        None => approved(View::new(auth, &form.req, &form.reader()), &request.return_path(&app), &step.code).await,
        Some(_) => redirect(&consent_location(auth, &app, &form.params.echo(&ECHOED), &step.code)),
    };
    cookies::put_session(auth, &mut reply, &cookie)?;
    Ok(reply)
}

fn attempt(form: &PostedForm, before: SignedIn) -> Result<PasswordAttempt, Error> {
    Ok(PasswordAttempt {
        request: as_validation_error(request(&form.params))?,
        identifier: as_validation_error(form.text("identifier"))?,
        password: as_validation_error(form.text("password"))?.map(Secret::new),
        source: source(&form.req, form.auth.config()),
        replaces: before.session().map(|session| session.id.clone()),
    })
}
