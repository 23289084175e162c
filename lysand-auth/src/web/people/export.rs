//! Taking along what is kept, on a page and in JSON (people PPL-125).

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::confirm_identity;
use super::json::private;
use super::password::to_sign_in;
use super::paths::EXPORT;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::export::{self as flow, Export, Owner};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{ExportPage, FieldOnPage, Page};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, json as reply};
use crate::web::wire::request as wire;

/// `GET /account/export`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), EXPORT));
        };
        shown((&auth, &req, &params), (&browser, form.token()), Said::default()).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/export`: the file.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), EXPORT));
        };
        let said = match form.is_stale()? {
            true => Said { error: Some(texts::TRY_AGAIN.to_owned()), ..Said::default() },
            false => {
                let (owner, caller) = (Owner::in_browser(&auth, &browser), wire::caller(&req, auth.config()));
                let password = form.text("current_password")?.map(Secret::new);
                match flow::for_owner(&auth, &owner, password.as_ref(), &caller).await {
                    Ok(export) => return file(&export),
                    Err(Error::Refused(refusal)) if refusal.code == Code::WrongPassword => {
                        Said { wrong_password: Some(texts::NOT_THE_PASSWORD.to_owned()), ..Said::default() }
                    }
                    Err(Error::Refused(refusal)) if refusal.code == Code::ProofRequired => {
                        Said { error: Some(refusal.why.into_owned()), ..Said::default() }
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        shown((&auth, &req, &form.params), (&browser, form.token()), said).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// The copy as a file that the browser keeps and does not show.
fn file(export: &Export) -> Result<HttpResponse, Error> {
    let mut reply = private(reply(&export.content));
    let named = HeaderValue::try_from(format!("attachment; filename=\"{}\"", export.file_name));
    reply.headers_mut().insert(CONTENT_DISPOSITION, named.map_err(Error::failed)?);
    Ok(reply)
}

/// `GET /api/v1/auth/export`
pub(super) async fn by_json(auth: Data<Auth>, req: HttpRequest, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["auth:read"]).await?;
    let owner = Owner::with_token(&auth, &bearer.acting(), account).await?;
    let export = flow::for_owner(&auth, &owner, None, &wire::caller(&req, auth.config())).await?;
    Ok(file(&export)?)
}

/// What the page says beside the form.
#[derive(Default)]
struct Said {
    error: Option<String>,
    wrong_password: Option<String>,
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let wanted = credentials::proof_wanted(auth, browser).await?;
    let reader = params.reader(req).for_account(Some(account));
    let status = match said.error.is_some() || said.wrong_password.is_some() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let page = Page::Export(ExportPage {
        action: &reader.keep(EXPORT),
        form_token,
        username: &account.username,
        current_password: FieldOnPage {
            asked: wanted == ProofWanted::Password,
            required: true,
            value: String::new(),
            error: said.wrong_password,
        },
        confirm: (wanted == ProofWanted::Confirmation).then(|| confirm_identity::address(&reader, EXPORT)),
        error: said.error,
        account: reader.keep(&auth.config().base_url.join("/account")),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}
