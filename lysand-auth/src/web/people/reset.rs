//! Choosing a new password by the link of a mail: our page, the route that frontends know, and the same in JSON (people
//! PPL-91 to PPL-93, Lysand §12.6).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::json;

use super::json::{body, private};
use super::paths::{FORGOT, RESET_FORM};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorize;
use crate::flows::factors::pending::{self, Standing};
use crate::flows::reset::{self as flow, ResetDone, ResetError};
use crate::host::pages::{FieldOnPage, MessagePage, Page, ResetPage};
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::pages::authorization_request::{login_location, request};
use crate::web::pages::factor::location::CONTINUE;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;

/// The fields in which forms repeat the password (Lysand §2).
const REPEATED: [&str; 3] = ["password2", "password-confirm", "password_confirmation"];

/// `GET /oauth/reset`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        if params.flag("success") {
            return done(&auth, &req, &params).await;
        }
        let Some(token) = params.last_text("token").map(Secret::new) else {
            let forgot = params.reader(&req).keep(&auth.config().base_url.join(FORGOT));
            return Ok(redirect(&forgot));
        };
        let error = match params.last_text("error").as_deref() {
            None => None,
            Some("password_mismatch") => Some(texts::PASSWORDS_DIFFER),
            Some(_) => Some(texts::TRY_AGAIN),
        };
        let wrong = Wrong { error, ..Wrong::default() };
        shown(&auth, &req, &params, (&token, form.token()), wrong).await
    };
    let reply = reply.await.map_err(PageError::from);
    secret(PageError::render_or(reply, &auth, &req, &Params::of_query(&req)).await)
}

/// The address has the token in it, which no other page is told.
fn secret(mut reply: HttpResponse) -> HttpResponse {
    reply.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

/// `POST /api/auth/reset`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    // Our own page says of itself that it is; a frontend's form is answered as frontends know it.
    let is_own = auth.config().frontend.origin.is_none() && matches!(form.text("form_token"), Ok(Some(_)));
    match (posted(&auth, &form, is_own).await, is_own) {
        (Ok(reply), _) => secret(reply),
        (Err(error), false) => ApiError(error).error_response(),
        (Err(error), true) => {
            secret(PageError::render_or(Err(error.into()), &auth, &req, &Params::of_query(&req)).await)
        }
    }
}

async fn posted(auth: &Auth, form: &PostedForm, is_own: bool) -> Result<HttpResponse, Error> {
    form.params.require_known_type()?;
    let token = form.text("token")?.map(Secret::new).ok_or_else(|| Error::required("token"))?;
    let answer = |wrong: Wrong| answered(auth, form, &token, is_own, wrong);
    match form.prove() {
        Ok(()) => {}
        Err(Error::Refused(refusal)) if is_own && refusal.code == Code::StaleForm => {
            return answer(Wrong::of("stale_form", texts::TRY_AGAIN)).await;
        }
        Err(error) => return Err(error),
    }
    let password = form.text("password")?.map(Secret::new);
    let Some(password) = password else {
        return match is_own {
            true => answer(Wrong::password(texts::FIELD_BLANK.to_owned(), "Password can't be blank".to_owned())).await,
            false => Err(Error::required("password")),
        };
    };
    for name in REPEATED {
        if form.text(name)?.is_some_and(|again| again != password.expose()) {
            return answer(Wrong::of("password_mismatch", texts::PASSWORDS_DIFFER)).await;
        }
    }
    let caller = wire::caller(&form.req, auth.config());
    match flow::reset(auth, &token, &password, &caller).await {
        Ok(done) => Ok(redirect(&next(auth, &form.req, &done).await?)),
        Err(ResetError::Password(error)) => {
            let sentence = error.sentence();
            answer(Wrong::password(error.description, sentence)).await
        }
        Err(ResetError::Refused(Error::Refused(refusal))) if refusal.code == Code::DeadLink => {
            answer(Wrong::of("invalid_token", texts::INVALID_TOKEN)).await
        }
        Err(ResetError::Refused(error)) => Err(error),
    }
}

/// Where somebody goes on who has set a new password: with the sign-in that lacked it, in its own browser, while that waits (FAC-25).
async fn next(auth: &Auth, req: &HttpRequest, done: &ResetDone) -> Result<String, Error> {
    if let Some(id) = &done.sign_in
        && let Some(claim) = cookies::pending_claim(auth, req.headers(), Some(id))
        && let Standing::Open(_) = pending::look(auth, &claim).await?
    {
        return Ok(with_query(&auth.config().base_url.join(CONTINUE), [("pending", claim.id.as_str())]));
    }
    Ok(with_query(&auth.config().password_reset_page(), [("success", "true")]))
}

