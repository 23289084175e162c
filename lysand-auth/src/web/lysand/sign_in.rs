//! Lysand's frontend API: sign in, consent, sign out, settings (Lysand §4 to §7).

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::login::PasswordAttempt;
use crate::flows::{authorize as authorization, login as signing_in, sessions};
use crate::host::pages::Reader;
use crate::model::authorization::AuthorizationRequest;
use crate::secret::Secret;
use crate::web::kit::forms;
use crate::web::pages::authorize::{self as pages, ECHOED};
use crate::web::wire::cookies::{self, COOKIE_NAME, SignedIn};
use crate::web::wire::extract;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{self, ApiError};

/// `GET /api/v1/frontend/config` (Lysand §4)
pub(crate) async fn settings(auth: Data<Auth>) -> HttpResponse {
    reply::json(&auth.config().frontend.settings)
}

/// `POST /api/auth/login` (Lysand §5)
pub(crate) async fn login(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    before: SignedIn,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let outcome = async {
        params.known_type()?;
        forms::prove_form(&auth, &req, &form, params.body_text("form_token")?.as_deref())?;
        let attempt = PasswordAttempt {
            request: request(&params)?,
            identifier: shape(params.body_text("identifier"))?,
            password: shape(params.body_text("password"))?.map(Secret::new),
            source: extract::source(&req, auth.config()),
            replaces: before.session().map(|session| session.id.clone()),
        };
        signing_in::with_password(&auth, attempt).await
    };
    match outcome.await {
        Ok(signed_in) => {
            let signing_in::SignedIn { cookie, app, request: checked, step } = signed_in;
            let code = &step.code;
            let mut reply = match step.missing {
                None => pages::approved(&auth, &params.reader(&req), &checked, code),
                Some(_) => reply::redirect(&pages::consent_location(&auth, &app, &params.echo(&ECHOED), code)),
            };
            cookies::add(&mut reply, &cookies::session(&auth, cookie.expose()))?;
            Ok(reply)
        }
        Err(error) => Ok(to_login_page(&auth, &req, &params, error).await),
    }
}

/// `POST /api/auth/redirect`: consent, as documented (Lysand §6)
pub(crate) async fn redirect(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let outcome = async {
        forms::prove_form(&auth, &req, &form, params.body_text("form_token")?.as_deref())?;
        let needed = |name: &'static str| shape(params.text(name))?.ok_or_else(|| Error::required(name));
        let (redirect_uri, client_id) = (needed("redirect_uri")?, needed("client_id")?);
        let code = Secret::new(needed("code")?);
        let browser = cookies::required(&auth, req.headers()).await?;
        let checked = authorization::consent(&auth, &code, &client_id, &redirect_uri, &browser).await?;
        Ok(pages::approved(&auth, &params.reader(&req).for_account(Some(&browser.account)), &checked, &code))
    };
    match outcome.await {
        Ok(answer) => Ok(answer),
        Err(error) => Ok(to_login_page(&auth, &req, &params, error).await),
    }
}

/// `POST /oauth/authorize`: consent, as existing frontends send it (Lysand §7); with `_method=delete`, a denial.
pub(crate) async fn authorize(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    if params.body_text("_method")?.is_some_and(|method| method.eq_ignore_ascii_case("delete")) {
        return Ok(answer_denial(&auth, &req, &form, &params).await);
    }
    let outcome = async {
        params.known_type()?;
        forms::prove_form(&auth, &req, &form, params.body_text("form_token")?.as_deref())?;
        let request = request(&params)?;
        for (name, value) in [("client_id", &request.client_id), ("response_type", &request.response_type)] {
            if value.is_none() {
                return Err(Error::required(name));
            }
        }
        if !req.headers().contains_key(header::COOKIE) {
            return Err(Error::refused(Code::InvalidRequest, "No cookies were sent with the request"));
        }
        let browser = cookies::required(&auth, req.headers()).await?;
        let pending = params.secret("code")?;
        let (checked, code) = authorization::consent_at_once(&auth, &request, pending.as_ref(), &browser).await?;
        Ok(pages::approved(&auth, &params.reader(&req).for_account(Some(&browser.account)), &checked, &code))
    };
    match outcome.await {
        Ok(answer) => Ok(answer),
        Err(error) => Ok(to_login_page(&auth, &req, &params, error).await),
    }
}

/// `DELETE /oauth/authorize`: the person says no (Mastodon §5.6)
pub(crate) async fn deny(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    Ok(answer_denial(&auth, &req, &form, &params).await)
}

