//! Signing in with a code by mail in place of name and password: our own page, and what forms and programs post to (FAC-56, FAC-86).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::json;

use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::flows::code_login::{self as flow, AskedCode, CodeRequest};
use crate::flows::factors::pending::Standing;
use crate::flows::sessions::Browser;
use crate::host::pages::{EmailCodePage, FieldOnPage, Page};
use crate::steps::completion::over;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, app_on_page, error_page, show};
use crate::web::pages::authorization_request::{ECHOED, as_validation_error, login_location, request};
use crate::web::pages::factor::location::to_factor;
use crate::web::pages::factor::posted::claim_of;
use crate::web::pages::factor::{entity, page as factor_page, program};
use crate::web::pages::login_redirect::{LoginPageError, to_login_page, to_waiting_page};
use crate::web::pages::own_sign_in::finish_sign_in;
use crate::web::people::forgot::language;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{lang, pairs, redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request::{self as wire, wants_json};

/// Our own page.
pub(super) const PAGE: &str = "/oauth/email_code";

/// `GET /oauth/email_code`: with a request it asks who somebody is, with `pending` for the code.
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let Some(id) = params.last_text("pending") else {
            return Ok::<_, Error>(asks_name(&auth, &req, &params, form.token()).await);
        };
        let found = match cookies::pending_claim(&auth, req.headers(), Some(&id)) {
            Some(claim) => flow::look(&auth, &claim).await?,
            None => None,
        };
        Ok(match found {
            Some(asked) if asked.waits => asks_code(&auth, &req, &params, (&asked, form.token())).await,
            Some(asked) => ended(&auth, &req, &params, asked).await?,
            None => factor_page::over(&auth, &req, &params, &[]).await,
        })
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// A sign-in that is over: its own browser goes on in the session that it came to, or starts again (FAC-16).
async fn ended(auth: &Auth, req: &HttpRequest, params: &Params, asked: AskedCode) -> Result<HttpResponse, Error> {
    let came_to = asked.session;
    factor_page::leads_on(auth, req, params, Standing::Finished(came_to, asked.request)).await
}

async fn asks_name(auth: &Auth, req: &HttpRequest, params: &Params, form_token: String) -> HttpResponse {
    let (reader, echoed) = (params.reader(req), params.echo(&ECHOED));
    let page = Page::EmailCode(EmailCodePage {
        action: with_query("/api/auth/code/request", pairs(&echoed)),
        form_token,
        pending: None,
        app: None,
        identifier: FieldOnPage { asked: true, required: true, value: String::new(), error: None },
        error: last_error(params),
        notice: None,
        again: String::new(),
        sign_in: login_location(auth, &echoed),
    });
    show(View::new(auth, req, &reader), &page, StatusCode::OK, &echoed).await
}

async fn asks_code(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (asked, form_token): (&AskedCode, String),
) -> HttpResponse {
    let reader = params.reader(req);
    let page = Page::EmailCode(EmailCodePage {
        action: reader.keep("/api/auth/code"),
        form_token,
        pending: Some(&asked.id),
        app: asked.app.as_ref().map(app_on_page),
        identifier: FieldOnPage { asked: false, required: false, value: String::new(), error: None },
        error: last_error(params),
        notice: Some(texts::CODE_SENT),
        again: with_query(PAGE, pairs(&asked.request).chain(lang(&reader))),
        sign_in: login_location(auth, &asked.request),
    });
    show(View::new(auth, req, &reader), &page, StatusCode::OK, &[("pending".to_owned(), asked.id.clone())]).await
}

/// What went wrong at the last try: one of our own sentences, never somebody else's from a URL.
fn last_error(params: &Params) -> Option<&'static str> {
    params.last_text("error")?;
    let described = params.last_text("error_description").unwrap_or_default();
    Some(texts::FACTOR_ERRORS.iter().find(|known| **known == described).copied().unwrap_or(texts::TRY_AGAIN))
}

/// `POST /api/auth/code/request`
pub(super) async fn ask(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    match asked(&form, browser).await {
        Ok(reply) => reply,
        Err(LoginPageError::ToLoginPage(error)) if wants_json(form.req.headers()) => {
            program::refused(&form.auth, &form.req, &form.params, error).await
        }
        Err(error) => LoginPageError::render_or(Err(error), &form).await,
    }
}

