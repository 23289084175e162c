//! What the forms of the page and programs post to (FAC-32, FAC-53).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::{Value, json};

use super::location::page_of;
use super::page::{Said, kind_named};
use super::{entity, page, program};
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim, Refusal};
use crate::flows::factors::password::answer_with_password;
use crate::flows::factors::pending::{self, PendingView, Standing};
use crate::flows::factors::sign_in::{self as flow, BeforeSession, FactorKind, Finished};
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::completion::over;
use crate::steps::host_factors;
use crate::texts::FACTOR_ERRORS;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{View, error_page};
use crate::web::kit::session;
use crate::web::pages::authorization_response::denied;
use crate::web::pages::login_redirect::to_login_page;
use crate::web::pages::own_sign_in::finish_sign_in;
use crate::web::pages::passkey_sign_in::told;
use crate::web::wire::cookies;
use crate::web::wire::params::Received;
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// `GET /api/auth/pending`
pub(super) async fn pending(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let told = async {
        let params = received.0?;
        let claim = cookies::pending_claim(&auth, req.headers(), params.text("pending")?.as_deref());
        match pending::look(&auth, &claim.ok_or_else(over)?).await? {
            Standing::Open(view) => Ok(entity::open(&view, &page_of(&auth, &params.reader(&req), &view, None))),
            _ => Err(over()),
        }
    };
    match told.await {
        Ok(reply) => reply,
        Err(Error::Refused(refusal)) => entity::refused(&refusal, None),
        Err(error) => ApiError(error).error_response(),
    }
}

/// `POST /api/auth/factor/totp`
pub(super) async fn totp(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Totp, browser).await
}

/// `POST /api/auth/factor/recovery`
pub(super) async fn recovery(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Recovery, browser).await
}

/// `POST /api/auth/factor/email`
pub(super) async fn email(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Email, browser).await
}

/// `POST /api/auth/factor/passkey/start`: what a browser uses a passkey with. JSON for everybody.
pub(super) async fn passkey_start(form: Result<PostedForm, ApiError>) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let started = async {
        let claim = claim_of(&form)?;
        let caller = request::caller(&form.req, form.auth.config());
        told(&flow::passkey_options(&form.auth, &claim, &caller).await?)
    };
    match started.await {
        Ok(reply) => reply,
        Err(Error::Refused(refusal)) => entity::refused(&refusal, None),
        Err(error) => ApiError(error).error_response(),
    }
}

/// `POST /api/auth/factor/passkey/finish`
pub(super) async fn passkey(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Passkey, browser).await
}

/// `POST /api/auth/factor/password`
pub(super) async fn password(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Password, browser).await
}

/// `POST /api/auth/factor/email/request`: a code is mailed.
pub(super) async fn request_mail(form: Result<PostedForm, ApiError>) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let claim = match claim_of(&form) {
        Ok(claim) => claim,
        Err(error) => return refused(&form, None, error).await,
    };
    let (auth, caller) = (&form.auth, request::caller(&form.req, form.auth.config()));
    let sent = async {
        flow::mail_code(auth, &claim, &caller).await?;
        match pending::look(auth, &claim).await? {
            Standing::Open(view) => Ok(view),
            _ => Err(over()),
        }
    };
    match sent.await {
        Ok(view) => {
            let page = page_of(auth, &form.reader(), &view, None);
            match request::wants_json(form.req.headers()) {
                true => entity::open(&view, &page),
                false => redirect(&format!("{page}&method=email")),
            }
        }
        Err(error) => refused(&form, Some(&claim), error).await,
    }
}

/// `POST /api/auth/factor/KIND/start`: a factor of the host's own begins.
pub(super) async fn host_start(form: Result<PostedForm, ApiError>) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let claim = match claim_of(&form) {
        Ok(claim) => claim,
        Err(error) => return refused(&form, None, error).await,
    };
    let begun = async {
        let kind = host_kind(&form)?;
        let begun = flow::begin_host_factor(&form.auth, &claim, kind).await?;
        if request::wants_json(form.req.headers()) {
            let told = json!({ "text": begun.text, "field": begun.field, "state": begun.state });
            return Ok(entity::private(StatusCode::OK, &told));
        }
        shown_again(&form, &claim, Said { method: Some(kind), begun: Some(begun), error: None }).await
    };
    match begun.await {
        Ok(reply) => reply,
        Err(error) => refused(&form, Some(&claim), error).await,
    }
}

