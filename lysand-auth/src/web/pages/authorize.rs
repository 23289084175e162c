//! The authorization endpoint: an app asks, a person decides (Mastodon §5, Lysand §3, §7).

use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use crate::auth::Auth;
use crate::config::Mode;
use crate::error::{Code, Error};
use crate::flows::authorize::{self as authorization, AuthorizeOutcome, Interaction};
use crate::flows::reset;
use crate::flows::sign_up::{self, Road};
use crate::model::authorization::{AuthorizationRequest, RequestProblem};
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View};
use crate::web::kit::session;
use crate::web::kit::surfaces::{self, Surface, Surfaces};
use crate::web::pages::authorization_request::{
    ECHOED, as_validation_error, consent_location, prompts, request, with_scope,
};
use crate::web::pages::authorization_response::{approved, denied, error_on_page, error_to_app};
use crate::web::pages::choose_account;
use crate::web::pages::factor::location::to_factor;
use crate::web::pages::login_redirect::LoginPageError;
use crate::web::pages::sign_in_page::{SignIn, sign_in_page};
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{pairs, redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request::refuse_method_override;

/// What an app may ask for, by a form as in an address.
const ASKED_BY_FORM: [&str; 20] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "prompt",
    "max_age",
    "acr_values",
    "id_token_hint",
    "login_hint",
    "ui_locales",
    "lang",
    "force_login",
    "request",
    "request_uri",
    "registration",
];

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
    refuse_method_override(req, &params)?;
    let mut request = request(&params)?;
    let browser = session::for_sign_in(auth, req).await?;
    let reader = params.reader(req).for_account(browser.account());
    let view = View::new(auth, req, &reader);
    if is_over(&params) {
        let over = PageError::from(Error::refused(Code::InvalidGrant, texts::SIGN_IN_OVER));
        return Err(over.read_by(&reader).starting_over(auth.config().home_page()));
    }
    let came_back = params.last_text("error").is_some();
    let interaction = interaction(&params, &mut request);
    let begun = authorization::begin(auth, &request, browser.0.as_ref(), interaction).await;
    Ok(match begun.map_err(|error| PageError::from(error).read_by(&reader))? {
        AuthorizeOutcome::SignIn(app, checked) => {
            let (form_token, current) = (form.token(), browser.account());
            let offers_providers = surfaces::of_request(req).has(Surface::Sso);
            let sign_up = offers_sign_up(auth, surfaces::of_request(req));
            if sign_up && !came_back && prompts(&params).iter().any(|word| word == CREATE) {
                let request = without_create(with_scope(params.echo(&ECHOED), &checked));
                return Ok(redirect(&with_query(&auth.config().base_url.join("/register"), pairs(&request))));
            }
            if chooses(&params, interaction) && choose_account::is_shown(auth, &params) {
                let echoed = with_scope(params.echo(&ECHOED), &checked);
                let chooser = choose_account::chooser((view, current), &params, (&app, &echoed), form_token.clone());
                if let Some(chooser) = chooser.await.map_err(|error| PageError::from(error).read_by(&reader))? {
                    return Ok(chooser);
                }
            }
            let wanted = choose_account::wanted_name(auth, req, &params).await;
            let wanted = wanted.map_err(|error| PageError::from(error).read_by(&reader))?;
            // Whoever wants another account is not offered this one once more.
            let current = current.filter(|_| params.last_text(choose_account::ACCOUNT).is_none());
            let forgot = surfaces::of_request(req).has(Surface::People) && reset::is_offered(auth);
            let sign_in =
                SignIn { app: &app, checked: &checked, current, wanted, form_token, offers_providers, sign_up, forgot };
            sign_in_page(view, &params, sign_in).await
        }
        AuthorizeOutcome::Consent(app, checked, code) => {
            redirect(&consent_location(auth, &app, &with_scope(params.echo(&ECHOED), &checked), &code))
        }
        AuthorizeOutcome::StepUp(claim) => to_factor(auth, req, &reader, &claim).await,
        AuthorizeOutcome::Approved(path, code) => approved(view, &path, &code).await,
        // A form of ours came to nothing, and not even its code knows the whole request any more: that is no mistake of the
        // app's (faults A1).
        AuthorizeOutcome::ErrorToApp(..) | AuthorizeOutcome::ErrorOnPage(..) if came_back => {
            return Err(PageError::from(Error::refused(Code::InvalidGrant, texts::REQUEST_OVER)).read_by(&reader));
        }
        AuthorizeOutcome::ErrorToApp(path, refusal) => error_to_app(view, &path, &refusal).await,
        AuthorizeOutcome::ErrorOnPage(path, refusal) => error_on_page(view, &path, &refusal).await,
    })
}

/// Whether somebody chooses an account, and is not only asked for a proof (FAC-122).
fn chooses(params: &Params, interaction: Interaction) -> bool {
    let asks = |word: &str| prompts(params).iter().any(|known| known == word);
    let came_back = params.last_text("error").is_some();
    !came_back && (asks("select_account") || interaction == Interaction::ForceLogin)
}

/// `prompt=create`: the person wants an account (Initiating User Registration via OpenID Connect 1.0, people PPL-35).
pub(crate) const CREATE: &str = "create";

/// Whether somebody without an account can make one.
pub(crate) fn offers_sign_up(auth: &Auth, surfaces: Surfaces) -> bool {
    surfaces.has(Surface::People) && sign_up::mode(auth, Road::Page) != Mode::Closed
}

