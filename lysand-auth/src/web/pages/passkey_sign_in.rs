//! Signing in with a passkey in place of name and password: for our own page, for a frontend's, and for programs (FAC-54, FAC-55).

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::config::BaseUrl;
use crate::error::{Code, Error};
use crate::flows::passkey_login::{self as flow, PasskeyAttempt};
use crate::flows::sessions::Browser;
use crate::secret::Secret;
use crate::web::kit::forms::PostedForm;
use crate::web::pages::authorization_request::{as_validation_error, request};
use crate::web::pages::factor::program;
use crate::web::pages::login_redirect::LoginPageError;
use crate::web::pages::own_sign_in::finish_sign_in;
use crate::web::wire::cookies;
use crate::web::wire::reply::{ApiError, json as reply};
use crate::web::wire::request as wire;

/// What a sign-in page needs to offer a passkey: the options, and the cookie that they hold for. `None` where passkeys sign nobody in.
pub(crate) fn offered(auth: &Auth, req: &HttpRequest) -> Option<(String, Secret)> {
    let cookie = cookies::passkey_cookie(auth, req.headers()).unwrap_or_else(|| Secret::generate(auth.ambient()));
    flow::options(auth, &cookie).ok().map(|options| (options, cookie))
}

/// `POST /api/auth/passkey/start`
pub(super) async fn start(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let started = async {
        let form = form?;
        form.params.require_known_type()?;
        form.prove_sign_in()?;
        let cookie = cookies::passkey_cookie(&auth, req.headers()).unwrap_or_else(|| Secret::generate(auth.ambient()));
        let caller = wire::caller(&req, auth.config());
        let mut reply = told(&flow::start(&auth, &cookie, &caller).await?)?;
        cookies::put_passkey(&auth, &mut reply, &cookie)?;
        Ok::<_, ApiError>(reply)
    };
    started.await.unwrap_or_else(|error| error.error_response())
}

/// Options as a browser takes them, for nobody to keep.
pub(super) fn told(options: &str) -> Result<HttpResponse, Error> {
    let options: Value = serde_json::from_str(options).map_err(Error::failed)?;
    let mut reply = reply(&json!({ "options": options }));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(reply)
}

/// `POST /api/auth/passkey/finish`
pub(super) async fn finish(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let outcome = finished(&form, browser).await;
    if wire::wants_json(form.req.headers()) {
        return match outcome {
            Ok(reply) => reply,
            // What is asked for beside the passkey is told by the same words as to a browser.
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
    let is_unknown = matches!(&outcome, Err(LoginPageError::ToLoginPage(Error::Refused(refusal))) if refusal.code == Code::UnknownPasskey);
    let mut reply = LoginPageError::render_or(outcome, &form).await;
    if let Some(id) = presented_id(&form).filter(|_| is_unknown)
        && let Err(error) = cookies::put_unknown_passkey(&form.auth, &mut reply, &id)
    {
        return ApiError(error).error_response();
    }
    reply
}

/// What the browser calls the passkey that it used.
fn presented_id(form: &PostedForm) -> Option<String> {
    let credential: Value = serde_json::from_str(&form.text("credential").ok()??).ok()?;
    credential["id"].as_str().map(str::to_owned)
}

async fn finished(form: &PostedForm, browser: Browser) -> Result<HttpResponse, LoginPageError> {
    let auth = &form.auth;
    form.params.require_known_type()?;
    wire::refuse_method_override(&form.req, &form.params)?;
    form.prove_sign_in()?;
    let request = as_validation_error(request(&form.params))?;
    let credential = as_validation_error(form.text("credential"))?.unwrap_or_default();
    let cookie = cookies::passkey_cookie(auth, form.req.headers());
    let signed_in = flow::sign_in(auth, PasskeyAttempt::new(request, credential, cookie, browser)).await?;
    let reply = finish_sign_in(auth, &form.req, &signed_in).await?;
    Ok(if wire::wants_json(form.req.headers()) {
        program::signed_in(auth, &signed_in, &reply, json!({}))
    } else {
        reply
    })
}

/// `GET /.well-known/webauthn`: the other origins that may use our passkeys (FAC-80).
pub(super) async fn related_origins(auth: Data<Auth>) -> Result<HttpResponse, ApiError> {
    let origins = &auth.config().passkeys.related_origins;
    if origins.is_empty() {
        return Err(Error::refused(Code::NotFound, "Record not found").into());
    }
    let origins: Vec<&str> = origins.iter().map(BaseUrl::as_str).collect();
    Ok(reply(&json!({ "origins": origins })))
}

/// `GET /.well-known/passkey-endpoints`: where people add and manage their passkeys.
pub(super) async fn endpoints(auth: Data<Auth>) -> HttpResponse {
    let place = auth.config().page_named("security").0;
    reply(&json!({ "enroll": place, "manage": place }))
}