/// `POST /api/auth/factor/KIND`: the answer to a factor of the host's own.
pub(super) async fn host(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let claim = match claim_of(&form) {
        Ok(claim) => claim,
        Err(error) => return refused(&form, None, error).await,
    };
    let answered = async {
        let (kind, given) = (host_kind(&form)?, |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default()));
        let (typed, state) = (given("code")?, given("state")?);
        let browser = Browser { is_to_be_trusted: is_to_be_trusted(&form)?, ..browser };
        let finished = flow::answer_to_prompt(&form.auth, &claim, (kind, &typed, &state), browser).await;
        // What was sent is not asked for once more after a slip.
        let error = match &finished {
            Err(Error::Refused(refusal)) => FACTOR_ERRORS.iter().find(|known| **known == refusal.why).copied(),
            _ => None,
        };
        let begun = flow::begun_host_factor(&form.auth, &claim.id, kind, &state);
        match (error, begun) {
            (Some(error), Some(begun)) if !request::wants_json(form.req.headers()) => {
                shown_again(&form, &claim, Said { method: Some(kind), begun: Some(begun), error: Some(error) }).await
            }
            _ => leads_on(&form, &claim, (&finished?, json!({}))).await,
        }
    };
    match answered.await {
        Ok(reply) => reply,
        Err(error) => refused(&form, Some(&claim), error).await,
    }
}

/// Whether the person wants this browser to be trusted (FAC-97).
fn is_to_be_trusted(form: &PostedForm) -> Result<bool, Error> {
    Ok(matches!(form.text("remember")?.as_deref(), Some("true" | "1" | "on")))
}

/// The kind that a path names.
fn host_kind(form: &PostedForm) -> Result<FactorKind, Error> {
    let names = form.req.path().split('/');
    let kind = names.filter_map(|name| host_factors::named(&form.auth, name)).next();
    kind.map(|factor| FactorKind::Host(factor.kind())).ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))
}

/// The page once more, with what is known of the step.
async fn shown_again(form: &PostedForm, claim: &PendingClaim, said: Said) -> Result<HttpResponse, Error> {
    match pending::look(&form.auth, claim).await? {
        Standing::Open(view) => {
            let reader = form.reader();
            Ok(page::shown(View::new(&form.auth, &form.req, &reader), (&view, form.token()), said).await)
        }
        _ => Err(over()),
    }
}

async fn answered(form: Result<PostedForm, ApiError>, kind: FactorKind, browser: Browser) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let claim = match claim_of(&form) {
        Ok(claim) => claim,
        Err(error) => return refused(&form, None, error).await,
    };
    let finished = async {
        let browser = Browser { is_to_be_trusted: is_to_be_trusted(&form)?, ..browser };
        let (auth, given) = (&form.auth, |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default()));
        match kind {
            FactorKind::Passkey => flow::answer_with_passkey(auth, &claim, &given("credential")?, browser).await,
            FactorKind::Password => answer_with_password(auth, &claim, &Secret::new(given("password")?), browser).await,
            kind => flow::answer(auth, &claim, (kind, &given("code")?), browser).await,
        }
    };
    match finished.await {
        Ok(finished) => {
            let reply = leads_on(&form, &claim, (&finished, json!({}))).await;
            reply.unwrap_or_else(|error| ApiError(error).error_response())
        }
        Err(error) => refused(&form, Some(&claim), error).await,
    }
}

/// What the browser shows, once the form is proven to be of ours or of the frontend.
pub(super) fn claim_of(form: &PostedForm) -> Result<PendingClaim, Error> {
    form.params.require_known_type()?;
    request::refuse_method_override(&form.req, &form.params)?;
    form.prove_sign_in()?;
    let id = form.params.text("pending")?;
    cookies::pending_claim(&form.auth, form.req.headers(), id.as_deref()).ok_or_else(over)
}

/// Somebody is signed in: to consent, back to the app, or to the own account. Or something else is missing: to its page.
/// A program is told `along` beside.
pub(super) async fn leads_on(
    form: &PostedForm,
    claim: &PendingClaim,
    (finished, along): (&Finished, Value),
) -> Result<HttpResponse, Error> {
    let auth = &form.auth;
    let is_for_program = request::wants_json(form.req.headers());
    Ok(match finished {
        Finished::SignedIn(signed_in) => {
            let reply = finish_sign_in(auth, &form.req, signed_in).await?;
            if is_for_program { program::signed_in(auth, signed_in, &reply, along) } else { reply }
        }
        Finished::Waits => match pending::look(auth, claim).await? {
            Standing::Open(view) => {
                let page = page_of(auth, &form.reader(), &view, None);
                if is_for_program { entity::open(&view, &page) } else { redirect(&page) }
            }
            _ => return Err(over()),
        },
        Finished::Here(start) => {
            let mut reply = redirect(&auth.config().page_named("account").0);
            cookies::put_start(auth, &mut reply, start)?;
            if is_for_program { entity::finished(&reply, "done", along) } else { reply }
        }
    })
}