/// What is wrong with a form.
#[derive(Default)]
struct Wrong {
    /// By its name for frontends, and in words.
    name: &'static str,
    description: String,
    /// What our page says above the form.
    error: Option<&'static str>,
    /// What it says beside the password.
    password: Option<String>,
}

impl Wrong {
    fn of(name: &'static str, words: &'static str) -> Self {
        Self { name, description: words.to_owned(), error: Some(words), password: None }
    }

    fn password(words: String, sentence: String) -> Self {
        Self { name: "invalid_password", description: sentence, error: None, password: Some(words) }
    }
}

/// Our page again, with the token in its form and in no address; or the page of a frontend, which gets it as it always did.
async fn answered(
    auth: &Auth,
    form: &PostedForm,
    token: &Secret,
    is_own: bool,
    wrong: Wrong,
) -> Result<HttpResponse, Error> {
    if is_own {
        return shown(auth, &form.req, &form.params, (token, form.token()), wrong).await;
    }
    let query = [("error", wrong.name), ("error_description", wrong.description.as_str()), ("token", token.expose())];
    Ok(redirect(&with_query(&auth.config().password_reset_page(), query)))
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (token, form_token): (&Secret, String),
    wrong: Wrong,
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req);
    let view = View::new(auth, req, &reader);
    let Some(question) = flow::look(auth, token, &wire::caller(req, auth.config())).await? else {
        return Ok(dead(view).await);
    };
    let status = match wrong.name.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = Page::Reset(ResetPage {
        action: &reader.keep(RESET_FORM),
        form_token,
        token: token.expose(),
        username: &question.username,
        demanded: question.demanded || params.flag("login_reset"),
        password: FieldOnPage { asked: true, required: true, value: String::new(), error: wrong.password },
        error: wrong.error,
    });
    let along = params.echo(&["token", "login_reset", "error", "error_description", "lang"]);
    Ok(show(view, &page, status, &along).await)
}

async fn dead(view: View<'_>) -> HttpResponse {
    let forgot = view.reader.keep(&view.auth.config().base_url.join(FORGOT));
    let page = Page::Message(MessagePage {
        title: texts::DEAD_LINK_TITLE,
        message: texts::DEAD_LINK_OVER,
        action: None,
        fields: &[],
        button: "",
        link: Some(&forgot),
        link_text: texts::ASK_AGAIN,
        link_app: None,
    });
    show(view, &page, StatusCode::GONE, &[]).await
}

/// The new password is set: nobody is signed in by it, and the app that somebody came from is not forgotten (people PPL-93).
async fn done(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<HttpResponse, Error> {
    let reader = params.reader(req);
    let asked = cookies::asked(auth, req.headers());
    let kept =
        Params::of_form(form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish().as_bytes())?;
    let app = match request(&kept) {
        Ok(asked) if asked.client_id.is_some() => authorize::app_of(auth, &asked).await?,
        _ => None,
    };
    let (sign_in, words) = match &app {
        Some(_) => (login_location(auth, &asked), texts::SIGN_IN_FOR_APP),
        None => (reader.keep(&auth.config().base_url.join("/account/sign-in")), texts::TO_SIGN_IN),
    };
    let page = Page::Message(MessagePage {
        title: texts::RESET_DONE_TITLE,
        message: texts::RESET_DONE,
        action: None,
        fields: &[],
        button: "",
        link: Some(&sign_in),
        link_text: words,
        link_app: app.as_ref().map(|app| app.name.as_str()),
    });
    Ok(show(View::new(auth, req, &reader), &page, StatusCode::OK, &[]).await)
}

/// `POST /api/v1/auth/password/reset`
pub(super) async fn by_json(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    let params = body(received)?;
    let token = params.body_text("token")?.map(Secret::new).unwrap_or_else(|| Secret::new(""));
    let password = params.body_text("password")?.map(Secret::new).unwrap_or_else(|| Secret::new(""));
    match flow::reset(&auth, &token, &password, &wire::caller(&req, auth.config())).await {
        Ok(_) => Ok(private(reply(&json!({})))),
        Err(ResetError::Password(error)) => Ok(private(field_errors(&FormErrors::from(error)))),
        Err(ResetError::Refused(Error::Refused(refusal))) if refusal.code == Code::DeadLink => {
            Err(Error::refused(Code::InvalidRequest, texts::INVALID_TOKEN).into())
        }
        Err(ResetError::Refused(error)) => Err(error.into()),
    }
}
