//! The page on which the owner of an account says that a link is right, when it came back to another browser than it began
//! in (security RP-5).

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sso::{self, Finisher};
use crate::host::pages::{ConfirmLinkPage, Page, Reader};
use crate::texts::WRONG_PASSWORD;
use crate::web::kit::forms;
use crate::web::kit::page as pages;
use crate::web::kit::session;
use crate::web::pages::sso::callback::{linked, not_linked};
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::request;

/// Where the page is.
pub(crate) const PATH: &str = "/oauth/sso/link/confirm";

/// `GET /oauth/sso/link/confirm`
pub(crate) async fn page(auth: Data<Auth>, req: HttpRequest, form: Session, received: Received) -> HttpResponse {
    let shown = async {
        let params = received.0?;
        let (flow_id, finisher) = finisher(&auth, &req, &params).await?;
        show(&auth, params.reader(&req), &form, &flow_id, &finisher, None).await
    };
    match shown.await {
        Ok(answer) => answer,
        Err(error) => over(&auth, &req, &error).await,
    }
}

/// `POST /oauth/sso/link/confirm`
pub(crate) async fn answer(auth: Data<Auth>, req: HttpRequest, form: Session, received: Received) -> HttpResponse {
    let answered = async {
        let params = received.0?;
        // This route is our own page's alone, so a token must be there.
        let token = params.body_text("form_token")?.unwrap_or_default();
        forms::prove_form(&auth, &req, &form, Some(&token))?;
        let (flow_id, finisher) = finisher(&auth, &req, &params).await?;
        match sso::confirm(&auth, &flow_id, &finisher).await {
            Ok(()) => {
                let mut reply = linked(&auth);
                cookies::clear_flow_cookie(&auth, &mut reply, &flow_id)?;
                Ok(reply)
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
                show(&auth, params.reader(&req), &form, &flow_id, &finisher, Some(WRONG_PASSWORD)).await
            }
            Err(error) => Err(error),
        }
    };
    match answered.await {
        Ok(answer) => answer,
        Err(error) => over(&auth, &req, &error).await,
    }
}

async fn finisher(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<(String, Finisher), Error> {
    let flow_id = params.text("flow_id")?.unwrap_or_default();
    let finisher = Finisher {
        cookie: cookies::flow_cookie(auth, req.headers(), &flow_id),
        browser: session::optional(auth, req.headers()).await?.0,
        password: params.body_text("password")?.map(Into::into),
        source: request::source(req, auth.config()),
    };
    Ok((flow_id, finisher))
}

async fn show(
    auth: &Auth,
    reader: Reader,
    form: &Session,
    flow_id: &str,
    finisher: &Finisher,
    error: Option<&str>,
) -> Result<HttpResponse, Error> {
    let question = sso::question(auth, flow_id, finisher).await?;
    let reader = reader.for_account(finisher.browser.as_ref().map(|browser| &browser.account));
    let page = Page::ConfirmLink(ConfirmLinkPage {
        action: &reader.keep(PATH),
        form_token: forms::form_token(auth, form)?,
        flow_id,
        provider: &question.provider.name,
        label: question.label.as_deref(),
        account: pages::account_on_page(&question.account),
        password: question.password,
        takes_password: !auth.config().sso.forced,
        cancel: reader.keep(&auth.config().home_page()),
        error: error.map(str::to_owned),
    });
    Ok(pages::show(auth, &reader, &page, StatusCode::OK, &[]))
}

/// Nothing waits here any more, or the question cannot be answered.
async fn over(auth: &Auth, req: &HttpRequest, error: &Error) -> HttpResponse {
    match error {
        Error::Refused(refusal) if matches!(refusal.code, Code::InvalidRequest | Code::AlreadyLinked) => {
            not_linked(auth, refusal)
        }
        _ => {
            let reader = session::reader_of(auth, req, &Params::of_query(req), error).await;
            pages::error_page(auth, &reader, error, Some(reader.keep(&auth.config().home_page())))
        }
    }
}
