//! The page of the link in a mail: looking at it changes nothing, a button confirms the address (people PPL-66 to PPL-69).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::paths::{CHALLENGE, CONFIRM, WAITING};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::confirm_email::{self as flow, LinkState, OpenedLink};
use crate::flows::waiting;
use crate::host::pages::{ConfirmAddressPage, MessagePage, Page};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// `GET /register/confirm`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let token = token(params.last_text("token").or_else(|| params.last_text("confirmation_token")));
        let caller = request::caller(&req, auth.config());
        let reader = params.reader(&req);
        let view = View::new(&auth, &req, &reader);
        match flow::look(&auth, &token, &caller).await? {
            LinkState::Live(link) => Ok(question(view, (&token, form.token()), &link, None).await),
            LinkState::Done => Ok(done(view).await),
            LinkState::Dead { resendable } => Ok(dead(view, &token, form.token(), resendable).await),
        }
    };
    PageError::render_or(reply.await.map_err(|error: Error| error.into()), &auth, &req, &Params::of_query(&req)).await
}

/// Asks whether the address is the person's; once more, where something was wrong with the form.
async fn question(
    view: View<'_>,
    (token, form_token): (&Secret, String),
    link: &OpenedLink,
    error: Option<&str>,
) -> HttpResponse {
    let page = Page::ConfirmAddress(ConfirmAddressPage {
        action: &view.reader.keep(CONFIRM),
        form_token,
        token: token.expose(),
        username: &link.username,
        email: &link.email,
        signed_up: link.signed_up.map(Into::into),
        has_passkey: link.has_passkey,
        challenge: link.owes_work.then_some(CHALLENGE),
        error,
    });
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show(view, &page, status, &[]).await
}

fn token(sent: Option<String>) -> Secret {
    Secret::new(sent.unwrap_or_default())
}

/// `POST /register/confirm`, with `do` = `confirm`, `disown` or `again`.
pub(super) async fn act(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.prove_with_token()?;
        let token = token(form.text("token")?);
        let caller = request::caller(&req, auth.config());
        let reader = form.reader();
        let view = View::new(&auth, &req, &reader);
        let acted = match form.text("do")?.as_deref() {
            Some("disown") => {
                flow::disown(&auth, &token, &caller).await.map(|()| Acted::Said(texts::REMOVED_TITLE, texts::DISOWNED))
            }
            Some("again") => flow::send_again(&auth, &token, &caller)
                .await
                .map(|()| Acted::Said(texts::CHECK_MAIL, texts::MAIL_SENT)),
            _ => {
                let altcha = form.text("altcha")?;
                flow::by_link(&auth, &token, altcha.as_deref(), &caller).await.map(|confirmed| match confirmed {
                    Ok(confirmed) => Acted::Confirmed(confirmed.app_redirect),
                    Err(_) => Acted::NoWork,
                })
            }
        };
        match acted {
            Ok(Acted::Said(title, message)) => Ok(said(view, (title, message), StatusCode::OK).await),
            Ok(Acted::NoWork) => match flow::look(&auth, &token, &caller).await? {
                LinkState::Live(link) => {
                    Ok(question(view, (&token, form.token()), &link, Some(texts::WORK_UNCHECKED)).await)
                }
                _ => Ok(done(view).await),
            },
            Ok(Acted::Confirmed(Some(app))) => Ok(redirect(&app)),
            Ok(Acted::Confirmed(None)) => confirmed(view).await,
            Err(Error::Refused(refusal)) if refusal.code == Code::DeadLink => {
                let resendable =
                    matches!(flow::look(&auth, &token, &caller).await?, LinkState::Dead { resendable: true });
                Ok(dead(view, &token, form.token(), resendable).await)
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => {
                Ok(said(view, (texts::ADDRESS_TAKEN_TITLE, texts::ADDRESS_TAKEN), StatusCode::CONFLICT).await)
            }
            Err(error) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(|error: Error| error.into()), &auth, &req, &Params::of_query(&req)).await
}

enum Acted {
    Said(&'static str, &'static str),
    Confirmed(Option<String>),
    /// The proof of work was none.
    NoWork,
}

/// The browser that waits for this account goes on; any other is told where that is (people PPL-67).
async fn confirmed(view: View<'_>) -> Result<HttpResponse, Error> {
    if let Some(token) = cookies::waiting_cookie(view.auth, view.req.headers())
        && waiting::look(view.auth, &token).await.is_ok()
    {
        return Ok(redirect(&view.auth.config().base_url.join(&view.reader.keep(WAITING))));
    }
    Ok(done(view).await)
}

async fn done(view: View<'_>) -> HttpResponse {
    said(view, (texts::CONFIRMED_TITLE, texts::CONFIRMED), StatusCode::OK).await
}

async fn said(view: View<'_>, (title, message): (&str, &str), status: StatusCode) -> HttpResponse {
    let sign_in = view.auth.config().base_url.join("/account/sign-in");
    let page = Page::Message(MessagePage {
        title,
        message,
        action: None,
        fields: &[],
        button: "",
        link: Some(&sign_in),
        link_text: texts::TO_SIGN_IN,
        link_app: None,
    });
    show(view, &page, status, &[]).await
}

async fn dead(view: View<'_>, token: &Secret, form_token: String, resendable: bool) -> HttpResponse {
    let sign_in = view.auth.config().base_url.join("/account/sign-in");
    let fields = [("form_token", form_token.as_str()), ("token", token.expose()), ("do", "again")];
    let page = Page::Message(MessagePage {
        title: texts::DEAD_LINK_TITLE,
        message: if resendable { texts::DEAD_LINK_RESENDABLE } else { texts::DEAD_LINK_OVER },
        action: resendable.then_some(CONFIRM),
        fields: if resendable { &fields } else { &[] },
        button: if resendable { texts::SEND_NEW_LINK } else { "" },
        link: Some(&sign_in),
        link_text: texts::TO_SIGN_IN,
        link_app: None,
    });
    show(view, &page, StatusCode::GONE, &[]).await
}
