//! The page of a browser that waits for its account, and what its buttons do (people PPL-59 to PPL-64).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::json;

use super::paths::WAITING;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::login::Missing;
use crate::flows::sessions::Browser;
use crate::flows::waiting::{self as flow, Proceeded, WaitingState, WaitingView};
use crate::host::pages::{MessagePage, Page, WaitingPage};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::pages::authorization_request::{another_was_meant, consent_location, login_location};
use crate::web::pages::authorization_response::approved;
use crate::web::pages::factor::location::to_factor;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::{self, ApiError};
use crate::web::wire::request;

/// What the page says beside the state.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    code_error: Option<String>,
    email_error: Option<String>,
    other_email: String,
}

impl Said {
    fn status(&self) -> StatusCode {
        match self.code_error.is_some() || self.email_error.is_some() {
            true => StatusCode::UNPROCESSABLE_ENTITY,
            false => StatusCode::OK,
        }
    }
}

/// `GET /register/waiting`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let Some(token) = cookies::waiting_cookie(&auth, req.headers()) else {
            return Ok(not_waiting(&auth, &req, &params).await);
        };
        let notice = match params.last_text("notice").as_deref() {
            Some("sent") => Some(texts::MAIL_SENT),
            Some("changed") => Some(texts::ADDRESS_CHANGED),
            _ => None,
        };
        shown(&auth, &req, &params, (&token, form.token()), Said { notice, ..Said::default() }).await
    };
    finish(&auth, &req, reply.await).await
}