async fn asked(form: &PostedForm, browser: Browser) -> Result<HttpResponse, LoginPageError> {
    let auth = &form.auth;
    form.params.require_known_type()?;
    wire::refuse_method_override(&form.req, &form.params)?;
    form.prove_sign_in()?;
    let typed = as_validation_error(form.text("identifier"))?.unwrap_or_default();
    let mut asked = CodeRequest::new(as_validation_error(request(&form.params))?, &typed, browser);
    asked.language = language(auth, &form.reader());
    let claim = flow::ask(auth, asked).await?;
    let view = flow::look(auth, &claim).await?.ok_or_else(over)?;
    let page = page_of(form, &claim.id, None);
    let mut reply = match wants_json(form.req.headers()) {
        true => entity::waits_for_code(&view, &page),
        false => redirect(&page),
    };
    cookies::put_pending(auth, form.req.headers(), &mut reply, &claim)?;
    Ok(reply)
}

fn page_of(form: &PostedForm, id: &str, error: Option<&Refusal>) -> String {
    let reader = form.reader();
    let mut query = vec![("pending", id)];
    if let Some(refusal) = error {
        let name = if refusal.code == Code::WrongFactor { "invalid_grant" } else { "invalid_request" };
        query.extend([("error", name), ("error_description", &*refusal.why)]);
    }
    query.extend(lang(&reader));
    with_query(&form.auth.config().base_url.join(PAGE), query)
}

/// `POST /api/auth/code`
pub(super) async fn answer(form: Result<PostedForm, ApiError>, browser: Browser) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    let claim = match claim_of(&form) {
        Ok(claim) => claim,
        Err(error) => return refused(&form, None, error).await,
    };
    let asked = match flow::look(&form.auth, &claim).await {
        Ok(asked) => asked,
        Err(error) => return refused(&form, None, error).await,
    };
    let done = async {
        let typed = form.text("code")?.unwrap_or_default();
        let signed_in = flow::answer(&form.auth, &claim, &typed, browser).await?;
        let reply = finish_sign_in(&form.auth, &form.req, &signed_in).await?;
        Ok(match wants_json(form.req.headers()) {
            true => program::signed_in(&form.auth, &signed_in, &reply, json!({})),
            false => reply,
        })
    };
    match done.await {
        Ok(reply) => reply,
        Err(error) => refused(&form, asked.as_ref(), error).await,
    }
}

async fn refused(form: &PostedForm, asked: Option<&AskedCode>, error: Error) -> HttpResponse {
    let (auth, req, params) = (&form.auth, &form.req, &form.params);
    let reader = params.reader(req);
    let refusal = match error {
        Error::Refused(refusal) => refusal,
        error => return ApiError(error).error_response(),
    };
    if let Some(claim) = &refusal.pending {
        return to_factor(auth, req, &reader, claim).await;
    }
    if wants_json(req.headers()) {
        return match (refusal.code, asked) {
            (Code::WrongFactor | Code::Validation | Code::TooManyRequests, Some(asked)) => {
                entity::refused_code(&refusal, asked, &page_of(form, &asked.id, None))
            }
            _ => program::refused(auth, req, params, Error::Refused(refusal)).await,
        };
    }
    let request = asked.map(|asked| asked.request.clone()).unwrap_or_default();
    match (refusal.code, asked) {
        _ if refusal.waiting_token.is_some() => to_waiting_page(auth, &reader, &refusal),
        (Code::WrongFactor | Code::Validation, Some(asked)) => redirect(&page_of(form, &asked.id, Some(&refusal))),
        (Code::SignInOver, Some(asked)) => match ended(auth, req, params, asked.clone()).await {
            Ok(reply) => reply,
            Err(error) => ApiError(error).error_response(),
        },
        (Code::SignInOver, None) => factor_page::over(auth, req, params, &request).await,
        (_, Some(_)) => to_login_page(View::new(auth, req, &reader), request, Error::Refused(refusal)).await,
        _ if wire::accepts(req.headers(), "text/html") => {
            error_page(View::new(auth, req, &reader), &Error::Refused(refusal), None).await
        }
        _ => ApiError(Error::Refused(refusal)).error_response(),
    }
}