/// The request as it goes on from the sign-up page: whoever has an account after all is not sent back there.
fn without_create(request: Vec<(String, String)>) -> Vec<(String, String)> {
    let others = |(name, value): (String, String)| {
        if name != "prompt" {
            return Some((name, value));
        }
        let words: Vec<&str> = value.split_ascii_whitespace().filter(|word| *word != CREATE).collect();
        (!words.is_empty()).then(|| (name, words.join(" ")))
    };
    request.into_iter().filter_map(others).collect()
}

/// A sign-in at a provider came back of which nothing is known any more: no app asks for anything (faults C9).
fn is_over(params: &Params) -> bool {
    let is_about_flow = params.last_text("error_description").as_deref() == Some(texts::INVALID_FLOW);
    is_about_flow && params.last_text("error").is_some() && params.last_text("client_id").is_none()
}

/// How the parameters want the person to be asked. Without `openid`, `prompt=none` is what Lysand's frontends send for
/// "nothing special" (FAC-135).
fn interaction(params: &Params, request: &mut AuthorizationRequest) -> Interaction {
    let prompts = prompts(params);
    let asks = |word: &str| prompts.iter().any(|known| known == word);
    let came_back = params.last_text("error").is_some();
    let max_age = params.last_text("max_age").map(|seconds| seconds.parse::<u64>());
    if matches!(max_age, Some(Err(_))) && !came_back {
        request.unsupported = request.unsupported.or(Some(RequestProblem::MaxAge));
    }
    let max_age = max_age.and_then(Result::ok).map(Duration::from_secs);
    if asks("none") && !came_back && request.asks_openid() {
        let problem = (prompts.len() > 1).then_some(RequestProblem::PromptNone);
        request.unsupported = problem.or(request.unsupported);
        return Interaction::Silent(max_age);
    }
    // The chooser leads to the sign-in page for one account.
    let is_for_account = params.last_text(choose_account::ACCOUNT).is_some();
    let again = asks("login") || asks("select_account") || asks(CREATE) || is_for_account || came_back;
    match (again || max_age == Some(Duration::ZERO), max_age) {
        (true, _) => Interaction::SignInAgain,
        (false, _) if params.flag("force_login") => Interaction::ForceLogin,
        (false, Some(max_age)) => Interaction::Since(max_age),
        (false, None) if asks("consent") => Interaction::Consent,
        (false, None) => Interaction::AsNeeded,
    }
}

/// `POST /oauth/authorize`: consent, as existing frontends send it (Lysand §7); with `_method=delete`, or a header that says
/// so, a denial; with any other method that is wanted, nothing (faults A7).
pub(crate) async fn decide(form: PostedForm) -> Result<HttpResponse, ApiError> {
    match form.method_override()?.as_deref() {
        None if is_request_by_form(&form)? => Ok(as_asked_by_get(&form)),
        None => Ok(decided(&form, consent_at_once(&form).await).await),
        Some("delete") => Ok(deny(form).await),
        Some(_) => {
            let mut refused =
                ApiError::from(Error::refused(Code::MethodNotAllowed, "Method Not Allowed")).error_response();
            refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, DELETE"));
            Ok(refused)
        }
    }
}

/// What comes of a decision; where another account was chosen meanwhile, a page that asks (FAC-126).
pub(crate) async fn decided(form: &PostedForm, decision: Result<HttpResponse, LoginPageError>) -> HttpResponse {
    let is_another_session = |error: &LoginPageError| {
        matches!(error, LoginPageError::ToLoginPage(Error::Refused(refusal))
            if matches!(refusal.code, Code::StaleForm | Code::InvalidGrant))
    };
    if decision.as_ref().is_err_and(is_another_session) {
        match choose_account::instead_of_decision(form).await {
            Ok(Some(page)) => return page,
            Ok(None) => {}
            Err(error) => return LoginPageError::render_or(Err(error.into()), form).await,
        }
    }
    LoginPageError::render_or(decision, form).await
}

/// Whether an app asks here by a form of its own (OpenID Connect Core §3.1.2.1, FAC-143): it comes from another site, and has
/// nothing of what only our pages and frontends know.
fn is_request_by_form(form: &PostedForm) -> Result<bool, Error> {
    let is_ours = form.params.last_text("code").is_some() || form.text("form_token")?.is_some();
    Ok(!is_ours && form.params.last_text("client_id").is_some() && form.prove_origin().is_err())
}

/// The same request by GET. Nothing is read from cookies: it is never consent.
fn as_asked_by_get(form: &PostedForm) -> HttpResponse {
    let request = form.params.echo(&ASKED_BY_FORM);
    let location = with_query(&form.auth.config().base_url.join("/oauth/authorize"), pairs(&request));
    let mut reply = HttpResponse::SeeOther();
    reply.insert_header((header::LOCATION, location)).insert_header((header::CACHE_CONTROL, "private, no-store"));
    reply.finish()
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
    let (path, code) = authorization::consent_at_once(&form.auth, &request, pending.as_ref(), &browser).await?;
    let reader = form.reader().for_account(Some(&browser.account));
    Ok(approved(View::new(&form.auth, &form.req, &reader), &path, &code).await)
}

/// `DELETE /oauth/authorize`: the person denies (Mastodon §5.6).
pub(crate) async fn deny(form: PostedForm) -> HttpResponse {
    decided(&form, denial(&form).await).await
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
