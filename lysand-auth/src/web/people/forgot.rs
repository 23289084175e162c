//! Asking for a link to a new password: a page, and the same in JSON (people PPL-88).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::json::{body, private};
use super::paths::FORGOT;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sessions::Browser;
use crate::flows::{authorize, reset as flow};
use crate::host::pages::{FieldOnPage, ForgotPage, Page, Reader};
use crate::model::form_error::FormErrors;
use crate::model::language::Language;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, app_on_page, show};
use crate::web::pages::authorization_request::{ECHOED, login_location, request};
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{pairs, redirect, with_query};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};

/// `GET /account/forgot`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        require_offered(&auth)?;
        let sent = params.last_text("notice").as_deref() == Some("sent");
        shown(&auth, &req, &params, form.token(), Shown { sent, ..Shown::default() }).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

fn require_offered(auth: &Auth) -> Result<(), Error> {
    match flow::is_offered(auth) {
        true => Ok(()),
        false => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

/// `POST /account/forgot`
pub(super) async fn submit(
    auth: Data<Auth>,
    req: HttpRequest,
    browser: Browser,
    form: Result<PostedForm, ApiError>,
) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        require_offered(&auth)?;
        form.params.require_known_type()?;
        let typed = form.text("identifier")?.unwrap_or_default();
        if form.is_stale()? {
            // Nothing that was typed is lost (people PPL-8).
            let again = Shown { typed, stale: true, ..Shown::default() };
            return shown(&auth, &req, &form.params, form.token(), again).await;
        }
        let language = language(&auth, &form.reader());
        match flow::forgot(&auth, &typed, &browser, language).await? {
            Ok(()) => {
                let asked = form.params.echo(&ECHOED);
                let query = pairs(&asked).chain([("notice", "sent")]);
                let mut reply = redirect(&with_query(&auth.config().base_url.join(FORGOT), query));
                cookies::put_asked(&auth, &mut reply, &asked)?;
                Ok(reply)
            }
            Err(error) => {
                let again = Shown { typed, error: Some(error.description), ..Shown::default() };
                shown(&auth, &req, &form.params, form.token(), again).await
            }
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /api/v1/auth/password/forgot`
pub(super) async fn by_json(
    auth: Data<Auth>,
    req: HttpRequest,
    browser: Browser,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = body(received)?;
    require_offered(&auth)?;
    let typed = params.body_text("identifier")?.unwrap_or_default();
    let language = language(&auth, &params.reader(&req));
    match flow::forgot(&auth, &typed, &browser, language).await? {
        Ok(()) => Ok(private(reply(&json!({ "message": texts::RESET_SENT })))),
        Err(error) => Ok(private(field_errors(&FormErrors::from(error)))),
    }
}

/// The language that the answer is read in, if the pages speak it: that of the mail, where the account has none.
pub(crate) fn language(auth: &Auth, reader: &Reader) -> Option<Language> {
    let languages = auth.pages().languages();
    let offered: Vec<&str> = languages.iter().map(String::as_str).collect();
    reader.best_of(&offered).and_then(Language::parse)
}

#[derive(Default)]
struct Shown {
    typed: String,
    error: Option<String>,
    sent: bool,
    stale: bool,
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    form_token: String,
    what: Shown,
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req);
    let echoed = params.echo(&ECHOED);
    let asked = request(params).ok().filter(|asked| asked.client_id.is_some());
    let app = match &asked {
        Some(asked) => authorize::app_of(auth, asked).await?,
        None => None,
    };
    let status = match what.stale || what.error.is_some() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let page = Page::Forgot(ForgotPage {
        action: if what.sent { String::new() } else { with_query(FORGOT, pairs(&echoed)) },
        form_token,
        app: app.as_ref().map(app_on_page),
        identifier: FieldOnPage { asked: true, required: true, value: what.typed, error: what.error },
        notice: what.sent.then_some(texts::RESET_SENT),
        sign_in: match &asked {
            Some(_) => login_location(auth, &echoed),
            None => reader.keep(&auth.config().base_url.join("/account/sign-in")),
        },
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &echoed).await)
}
