//! The pages of the links in mails about an address: looking at one changes nothing, a button does (people PPL-101 to PPL-104).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::paths::{EMAIL_CONFIRM, EMAIL_STOP, EMAIL_UNDO, FORGOT};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::email::{self as flow, AddressLink};
use crate::host::pages::{AddressPage, MessagePage, Page};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// What the path of a request is about.
fn link_of(req: &HttpRequest) -> (AddressLink, &'static str, &'static str) {
    match req.path().trim_end_matches('/') {
        EMAIL_STOP => (AddressLink::Stop, EMAIL_STOP, "stop"),
        EMAIL_UNDO => (AddressLink::Undo, EMAIL_UNDO, "undo"),
        _ => (AddressLink::Confirm, EMAIL_CONFIRM, "confirm"),
    }
}

/// `GET /account/email/{confirm,stop,undo}`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let token = Secret::new(params.last_text("token").unwrap_or_default());
        let (link, path, asks) = link_of(&req);
        let reader = params.reader(&req);
        let view = View::new(&auth, &req, &reader);
        let caller = request::caller(&req, auth.config());
        let Some(question) = flow::look(&auth, &token, link, &caller).await? else { return Ok(dead(view).await) };
        let page = Page::Address(AddressPage {
            asks,
            action: &reader.keep(path),
            form_token: form.token(),
            token: token.expose(),
            username: &question.username,
            old: question.old.as_deref(),
            new: &question.new,
            day: question.at.into(),
        });
        Ok(show(view, &page, StatusCode::OK, &[]).await)
    };
    PageError::render_or(reply.await.map_err(|error: Error| error.into()), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/email/{confirm,stop,undo}`
pub(super) async fn act(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.prove_with_token()?;
        let token = Secret::new(form.text("token")?.unwrap_or_default());
        let caller = request::caller(&req, auth.config());
        let reader = form.reader();
        let view = View::new(&auth, &req, &reader);
        let (link, ..) = link_of(&req);
        let acted = match link {
            AddressLink::Stop => flow::stop(&auth, &token, &caller).await,
            AddressLink::Undo => flow::undo(&auth, &token, &caller).await,
            _ => flow::confirm(&auth, &token, &caller).await.map(drop),
        };
        match acted {
            Ok(()) => Ok(done(view, link).await),
            Err(Error::Refused(refusal)) if refusal.code == Code::DeadLink => Ok(dead(view).await),
            Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => {
                let words = (texts::ADDRESS_TAKEN_TITLE, texts::ADDRESS_TAKEN);
                Ok(said(view, words, StatusCode::CONFLICT, None).await)
            }
            Err(error) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(|error: Error| error.into()), &auth, &req, &Params::of_query(&req)).await
}

async fn done(view: View<'_>, link: AddressLink) -> HttpResponse {
    let words = match link {
        AddressLink::Stop => (texts::EMAIL_STOPPED_TITLE, texts::EMAIL_STOPPED),
        AddressLink::Undo => (texts::EMAIL_UNDONE_TITLE, texts::EMAIL_UNDONE),
        _ => (texts::CONFIRMED_TITLE, texts::EMAIL_CHANGED),
    };
    // Whoever stopped somebody else wants another password next.
    let offers_reset = link == AddressLink::Stop && !view.auth.config().sso.forced;
    let forgot = view.reader.keep(&view.auth.config().base_url.join(FORGOT));
    said(view, words, StatusCode::OK, offers_reset.then_some(&*forgot)).await
}

async fn dead(view: View<'_>) -> HttpResponse {
    said(view, (texts::DEAD_LINK_TITLE, texts::DEAD_LINK_OVER), StatusCode::GONE, None).await
}

async fn said(
    view: View<'_>,
    (title, message): (&str, &str),
    status: StatusCode,
    forgot: Option<&str>,
) -> HttpResponse {
    let sign_in = view.reader.keep(&view.auth.config().base_url.join("/account/sign-in"));
    let page = Page::Message(MessagePage {
        title,
        message,
        action: None,
        fields: &[],
        button: "",
        link: Some(forgot.unwrap_or(&sign_in)),
        link_text: if forgot.is_some() { texts::CHOOSE_PASSWORD } else { texts::TO_SIGN_IN },
        link_app: None,
    });
    show(view, &page, status, &[]).await
}
