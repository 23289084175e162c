//! The page of the own password, and the same in JSON (people PPL-94, PPL-95).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::json::{body, private};
use super::paths::PASSWORD;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::credentials::{self as flow, ChangeError, NewPassword};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{FieldOnPage, Page, PasswordPage, Reader};
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;

/// `GET /.well-known/change-password`: where programs that keep passwords send people (FAC-80).
pub(super) async fn well_known(auth: Data<Auth>) -> Result<HttpResponse, ApiError> {
    flow::require(&auth).await?;
    Ok(redirect(&auth.config().base_url.join(PASSWORD)))
}

/// Sends whoever is not signed in to the sign-in page, and back to `path` afterwards.
pub(super) fn to_sign_in(auth: &Auth, reader: &Reader, path: &str) -> HttpResponse {
    let sign_in = with_query(&auth.config().base_url.join("/account/sign-in"), [("return_to", path)]);
    redirect(&reader.keep(&sign_in))
}

/// `GET /account/password`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        flow::require(&auth).await?;
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), PASSWORD));
        };
        let notice = match params.last_text("notice").as_deref() {
            Some("changed") => Some(texts::PASSWORD_CHANGED),
            Some("sent") => Some(texts::LINK_SENT),
            _ => None,
        };
        shown(&auth, &req, &params, (&browser, form.token()), Said { notice, ..Said::default() }).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/password`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        flow::require(&auth).await?;
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), PASSWORD));
        };
        let again = |said: Said| shown(&auth, &req, &form.params, (&browser, form.token()), said);
        if form.is_stale()? {
            return again(Said { error: Some(texts::TRY_AGAIN), ..Said::default() }).await;
        }
        let caller = wire::caller(&req, auth.config());
        let done = |notice| redirect(&with_query(&auth.config().base_url.join(PASSWORD), [("notice", notice)]));
        if form.text("do")?.as_deref() == Some("link") {
            return match flow::send_link(&auth, &browser.account, &caller).await {
                Ok(()) => Ok(done("sent")),
                Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => {
                    again(Said { error: Some(texts::NO_CONFIRMED_ADDRESS), ..Said::default() }).await
                }
                Err(error) => Err(error),
            };
        }
        let mut new = typed(&form.params)?;
        // A box that is not ticked is not sent.
        new.keep_apps = form.text("sign_out_apps")?.is_none();
        match flow::change_in_browser(&auth, &browser, &new, &caller).await {
            Ok(cookie) => {
                let mut reply = done("changed");
                cookies::put_session(&auth, &mut reply, &cookie)?;
                Ok(reply)
            }
            Err(ChangeError::Fields(errors)) => again(Said { errors, ..Said::default() }).await,
            Err(ChangeError::Refused(Error::Refused(refusal))) if refusal.code == Code::WrongPassword => {
                again(Said { wrong_password: true, ..Said::default() }).await
            }
            Err(ChangeError::Refused(Error::Refused(refusal))) if refusal.code == Code::ProofRequired => {
                again(Said { error: Some(texts::CONFIRM_IT_IS_YOU), ..Said::default() }).await
            }
            Err(ChangeError::Refused(error)) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

fn typed(params: &Params) -> Result<NewPassword, Error> {
    let mut new = NewPassword::new();
    new.current = params.body_text("current_password")?.map(Secret::new);
    new.password = params.body_text("password")?.map(Secret::new);
    Ok(new)
}

/// What the page says beside the form.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    error: Option<&'static str>,
    errors: FormErrors,
    wrong_password: bool,
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let state = flow::state(auth, browser).await?;
    let reader = params.reader(req).for_account(Some(&browser.account));
    let found =
        |name: &str| said.errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone());
    let field = |error| FieldOnPage { asked: true, required: true, value: String::new(), error };
    let wrong = said.wrong_password.then(|| texts::NOT_THE_PASSWORD.to_owned());
    let status = match said.wrong_password || said.error.is_some() || !said.errors.0.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let page = Page::Password(PasswordPage {
        action: &reader.keep(PASSWORD),
        form_token,
        username: &browser.account.username,
        exists: state.exists,
        fresh: state.is_fresh,
        current_password: FieldOnPage { asked: state.exists, ..field(wrong.or_else(|| found("current_password"))) },
        password: field(found("password")),
        offers_apps: state.offers_apps,
        notice: said.notice,
        error: said.error,
        account: reader.keep(&auth.config().base_url.join("/account")),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

/// `POST /api/v1/auth/password`
pub(super) async fn by_json(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["auth:write"]).await?;
    let params = body(received)?;
    let mut new = typed(&params)?;
    new.keep_apps = params.body_text("sign_out_apps")?.as_deref() == Some("false");
    let caller = wire::caller(&req, auth.config());
    match flow::change_by_token(&auth, (&bearer.acting(), &account), &new, &caller).await {
        Ok(()) => Ok(private(reply(&json!({})))),
        Err(ChangeError::Fields(errors)) => Ok(private(field_errors(&errors))),
        Err(ChangeError::Refused(error)) => Err(error.into()),
    }
}
