//! What the forms of the page and programs post to (FAC-32, FAC-53).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::json;

use super::location::page_of;
use super::page::Said;
use super::posted::{Posted, acted, claim_of, finished, leads_on, open, refused};
use super::{entity, page};
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim, Refusal};
use crate::flows::factors::password::answer_with_password;
use crate::flows::factors::pending::{self, Standing};
use crate::flows::factors::sign_in::{self as flow, FactorKind};
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::completion::over;
use crate::steps::host_factors;
use crate::texts::FACTOR_ERRORS;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::View;
use crate::web::kit::session;
use crate::web::pages::authorization_response::{denied, error_to_app};
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
pub(super) async fn totp(form: Posted, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Totp, browser).await
}

/// `POST /api/auth/factor/recovery`
pub(super) async fn recovery(form: Posted, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Recovery, browser).await
}

/// `POST /api/auth/factor/email`
pub(super) async fn email(form: Posted, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Email, browser).await
}

/// `POST /api/auth/factor/passkey/start`: what a browser uses a passkey with. JSON for everybody.
pub(super) async fn passkey_start(form: Posted) -> HttpResponse {
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
pub(super) async fn passkey(form: Posted, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Passkey, browser).await
}

/// `POST /api/auth/factor/password`
pub(super) async fn password(form: Posted, browser: Browser) -> HttpResponse {
    answered(form, FactorKind::Password, browser).await
}

/// `POST /api/auth/factor/email/request`: a code is mailed.
pub(super) async fn request_mail(form: Posted) -> HttpResponse {
    acted(form, async |form, claim| {
        let auth = &form.auth;
        flow::mail_code(auth, claim, &request::caller(&form.req, auth.config())).await?;
        let view = open(form, claim).await?;
        let page = page_of(auth, &form.reader(), &view, None);
        Ok(match request::wants_json(form.req.headers()) {
            true => entity::open(&view, &page),
            false => redirect(&format!("{page}&method=email")),
        })
    })
    .await
}

/// `POST /api/auth/factor/KIND/start`: a factor of the host's own begins.
pub(super) async fn host_start(form: Posted) -> HttpResponse {
    acted(form, async |form, claim| {
        let kind = host_kind(form)?;
        let begun = flow::begin_host_factor(&form.auth, claim, kind).await?;
        if request::wants_json(form.req.headers()) {
            let told = json!({ "text": begun.text, "field": begun.field, "state": begun.state });
            return Ok(entity::private(StatusCode::OK, &told));
        }
        shown_again(form, claim, Said { method: Some(kind), begun: Some(begun), error: None }).await
    })
    .await
}

/// `POST /api/auth/factor/KIND`: the answer to a factor of the host's own.
pub(super) async fn host(form: Posted, browser: Browser) -> HttpResponse {
    acted(form, async |form, claim| {
        let (kind, given) = (host_kind(form)?, |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default()));
        let (typed, state) = (given("code")?, given("state")?);
        let browser = Browser { is_to_be_trusted: is_to_be_trusted(form)?, ..browser };
        let finished = flow::answer_to_prompt(&form.auth, claim, (kind, &typed, &state), browser).await;
        // What was sent is not asked for once more after a slip.
        let error = match &finished {
            Err(Error::Refused(refusal)) => FACTOR_ERRORS.iter().find(|known| **known == refusal.why).copied(),
            _ => None,
        };
        let begun = flow::begun_host_factor(&form.auth, &claim.id, kind, &state);
        match (error, begun) {
            (Some(error), Some(begun)) if !request::wants_json(form.req.headers()) => {
                shown_again(form, claim, Said { method: Some(kind), begun: Some(begun), error: Some(error) }).await
            }
            _ => leads_on((&form.auth, &form.req, &form.params), claim, (&finished?, json!({}))).await,
        }
    })
    .await
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
    let (view, reader) = (open(form, claim).await?, form.reader());
    Ok(page::shown(View::new(&form.auth, &form.req, &reader), (&view, form.token()), said).await)
}

async fn answered(form: Posted, kind: FactorKind, browser: Browser) -> HttpResponse {
    finished(form, async |form, claim| {
        let browser = Browser { is_to_be_trusted: is_to_be_trusted(form)?, ..browser };
        let (auth, given) = (&form.auth, |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default()));
        match kind {
            FactorKind::Passkey => flow::answer_with_passkey(auth, claim, &given("credential")?, browser).await,
            FactorKind::Password => answer_with_password(auth, claim, &Secret::new(given("password")?), browser).await,
            kind => flow::answer(auth, claim, (kind, &given("code")?), browser).await,
        }
    })
    .await
}

/// `POST /api/auth/cancel`: the person gives up, and the app is told.
pub(super) async fn cancel(form: Posted) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let (auth, req) = (&form.auth, &form.req);
    let cancelled = async {
        let claim = claim_of(&form)?;
        Ok((flow::cancel(auth, &claim).await?, claim))
    };
    let (cancelled, claim) = match cancelled.await {
        Ok(cancelled) => cancelled,
        Err(error) => return refused(&form, None, error).await,
    };
    let reader = session::reader(auth, req, &form.params).await;
    let mut reply = match &cancelled.asked {
        Some((app, checked)) if cancelled.is_unmet => {
            let why = "The requested authentication cannot be met.";
            let refusal = Refusal::new(Code::UnmetAuthentication, why);
            error_to_app(View::new(auth, req, &reader), &checked.return_path(app), &refusal).await
        }
        Some((app, checked)) => denied(View::new(auth, req, &reader), &checked.return_path(app)).await,
        None => redirect(&auth.config().home_page()),
    };
    if let Err(error) = cookies::clear_pending(auth, &mut reply, &claim.id) {
        return ApiError(error).error_response();
    }
    if request::wants_json(req.headers()) { entity::finished(&reply, "done", json!({})) } else { reply }
}