async fn finish(auth: &Auth, req: &HttpRequest, reply: Result<HttpResponse, Error>) -> HttpResponse {
    let params = Params::of_query(req);
    match reply {
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => not_waiting(auth, req, &params).await,
        reply => PageError::render_or(reply.map_err(PageError::from), auth, req, &params).await,
    }
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (token, form_token): (&Secret, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let view = flow::look(auth, token).await?;
    let reader = params.reader(req);
    let status = said.status();
    let page = Page::Waiting(WaitingPage {
        state: view.state.name(),
        username: &view.username,
        email: &view.email,
        form_token,
        base: WAITING,
        state_url: "/register/waiting/state",
        notice: said.notice,
        code_error: said.code_error,
        email_error: said.email_error,
        other_email: said.other_email,
        message: &view.message,
        sign_in: sign_in(auth, &view.request),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

/// The sign-in page with the app's request; without one, the server's own.
fn sign_in(auth: &Auth, request: &[(String, String)]) -> String {
    match request.is_empty() {
        true => auth.config().base_url.join("/account/sign-in"),
        false => login_location(auth, request),
    }
}

async fn not_waiting(auth: &Auth, req: &HttpRequest, params: &Params) -> HttpResponse {
    let sign_in = auth.config().base_url.join("/account/sign-in");
    let page = Page::Message(MessagePage {
        title: texts::NOT_WAITING_TITLE,
        message: texts::NOT_WAITING,
        action: None,
        fields: &[],
        button: "",
        link: Some(&sign_in),
        link_text: texts::TO_SIGN_IN,
        link_app: None,
    });
    show(View::new(auth, req, &params.reader(req)), &page, StatusCode::NOT_FOUND, &[]).await
}

/// `GET /register/waiting/state`: the page's script asks; nothing changes.
pub(super) async fn state(auth: Data<Auth>, req: HttpRequest, what: Path<String>) -> HttpResponse {
    let answer = async {
        let token = cookies::waiting_cookie(&auth, req.headers()).filter(|_| what.as_str() == "state");
        let token = token.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
        Ok(reply::json(&json!({ "state": flow::state(&auth, &token).await?.name() })))
    };
    answer.await.unwrap_or_else(|error| ApiError(error).error_response())
}

/// `POST /register/waiting/{confirm,resend,email,continue,withdraw}`
pub(super) async fn act(
    auth: Data<Auth>,
    req: HttpRequest,
    what: Path<String>,
    form: Result<PostedForm, ApiError>,
    browser: Browser,
) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.prove_with_token()?;
        let token = cookies::waiting_cookie(&auth, req.headers());
        let token = token.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
        let caller = request::caller(&req, auth.config());
        let again = |notice: &str| {
            redirect(&auth.config().base_url.join(&form.reader().keep(&format!("{WAITING}?notice={notice}"))))
        };
        match what.as_str() {
            "resend" => {
                flow::send_again(&auth, &token, &caller).await?;
                Ok(again("sent"))
            }
            "email" => {
                let typed = form.text("email")?.unwrap_or_default();
                match flow::change_address(&auth, &token, &typed, &caller).await? {
                    Ok(()) => Ok(again("changed")),
                    Err(error) => {
                        let said = Said { email_error: Some(error.description), other_email: typed, ..Said::default() };
                        shown(&auth, &req, &form.params, (&token, form.token()), said).await
                    }
                }
            }
            "confirm" => {
                let code = form.text("code")?.unwrap_or_default();
                let altcha = form.text("altcha")?;
                match flow::confirm_by_code(&auth, &token, &code, altcha.as_deref(), &caller).await? {
                    Ok(()) => go_on(&auth, &form, &token, browser).await,
                    Err(error) => {
                        let said = Said { code_error: Some(error.description), ..Said::default() };
                        shown(&auth, &req, &form.params, (&token, form.token()), said).await
                    }
                }
            }
            "continue" => go_on(&auth, &form, &token, browser).await,
            "withdraw" => {
                flow::withdraw(&auth, &token, &caller).await?;
                removed(&auth, &form).await
            }
            _ => Err(Error::refused(Code::NotFound, "Record not found")),
        }
    };
    finish(&auth, &req, reply.await).await
}

async fn removed(auth: &Auth, form: &PostedForm) -> Result<HttpResponse, Error> {
    let sign_in = auth.config().base_url.join("/account/sign-in");
    let page = Page::Message(MessagePage {
        title: texts::REMOVED_TITLE,
        message: texts::REMOVED,
        action: None,
        fields: &[],
        button: "",
        link: Some(&sign_in),
        link_text: texts::TO_SIGN_IN,
        link_app: None,
    });
    let mut reply = show(View::new(auth, &form.req, &form.reader()), &page, StatusCode::OK, &[]).await;
    cookies::clear_waiting(auth, &mut reply)?;
    Ok(reply)
}

/// The browser goes on, or its page says what is still missing.
async fn go_on(auth: &Auth, form: &PostedForm, token: &Secret, browser: Browser) -> Result<HttpResponse, Error> {
    let proceeded = match flow::proceed(auth, token, browser).await {
        Err(Error::Refused(refusal)) if refusal.pending.is_some() => {
            let Some(claim) = &refusal.pending else { return Err(Error::Refused(refusal)) };
            let mut reply = to_factor(auth, &form.req, &form.reader(), claim).await;
            cookies::clear_waiting(auth, &mut reply)?;
            return Ok(reply);
        }
        proceeded => proceeded?,
    };
    let (mut reply, is_over) = match proceeded {
        Proceeded::Waits(_) => (redirect(&auth.config().base_url.join(&form.reader().keep(WAITING))), false),
        Proceeded::SignIn(request) => (to_sign_in(auth, request, None), true),
        Proceeded::SignedInHere(start) => {
            let mut reply = redirect(&auth.config().page_named("account").0);
            cookies::put_start(auth, &mut reply, &start)?;
            (reply, true)
        }
        Proceeded::SignedIn(signed_in) => {
            let (app, request, step) = (&signed_in.app, &signed_in.request, &signed_in.step);
            let reader = form.reader();
            let mut reply = match step.missing {
                None => approved(View::new(auth, &form.req, &reader), &request.return_path(app), &step.code).await,
                Some(Missing::AccountMeant) => redirect(&another_was_meant(auth, app, request)),
                Some(_) => {
                    let pairs = crate::web::pages::authorization_request::whole_request(app, request);
                    redirect(&consent_location(auth, app, &pairs, &step.code))
                }
            };
            cookies::put_sign_in(auth, &mut reply, &signed_in)?;
            (reply, true)
        }
    };
    if is_over {
        cookies::clear_waiting(auth, &mut reply)?;
    }
    Ok(reply)
}

/// The sign-in page with the request, and a word about what is going on.
fn to_sign_in(auth: &Auth, mut request: Vec<(String, String)>, error: Option<&'static str>) -> HttpResponse {
    if request.is_empty() {
        return redirect(&auth.config().base_url.join("/account/sign-in"));
    }
    let why = error.unwrap_or(texts::ACCOUNT_READY);
    let name = if error.is_some() { "access_denied" } else { "login_required" };
    request.push(("error".to_owned(), name.to_owned()));
    request.push(("error_description".to_owned(), why.to_owned()));
    redirect(&login_location(auth, &request))
}

/// `POST /api/auth/continue`: the way of a JSON sign-up back into a browser.
pub(super) async fn continue_by_token(
    auth: Data<Auth>,
    form: Result<PostedForm, ApiError>,
    browser: Browser,
) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.prove_sign_in()?;
        let token = form.text("waiting_token")?.map(Secret::new);
        let token = token.ok_or_else(|| Error::required("waiting_token"))?;
        let view: WaitingView = flow::look(&auth, &token).await?;
        match view.state {
            WaitingState::Ready => go_on(&auth, &form, &token, browser).await,
            WaitingState::Unconfirmed => Ok(to_sign_in(&auth, view.request, Some(texts::LOGIN_UNCONFIRMED))),
            WaitingState::Pending => Ok(to_sign_in(&auth, view.request, Some(texts::LOGIN_PENDING))),
            WaitingState::Rejected | WaitingState::Expired => {
                Ok(to_sign_in(&auth, view.request, Some(texts::NO_SUCH_ACCOUNT_ANY_MORE)))
            }
        }
    };
    reply.await.unwrap_or_else(|error| ApiError(error).error_response())
}
