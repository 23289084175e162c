//! The page of the own address, and the same in JSON (people PPL-100, PPL-101).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::confirm_identity;
use super::json::{body, private};
use super::password::to_sign_in;
use super::paths::EMAIL;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::email::{self as flow, AddressError, NewAddress, Owner, Pending};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{EmailPage, FieldOnPage, Page};
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::{ApiError, JsonBody, field_errors, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// `GET /account/email`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        flow::require(&auth).await?;
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), EMAIL));
        };
        let notice = match params.last_text("notice").as_deref() {
            Some("asked") => Some(texts::EMAIL_ASKED),
            Some("sent") => Some(texts::MAIL_SENT),
            Some("changed") => Some(texts::EMAIL_CHANGED),
            Some("cancelled") => Some(texts::EMAIL_CANCELLED),
            _ => None,
        };
        shown(&auth, &req, &params, (&browser, form.token()), Said { notice, ..Said::default() }).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/email`, with `do` = `ask`, `code`, `resend` or `cancel`.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        flow::require(&auth).await?;
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), EMAIL));
        };
        let typed = form.text("email")?.unwrap_or_default();
        let again = |said: Said| {
            let said = Said { typed: typed.clone(), ..said };
            shown(&auth, &req, &form.params, (&browser, form.token()), said)
        };
        if form.is_stale()? {
            return again(Said { error: Some(texts::TRY_AGAIN.to_owned()), ..Said::default() }).await;
        }
        match acted(&auth, &req, &form, &browser, &typed).await? {
            Acted::Done(notice) => Ok(redirect(&with_query(&auth.config().base_url.join(EMAIL), [("notice", notice)]))),
            Acted::Refused(said) => again(said).await,
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

enum Acted {
    Done(&'static str),
    Refused(Said),
}

async fn acted(
    auth: &Auth,
    req: &HttpRequest,
    form: &PostedForm,
    browser: &SignedInBrowser,
    typed: &str,
) -> Result<Acted, Error> {
    let (owner, caller) = (Owner::in_browser(auth, browser), wire::caller(req, auth.config()));
    let told = |error: Error| match error {
        Error::Refused(refusal) if matches!(refusal.code, Code::Conflict | Code::NotFound | Code::ProofRequired) => {
            let error = match refusal.code {
                Code::NotFound => texts::NOTHING_PENDING.to_owned(),
                _ => refusal.why.into_owned(),
            };
            Ok(Acted::Refused(Said { error: Some(error), ..Said::default() }))
        }
        error => Err(error),
    };
    match form.text("do")?.as_deref() {
        Some("resend") => match flow::send_again(auth, &owner, &caller).await {
            Ok(_) => Ok(Acted::Done("sent")),
            Err(error) => told(error),
        },
        Some("cancel") => match flow::cancel(auth, &browser.account, &caller).await {
            Ok(()) => Ok(Acted::Done("cancelled")),
            Err(error) => told(error),
        },
        Some("code") => {
            let code = form.text("code")?.unwrap_or_default();
            match flow::confirm_by_code(auth, &owner, &code, &caller).await {
                Ok(Ok(())) => Ok(Acted::Done("changed")),
                Ok(Err(error)) => Ok(Acted::Refused(Said { code: Some(error.description), ..Said::default() })),
                Err(error) => told(error),
            }
        }
        _ => {
            let mut new = NewAddress::new(typed);
            new.password = form.text("current_password")?.map(Secret::new);
            new.gives_up_old = form.text("give_up_old")?.is_some();
            match flow::ask(auth, &owner, &new, &caller).await {
                Ok(_) => Ok(Acted::Done("asked")),
                Err(AddressError::Field(error)) => {
                    Ok(Acted::Refused(Said { email: Some(error.description), ..Said::default() }))
                }
                Err(AddressError::Refused(Error::Refused(refusal))) if refusal.code == Code::WrongPassword => {
                    let password = Some(texts::NOT_THE_PASSWORD.to_owned());
                    Ok(Acted::Refused(Said { password, ..Said::default() }))
                }
                Err(AddressError::Refused(error)) => told(error),
            }
        }
    }
}

/// What the page says beside the forms.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    error: Option<String>,
    email: Option<String>,
    password: Option<String>,
    code: Option<String>,
    typed: String,
}

impl Said {
    fn status(&self) -> StatusCode {
        let is_wrong = [&self.error, &self.email, &self.password, &self.code].into_iter().any(Option::is_some);
        if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let state = flow::state(auth, account).await?;
    let wanted = credentials::proof_wanted(auth, browser).await?;
    let reader = params.reader(req).for_account(Some(account));
    let status = said.status();
    let field = |asked, value, error| FieldOnPage { asked, required: true, value, error };
    let page = Page::Email(EmailPage {
        action: &reader.keep(EMAIL),
        form_token,
        username: &account.username,
        email: state.email.as_deref(),
        confirmed: state.confirmed,
        pending: state.pending.as_ref().map(|pending| pending.email.as_str()),
        undo_until: state.undo_until.map(Into::into),
        new_email: field(true, said.typed, said.email),
        current_password: field(wanted == ProofWanted::Password, String::new(), said.password),
        confirm: (wanted == ProofWanted::Confirmation).then(|| confirm_identity::address(&reader, EMAIL)),
        may_give_up_old: Owner::in_browser(auth, browser).may_give_up_address() && state.confirmed,
        code: field(state.pending.is_some(), String::new(), said.code),
        notice: said.notice,
        error: said.error,
        account: reader.keep(&auth.config().base_url.join("/account")),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

async fn owner(auth: &Auth, bearer: &Bearer, scopes: &'static [&'static str]) -> Result<Owner, ApiError> {
    let account = bearer.account(scopes).await?;
    Ok(Owner::with_token(auth, &bearer.acting(), account).await?)
}

fn entity(pending: &Pending) -> Value {
    json!({ "pending": pending.masked, "expires_at": pending.expires_at.to_iso8601() })
}

/// `GET /api/v1/auth/email`
pub(super) async fn state(auth: Data<Auth>, bearer: Bearer) -> Answer {
    let account = bearer.account(&["auth:read"]).await?;
    let state = flow::state(&auth, &account).await?;
    Ok(private(reply(&json!({
        "email": state.email,
        "confirmed": state.confirmed,
        "pending": state.pending.map(|pending| pending.masked),
        "undo_until": state.undo_until.map(|until| until.to_iso8601()),
    }))))
}

/// `POST /api/v1/auth/email`
pub(super) async fn ask(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let owner = owner(&auth, &bearer, &["auth:write"]).await?;
    let params = body(received)?;
    let mut new = NewAddress::new(params.body_text("email")?.unwrap_or_default());
    new.password = params.body_text("current_password")?.map(Secret::new);
    new.gives_up_old = params.flag("give_up_old");
    match flow::ask(&auth, &owner, &new, &wire::caller(&req, auth.config())).await {
        Ok(pending) => Ok(private(HttpResponse::build(StatusCode::ACCEPTED).json_body(&entity(&pending)))),
        Err(AddressError::Field(error)) => Ok(private(field_errors(&FormErrors::from(error)))),
        Err(AddressError::Refused(error)) => Err(error.into()),
    }
}

/// `DELETE /api/v1/auth/email`
pub(super) async fn cancel(auth: Data<Auth>, req: HttpRequest, bearer: Bearer) -> Answer {
    let account = bearer.account(&["auth:write"]).await?;
    flow::cancel(&auth, &account, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({}))))
}

/// `POST /api/v1/auth/email/confirm`
pub(super) async fn confirm(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let owner = owner(&auth, &bearer, &["auth:write"]).await?;
    let code = body(received)?.body_text("code")?.unwrap_or_default();
    match flow::confirm_by_code(&auth, &owner, &code, &wire::caller(&req, auth.config())).await? {
        Ok(()) => Ok(private(reply(&json!({})))),
        Err(error) => Ok(private(field_errors(&FormErrors::from(error)))),
    }
}

/// `POST /api/v1/auth/email/resend`
pub(super) async fn send_again(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let owner = owner(&auth, &bearer, &["auth:write"]).await?;
    body(received)?;
    let pending = flow::send_again(&auth, &owner, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&entity(&pending))))
}
