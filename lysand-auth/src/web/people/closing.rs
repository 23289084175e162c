//! Closing the own account, on a page and in JSON (people PPL-121).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::confirm_identity;
use super::json::{body, private};
use super::password::to_sign_in;
use super::paths::{CLOSE, EXPORT};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::closing::{self as flow, ClosingError, Owner};
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{ClosePage, FieldOnPage, Page};
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
use crate::web::wire::reply::{ApiError, JsonBody, field_errors};
use crate::web::wire::request as wire;

/// `GET /account/close`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        flow::require(&auth).await?;
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), CLOSE));
        };
        shown((&auth, &req, &params), (&browser, form.token()), Said::default()).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/close`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        flow::require(&auth).await?;
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), CLOSE));
        };
        let typed = form.text("username")?.unwrap_or_default();
        let said = match form.is_stale()? {
            true => Said { error: Some(texts::TRY_AGAIN.to_owned()), ..Said::default() },
            false => {
                let (owner, caller) = (Owner::in_browser(&auth, &browser), wire::caller(&req, auth.config()));
                let password = form.text("current_password")?.map(Secret::new);
                match flow::close(&auth, &owner, &typed, password.as_ref(), &caller).await {
                    Ok(at) => return closed((&auth, &req, &form), &browser, at).await,
                    Err(error) => refused(error)?,
                }
            }
        };
        shown((&auth, &req, &form.params), (&browser, form.token()), Said { typed, ..said }).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// What the page says about a closing that came to nothing.
fn refused(error: ClosingError) -> Result<Said, Error> {
    match error {
        ClosingError::Field(problem) => Ok(Said { username: Some(problem.description), ..Said::default() }),
        ClosingError::Refused(Error::Refused(refusal)) => match refusal.code {
            Code::WrongPassword => {
                Ok(Said { wrong_password: Some(texts::NOT_THE_PASSWORD.to_owned()), ..Said::default() })
            }
            Code::ProofRequired | Code::Conflict => {
                Ok(Said { error: Some(refusal.why.into_owned()), ..Said::default() })
            }
            _ => Err(Error::Refused(refusal)),
        },
        ClosingError::Refused(error) => Err(error),
    }
}

/// The browser is signed out, and told until when its owner can come back.
async fn closed(
    (auth, req, form): (&Auth, &HttpRequest, &PostedForm),
    browser: &SignedInBrowser,
    at: Timestamp,
) -> Result<HttpResponse, Error> {
    form.end_session();
    let said = Said { closed_at: Some(at), ..Said::default() };
    let mut reply = shown((auth, req, &form.params), (browser, String::new()), said).await?;
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    for removal in cookies::session_removals(auth) {
        reply.add_cookie(&removal).map_err(Error::failed)?;
    }
    Ok(reply)
}

/// What the page says beside the form.
#[derive(Default)]
struct Said {
    error: Option<String>,
    username: Option<String>,
    wrong_password: Option<String>,
    typed: String,
    closed_at: Option<Timestamp>,
}

impl Said {
    fn status(&self) -> StatusCode {
        let is_wrong = [&self.error, &self.username, &self.wrong_password].into_iter().any(Option::is_some);
        if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    // Nothing is asked of an account that is closed already.
    let wanted = match said.closed_at {
        Some(_) => ProofWanted::Nothing,
        None => credentials::proof_wanted(auth, browser).await?,
    };
    let reader = params.reader(req).for_account(Some(account));
    let status = said.status();
    let field = |asked, value, error| FieldOnPage { asked, required: true, value, error };
    let page = Page::Close(ClosePage {
        action: &reader.keep(CLOSE),
        form_token,
        name: &account.username,
        day: said.closed_at.unwrap_or_else(|| flow::end_of_grace(auth)).into(),
        has_grace: !auth.config().closing.grace.is_zero(),
        closed: said.closed_at.is_some(),
        username: field(true, said.typed, said.username),
        current_password: field(wanted == ProofWanted::Password, String::new(), said.wrong_password),
        confirm: (wanted == ProofWanted::Confirmation).then(|| confirm_identity::address(&reader, CLOSE)),
        export: reader.keep(EXPORT),
        error: said.error,
        account: reader.keep(&auth.config().base_url.join("/account")),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

/// `POST /api/v1/auth/closure`
pub(super) async fn by_json(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    flow::require(&auth).await?;
    let account = bearer.account(&["auth:write"]).await?;
    let owner = Owner::with_token(&auth, &bearer.acting(), account).await?;
    let params = body(received)?;
    let username = params.body_text("username")?.unwrap_or_default();
    let password = params.body_text("current_password")?.map(Secret::new);
    match flow::close(&auth, &owner, &username, password.as_ref(), &wire::caller(&req, auth.config())).await {
        Ok(at) => {
            let told = json!({ "deleted_at": at.to_iso8601() });
            Ok(private(HttpResponse::build(StatusCode::ACCEPTED).json_body(&told)))
        }
        Err(ClosingError::Field(error)) => Ok(private(field_errors(&FormErrors::from(error)))),
        Err(ClosingError::Refused(error)) => Err(error.into()),
    }
}
