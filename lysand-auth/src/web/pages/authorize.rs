//! The authorization endpoint: an app asks, a person decides (Mastodon §5, Lysand §3, §7).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorize::{self as authorization, AuthorizeOutcome, Interaction};
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View};
use crate::web::kit::session;
use crate::web::kit::surfaces::{self, Surface};
use crate::web::pages::authorization_request::{ECHOED, as_validation_error, consent_location, request, with_scope};
use crate::web::pages::authorization_response::{approved, denied, error_to_app};
use crate::web::pages::login_redirect::LoginPageError;
use crate::web::pages::sign_in_page::{SignIn, sign_in_page};
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;

/// `GET /oauth/authorize`
pub(crate) async fn begin(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = answer(&auth, &req, &form, received).await;
    PageError::render_or(reply, &auth, &req, &Params::of_query(&req)).await
}

async fn answer(
    auth: &Auth,
    req: &HttpRequest,
    form: &FormSession,
    received: Received,
) -> Result<HttpResponse, PageError> {
    let params = received.0?;
    let request = request(&params)?;
    let browser = session::optional(auth, req.headers()).await?;
    let reader = params.reader(req).for_account(browser.account());
    let view = View::new(auth, req, &reader);
    if is_over(&params) {
        let over = PageError::from(Error::refused(Code::InvalidGrant, texts::SIGN_IN_OVER));
        return Err(over.read_by(&reader).starting_over(auth.config().home_page()));
    }
    let begun = authorization::begin(auth, &request, browser.0.as_ref(), interaction(&params)).await;
    Ok(match begun.map_err(|error| PageError::from(error).read_by(&reader))? {
        AuthorizeOutcome::SignIn(app, checked) => {
            let (form_token, current) = (form.token(), browser.account());
            let offers_providers = surfaces::of_request(req).has(Surface::Sso);
            let sign_in = SignIn { app: &app, checked: &checked, current, form_token, offers_providers };
            sign_in_page(view, &params, sign_in).await
        }
        AuthorizeOutcome::Consent(app, checked, code) => {
            redirect(&consent_location(auth, &app, &with_scope(params.echo(&ECHOED), &checked), &code))
        }
        AuthorizeOutcome::Approved(checked, code) => approved(view, &checked, &code).await,
        AuthorizeOutcome::ErrorToApp(path, refusal) => error_to_app(view, &path, &refusal).await,
    })
}

/// A sign-in at a provider came back of which nothing is known any more: no app asks for anything (faults C9).
fn is_over(params: &Params) -> bool {
    let is_about_flow = params.last_text("error_description").as_deref() == Some(texts::INVALID_FLOW);
    is_about_flow && params.last_text("error").is_some() && params.last_text("client_id").is_none()
}

/// How the parameters want the person to be asked. `prompt=none` is what Lysand's frontends send for "nothing special".
fn interaction(params: &Params) -> Interaction {
    let prompt = params.last_text("prompt").unwrap_or_default();
    let again = matches!(prompt.as_str(), "login" | "select_account")
        || params.last_text("max_age").is_some()
        || params.last_text("error").is_some();
    match prompt.as_str() {
        _ if again => Interaction::SignInAgain,
        _ if params.flag("force_login") => Interaction::ForceLogin,
        "consent" => Interaction::Consent,
        _ => Interaction::AsNeeded,
    }
}

/// `POST /oauth/authorize`: consent, as existing frontends send it (Lysand §7); with `_method=delete`, a denial.
pub(crate) async fn decide(form: PostedForm) -> Result<HttpResponse, ApiError> {
    if form.text("_method")?.is_some_and(|method| method.eq_ignore_ascii_case("delete")) {
        return Ok(deny(form).await);
    }
    Ok(LoginPageError::render_or(consent_at_once(&form).await, &form).await)
}

async fn consent_at_once(form: &PostedForm) -> Result<HttpResponse, LoginPageError> {
    form.params.require_known_type()?;
    form.prove()?;
    let request = as_validation_error(request(&form.params))?;
    for (name, value) in [("client_id", &request.client_id), ("response_type", &request.response_type)] {
        if value.is_none() {
            return Err(Error::required(name).into());
        }
    }
    if !form.has_cookies() {
        return Err(Error::refused(Code::InvalidRequest, texts::NO_COOKIES).into());
    }
    let browser = form.browser().await?;
    let pending = form.params.secret("code")?;
    let (checked, code) = authorization::consent_at_once(&form.auth, &request, pending.as_ref(), &browser).await?;
    let reader = form.reader().for_account(Some(&browser.account));
    Ok(approved(View::new(&form.auth, &form.req, &reader), &checked, &code).await)
}

/// `DELETE /oauth/authorize`: the person denies (Mastodon §5.6).
pub(crate) async fn deny(form: PostedForm) -> HttpResponse {
    LoginPageError::render_or(denial(&form).await, &form).await
}

async fn denial(form: &PostedForm) -> Result<HttpResponse, LoginPageError> {
    form.prove()?;
    let request = as_validation_error(request(&form.params))?;
    let browser = form.browser().await?;
    let code = form.params.secret("code")?;
    let denied_at = authorization::deny(&form.auth, &request, code.as_ref(), &browser).await;
    let path = denied_at.map_err(LoginPageError::of_request)?;
    let reader = form.reader().for_account(Some(&browser.account));
    Ok(denied(View::new(&form.auth, &form.req, &reader), &path).await)
}
