//! The owner says that the second factors stay: by the link of a mail, on the page of the own factors, or by a program (FAC-113).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::factors::Sent as Program;
use super::paths::WAY_BACK_STOP;
use super::security_page::answered;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::factors::way_back_stop as flow;
use crate::host::pages::{MessagePage, Page, WayBackPage};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::pages::factor::way_back::request_on_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// `GET /account/way_back/stop`: looking at a link changes nothing, a button does.
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let token = Secret::new(params.last_text("token").unwrap_or_default());
        let reader = params.reader(&req);
        let view = View::new(&auth, &req, &reader);
        let caller = request::caller(&req, auth.config());
        let Some(question) = flow::look(&auth, &token, &caller).await? else { return Ok(dead(view).await) };
        let page = Page::WayBack(Box::new(WayBackPage {
            request: Some(request_on_page(question.times)),
            form_token: form.token(),
            token: token.expose(),
            ..blank(view, "stop", &question.username)
        }));
        Ok(show(view, &page, StatusCode::OK, &[]).await)
    };
    PageError::render_or(reply.await.map_err(|error: Error| error.into()), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/way_back/stop`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.prove_with_token()?;
        let token = Secret::new(form.text("token")?.unwrap_or_default());
        let caller = request::caller(&req, auth.config());
        let reader = form.reader();
        let view = View::new(&auth, &req, &reader);
        match flow::by_link(&auth, &token, &caller).await {
            Ok(username) => {
                let forgot = view.reader.keep(&auth.config().page_url("password_forgot"));
                let forgot = (!auth.config().sso.forced).then_some(forgot);
                let page = Page::WayBack(Box::new(WayBackPage { forgot, ..blank(view, "stopped", &username) }));
                Ok(show(view, &page, StatusCode::OK, &[]).await)
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::DeadLink => Ok(dead(view).await),
            Err(error) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(|error: Error| error.into()), &auth, &req, &Params::of_query(&req)).await
}

fn blank<'a>(view: View<'_>, stage: &'static str, username: &'a str) -> WayBackPage<'a> {
    WayBackPage {
        stage,
        action: view.reader.keep(WAY_BACK_STOP),
        form_token: String::new(),
        pending: None,
        code: "",
        token: "",
        app: None,
        username,
        request_action: String::new(),
        masked_email: String::new(),
        days: 0,
        request: None,
        paused_until: None,
        error: None,
        back: view.reader.keep(&view.auth.config().base_url.join("/account")),
        forgot: None,
    }
}

async fn dead(view: View<'_>) -> HttpResponse {
    let sign_in = view.reader.keep(&view.auth.config().base_url.join("/account/sign-in"));
    let page = Page::Message(MessagePage {
        title: texts::DEAD_LINK_TITLE,
        message: texts::DEAD_LINK_OVER,
        action: None,
        fields: &[],
        button: "",
        link: Some(&sign_in),
        link_text: texts::TO_SIGN_IN,
        link_app: None,
    });
    show(view, &page, StatusCode::GONE, &[]).await
}

/// `POST /account/security/way_back/stop`
pub(super) async fn by_owner(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    answered(auth, req, (form, false), async |sent| {
        let caller = request::caller(&sent.req, sent.auth.config());
        flow::by_owner(&sent.auth, &sent.browser.account, &caller).await?;
        Ok(sent.done("way_back_stopped"))
    })
    .await
}

/// `POST /api/v1/auth/factors/way_back/stop`: answers with the own factors.
pub(super) async fn by_json(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let sent = Program::of(&auth, &req, &bearer, received).await?;
    flow::by_owner(&auth, &sent.owner.account, &sent.caller).await?;
    super::factors::all(&auth, &sent.owner.account).await
}
