//! What a form of a step that is not finished goes through: whose it is, where a right answer leads, and what comes of a wrong one.

use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::{Value, json};

use super::location::{page_of, place_of};
use super::page::kind_named;
use super::{entity, page, program};
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim, Refusal};
use crate::flows::factors::pending::{self, PendingView, Standing};
use crate::flows::factors::sign_in::{BeforeSession, Finished};
use crate::steps::completion::over;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{View, error_page};
use crate::web::pages::login_redirect::to_login_page;
use crate::web::pages::own_sign_in::finish_sign_in;
use crate::web::wire::cookies;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// A form as it came.
pub(super) type Posted = Result<PostedForm, ApiError>;

/// Acts on a form that is proven to be of ours or of the frontend, for the sign-in that its browser shows.
pub(super) async fn acted(
    form: Posted,
    act: impl AsyncFnOnce(&PostedForm, &PendingClaim) -> Result<HttpResponse, Error>,
) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let claim = match claim_of(&form) {
        Ok(claim) => claim,
        Err(error) => return refused(&form, None, error).await,
    };
    match act(&form, &claim).await {
        Ok(reply) => reply,
        Err(error) => refused(&form, Some(&claim), error).await,
    }
}

/// The same where the answer finishes a sign-in, or what else it lacks is asked for.
pub(super) async fn finished(
    form: Posted,
    act: impl AsyncFnOnce(&PostedForm, &PendingClaim) -> Result<Finished, Error>,
) -> HttpResponse {
    acted(form, async |form, claim| {
        let finished = act(form, claim).await?;
        leads_on((&form.auth, &form.req, &form.params), claim, (&finished, json!({}))).await
    })
    .await
}

/// What the browser shows, once the form is proven to be of ours or of the frontend.
pub(crate) fn claim_of(form: &PostedForm) -> Result<PendingClaim, Error> {
    form.params.require_known_type()?;
    request::refuse_method_override(&form.req, &form.params)?;
    form.prove_sign_in()?;
    let id = form.params.text("pending")?;
    cookies::pending_claim(&form.auth, form.req.headers(), id.as_deref()).ok_or_else(over)
}

/// The sign-in as it waits now.
///
/// # Errors
/// `SignInOver`.
pub(super) async fn open(form: &PostedForm, claim: &PendingClaim) -> Result<PendingView, Error> {
    match pending::look(&form.auth, claim).await? {
        Standing::Open(view) => Ok(*view),
        _ => Err(over()),
    }
}

/// Somebody is signed in: to consent, back to the app, or to the own account. Or something else is missing: to its page.
/// A program is told `along` beside.
pub(super) async fn leads_on(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    claim: &PendingClaim,
    (finished, along): (&Finished, Value),
) -> Result<HttpResponse, Error> {
    let is_for_program = request::wants_json(req.headers());
    Ok(match finished {
        Finished::SignedIn(signed_in) => {
            let reply = finish_sign_in(auth, req, signed_in).await?;
            if is_for_program { program::signed_in(auth, signed_in, &reply, along) } else { reply }
        }
        Finished::Waits => match pending::look(auth, claim).await? {
            Standing::Open(view) => {
                let page = page_of(auth, &params.reader(req), &view, None);
                if is_for_program { entity::open(&view, &page) } else { redirect(&page) }
            }
            _ => return Err(over()),
        },
        Finished::Here(start) => {
            let mut reply = redirect(&place_of(auth, &pending::request(auth, claim).await?));
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
    match parts.find_map(|name| kind_named(view, name)).filter(|_| view.lacks == Some(BeforeSession::Factor)) {
        Some(method) => format!("{page}&method={}", method.name()),
        None => page,
    }
}