async fn answer_denial(auth: &Auth, req: &HttpRequest, form: &Session, params: &Params) -> HttpResponse {
    let outcome = async {
        forms::prove_form(auth, req, form, params.body_text("form_token")?.as_deref())?;
        let request = request(params)?;
        let browser = cookies::required(auth, req.headers()).await?;
        let code = params.secret("code")?;
        let path = authorization::deny(auth, &request, code.as_ref(), &browser).await?;
        Ok((path, browser))
    };
    match outcome.await {
        Ok((path, browser)) => pages::denied(auth, &params.reader(req).for_account(Some(&browser.account)), &path),
        Err(error @ Error::Refused(_)) if is_check_1_to_3(&error) => {
            pages::error_page(auth, &cookies::reader_of(auth, req, params, &error).await, &error, None)
        }
        Err(error) => to_login_page(auth, req, params, error).await,
    }
}

fn is_check_1_to_3(error: &Error) -> bool {
    let Error::Refused(refusal) = error else { return false };
    matches!(refusal.code, Code::InvalidClient | Code::InvalidRedirectUri)
        || refusal.why == "Missing required parameter: client_id."
}

/// `POST /api/auth/mastodon-logout`: sign out (Lysand §12.7)
pub(crate) async fn sign_out(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    browser: SignedIn,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    if let Err(error) = forms::prove_form(&auth, &req, &form, params.body_text("form_token")?.as_deref()) {
        let reader = params.reader(&req).for_account(browser.account());
        return Ok(pages::error_page_or_json(&auth, &reader, &error));
    }
    if let Some(session) = browser.session() {
        sessions::sign_out(&auth, session).await?;
    }
    form.purge();
    let mut reply = HttpResponse::SeeOther();
    reply.insert_header((header::LOCATION, params.reader(&req).keep(&auth.config().home_page())));
    reply.insert_header((header::CACHE_CONTROL, "private, no-store"));
    reply.cookie(cookies::cleared(&auth, COOKIE_NAME)).cookie(cookies::cleared(&auth, "_session_id"));
    Ok(reply.finish())
}

/// The authorization request among the parameters; a repeated or nested one is a 422 on these routes (Lysand §1).
fn request(params: &Params) -> Result<AuthorizationRequest, Error> {
    shape(pages::request(params))
}

/// A parameter of the wrong shape is a 422 on Lysand's routes (Lysand §1).
pub(crate) fn shape<T>(read: Result<T, Error>) -> Result<T, Error> {
    read.map_err(|error| match error {
        Error::Refused(refusal) => Error::refused(Code::Validation, format!("Validation error: {}", refusal.why)),
        failed @ Error::Failed(_) => failed,
    })
}

/// Shows an error on the login page, with the request kept (Lysand §5 to §7); what is wrong with the shape of a request,
/// or with the server, is answered in JSON.
async fn to_login_page(auth: &Auth, req: &HttpRequest, params: &Params, error: Error) -> HttpResponse {
    let reader = cookies::reader_of(auth, req, params, &error).await;
    to_login_page_with(auth, req, &reader, params.echo(&ECHOED), error)
}

/// The same, with these parameters of the request.
pub(crate) fn to_login_page_with(
    auth: &Auth,
    req: &HttpRequest,
    reader: &Reader,
    mut pairs: Vec<(String, String)>,
    error: Error,
) -> HttpResponse {
    let refusal = match &error {
        Error::Refused(refusal) => refusal,
        Error::Failed(_) => return ApiError(error).error_response(),
    };
    match refusal.code {
        Code::StaleForm => pages::error_page(auth, reader, &error, Some(pages::login_location(auth, &pairs))),
        Code::TooManyRequests | Code::Unavailable if extract::accepts(req.headers(), "text/html") => {
            pages::error_page(auth, reader, &error, Some(pages::login_location(auth, &pairs)))
        }
        Code::Validation
        | Code::UnknownApplication
        | Code::Forbidden
        | Code::PayloadTooLarge
        | Code::UnsupportedMediaType
        | Code::TooManyRequests
        | Code::Unavailable => ApiError(error).error_response(),
        code => {
            // Names of Mastodon's own that the login page's contract does not have.
            let name = match code {
                Code::InvalidRedirectUri | Code::InvalidCodeChallengeMethod => "invalid_request",
                code => code.oauth_name(),
            };
            pairs.push(("error".into(), name.into()));
            pairs.push(("error_description".into(), refusal.why.clone().into_owned()));
            reply::redirect(&pages::login_location(auth, &pairs))
        }
    }
}