pub(super) async fn refused(form: &PostedForm, claim: Option<&PendingClaim>, error: Error) -> HttpResponse {
    let (auth, params) = (&form.auth, &form.params);
    let Error::Refused(refusal) = error else { return ApiError(error).error_response() };
    let view = match claim {
        Some(claim) => match pending::look(auth, claim).await {
            Ok(standing) => Some(standing),
            Err(error) => return ApiError(error).error_response(),
        },
        None => None,
    };
    let is_for_program = request::wants_json(form.req.headers());
    match program::elsewhere(auth, &form.req, params, &refusal).await {
        Some((reply, status, more)) if is_for_program => entity::finished(&reply, status, more),
        Some((reply, ..)) => reply,
        None if is_for_program => {
            let reader = params.reader(&form.req);
            match &view {
                Some(Standing::Open(view)) => {
                    let page = page_of(auth, &reader, view, None);
                    entity::refused(&refusal, Some((&**view, &page)))
                }
                _ => entity::refused(&refusal, None),
            }
        }
        None => on_page(form, refusal, view).await,
    }
}

/// A person sees the page again, with what went wrong; or a page that says that this sign-in is over.
async fn on_page(form: &PostedForm, refusal: Refusal, standing: Option<Standing>) -> HttpResponse {
    let (auth, req, params) = (&form.auth, &form.req, &form.params);
    let reader = params.reader(req);
    match (refusal.code, standing) {
        (
            Code::WrongFactor
            | Code::WrongPassword
            | Code::WrongPasskey
            | Code::NotOffered
            | Code::TooSoon
            | Code::Validation
            | Code::NotFound
            | Code::Conflict
            | Code::Full
            | Code::Unavailable,
            Some(Standing::Open(view)),
        ) => redirect(&again(form, &view, &refusal)),
        // It bears no more answers, and ends at this moment.
        (Code::SignInOver, Some(Standing::Open(view))) => page::over(auth, req, params, &view.request).await,
        (Code::SignInOver, standing) => {
            let standing = standing.unwrap_or(Standing::Unknown);
            match page::leads_on(auth, req, params, standing).await {
                Ok(reply) => reply,
                Err(error) => ApiError(error).error_response(),
            }
        }
        (_, Some(Standing::Open(view))) => {
            let back = page_of(auth, &reader, &view, None);
            error_page(View::new(auth, req, &reader), &Error::Refused(refusal), Some(back)).await
        }
        // The second proof was right, and the answer is that of a sign-in.
        (_, Some(Standing::Over(request) | Standing::Finished(_, request))) => {
            to_login_page(View::new(auth, req, &reader), request, Error::Refused(refusal)).await
        }
        _ if request::accepts(req.headers(), "text/html") => {
            error_page(View::new(auth, req, &reader), &Error::Refused(refusal), None).await
        }
        _ => ApiError(Error::Refused(refusal)).error_response(),
    }
}

fn again(form: &PostedForm, view: &PendingView, refusal: &Refusal) -> String {
    let name = if matches!(refusal.code, Code::WrongFactor | Code::WrongPassword | Code::WrongPasskey) {
        "invalid_grant"
    } else {
        "invalid_request"
    };
    let page = page_of(&form.auth, &form.reader(), view, Some((name, &refusal.why)));
    let mut parts = form.req.path().rsplit('/');
    match parts.find_map(|name| kind_named(view, name)).filter(|_| view.lacks == BeforeSession::Factor) {
        Some(method) => format!("{page}&method={}", method.name()),
        None => page,
    }
}

/// `POST /api/auth/cancel`: the person gives up, and the app is told.
pub(super) async fn cancel(form: Result<PostedForm, ApiError>) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let (auth, req) = (&form.auth, &form.req);
    let cancelled = async {
        let claim = claim_of(&form)?;
        Ok((flow::cancel(auth, &claim).await?, claim))
    };
    let (asked, claim) = match cancelled.await {
        Ok(cancelled) => cancelled,
        Err(error) => return refused(&form, None, error).await,
    };
    let reader = session::reader(auth, req, &form.params).await;
    let mut reply = match &asked {
        Some((app, checked)) => denied(View::new(auth, req, &reader), &checked.return_path(app)).await,
        None => redirect(&auth.config().home_page()),
    };
    if let Err(error) = cookies::clear_pending(auth, &mut reply, &claim.id) {
        return ApiError(error).error_response();
    }
    if request::wants_json(req.headers()) { entity::finished(&reply, "done", json!({})) } else { reply }
}
