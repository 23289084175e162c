//! The page on which the owner of an account says that a link is right, when it came back to another browser than it began
//! in (security RP-5).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sso::{self, LinkConfirmation};
use crate::host::pages::{ConfirmLinkPage, Page, Reader};
use crate::texts::WRONG_PASSWORD;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{self as pages, View};
use crate::web::kit::session;
use crate::web::pages::sso::link_result::{linked, not_linked};
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// Where the page is.
pub(crate) const PATH: &str = "/oauth/sso/link/confirm";

/// `GET /oauth/sso/link/confirm`
pub(crate) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let shown = async {
        let params = received.0?;
        let confirmation = confirmation(&auth, &req, &params).await?;
        show((&auth, &req), params.reader(&req), form.token(), &confirmation, None).await
    };
    match shown.await {
        Ok(answer) => answer,
        Err(error) => over(&auth, &req, &error).await,
    }
}

/// `POST /oauth/sso/link/confirm`
pub(crate) async fn answer(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    match confirm(form).await {
        Ok(answer) => answer,
        Err(error) => over(&auth, &req, &error).await,
    }
}

async fn confirm(form: Result<PostedForm, ApiError>) -> Result<HttpResponse, Error> {
    let form = form.map_err(|ApiError(error)| error)?;
    form.prove_with_token()?;
    let confirmation = confirmation(&form.auth, &form.req, &form.params).await?;
    let (flow_id, given) = &confirmation;
    match sso::confirm_link(&form.auth, flow_id, given).await {
        Ok(()) => {
            let mut reply = linked(&form.auth);
            cookies::clear_flow_cookie(&form.auth, &mut reply, flow_id)?;
            Ok(reply)
        }
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            show((&form.auth, &form.req), form.reader(), form.token(), &confirmation, Some(WRONG_PASSWORD)).await
        }
        Err(error) => Err(error),
    }
}

async fn confirmation(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<(String, LinkConfirmation), Error> {
    let flow_id = params.text("flow_id")?.unwrap_or_default();
    let confirmation = LinkConfirmation {
        cookie: cookies::flow_cookie(auth, req.headers(), &flow_id),
        browser: session::optional(auth, req).await?.0,
        password: params.body_text("password")?.map(Into::into),
        source: request::source(req, auth.config()),
    };
    Ok((flow_id, confirmation))
}

async fn show(
    (auth, req): (&Auth, &HttpRequest),
    reader: Reader,
    form_token: String,
    (flow_id, confirmation): &(String, LinkConfirmation),
    error: Option<&str>,
) -> Result<HttpResponse, Error> {
    let question = sso::confirmation_question(auth, flow_id, confirmation).await?;
    let reader = reader.for_account(confirmation.browser.as_ref().map(|browser| &browser.account));
    let page = Page::ConfirmLink(ConfirmLinkPage {
        action: &reader.keep(PATH),
        form_token,
        flow_id,
        provider: &question.provider.name,
        label: question.label.as_deref(),
        account: pages::account_on_page(&question.account),
        password: question.password,
        takes_password: question.takes_password,
        cancel: reader.keep(&auth.config().home_page()),
        error: error.map(str::to_owned),
    });
    Ok(pages::show(View::new(auth, req, &reader), &page, StatusCode::OK, &[]).await)
}

/// No link awaits confirmation any more, or the question cannot be answered.
async fn over(auth: &Auth, req: &HttpRequest, error: &Error) -> HttpResponse {
    match error {
        Error::Refused(refusal) if matches!(refusal.code, Code::InvalidRequest | Code::AlreadyLinked) => {
            not_linked(auth, refusal)
        }
        _ => {
            let reader = session::reader_of(auth, req, &Params::of_query(req), error).await;
            pages::error_page(View::new(auth, req, &reader), error, Some(reader.keep(&auth.config().home_page()))).await
        }
    }
}
