//! The accounts of the browser, for frontends: which there are, going on as another, and leaving (FAC-58).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::{Value, json};

use super::choose_account::switched;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::accounts as flow;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::session;
use crate::web::pages::authorization_request::{ECHOED, login_location};
use crate::web::pages::continue_sign_in;
use crate::web::pages::factor::entity;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{pairs, redirect, with_query};
use crate::web::wire::reply::{ApiError, json as reply};
use crate::web::wire::{accounts_cookie, cookies, request};

/// `GET /api/auth/accounts`
pub(super) async fn list(auth: Data<Auth>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let found = flow::list(&auth, &accounts_cookie::listed(&auth, req.headers())).await?;
    let told: Vec<Value> = found
        .accounts
        .iter()
        .map(|listed| {
            json!({
                "account": listed.name,
                "username": listed.account.username,
                "display_name": listed.account.display_name,
                "live": listed.session.is_some(),
            })
        })
        .collect();
    Ok(reply(&Value::Array(told)))
}

/// `POST /api/auth/accounts/switch`: with an app's request in the query as `POST /oauth/authorize/continue`, else for no app.
pub(super) async fn switch(form: Result<PostedForm, ApiError>) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    if form.params.last_text("client_id").is_some() && !request::wants_json(form.req.headers()) {
        return continue_sign_in::continue_sign_in(form).await;
    }
    answered(&form, switched_for_no_app(&form).await)
}

async fn switched_for_no_app(form: &PostedForm) -> Result<HttpResponse, Error> {
    form.params.require_known_type()?;
    request::refuse_method_override(&form.req, &form.params)?;
    form.prove()?;
    let auth = &form.auth;
    if form.text("account")?.is_none() {
        return Err(Error::required("account"));
    }
    let current = form.signed_in_without_factor().await?;
    let (browser, cookie) = switched(form, current.0).await?;
    let echoed = form.params.echo(&ECHOED);
    let next = match echoed.iter().any(|(name, _)| name == "client_id") {
        true => with_query(&auth.config().base_url.join("/oauth/authorize"), pairs(&echoed)),
        false => form.reader().keep(&auth.config().home_page()),
    };
    let mut reply = redirect(&next);
    if let Some(cookie) = cookie {
        cookies::put_session(auth, &mut reply, &cookie)?;
    }
    let account = browser.map(|browser| browser.account);
    let told = json!({
        "account": account.map(|account| json!({ "username": account.username, "display_name": account.display_name })),
    });
    Ok(match request::wants_json(form.req.headers()) {
        true => entity::finished(&reply, "done", told),
        false => reply,
    })
}

/// `POST /api/auth/accounts/forget`: signs out of one account, and forgets it here.
pub(super) async fn forget(form: Result<PostedForm, ApiError>) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    answered(&form, forgotten(&form).await)
}

async fn forgotten(form: &PostedForm) -> Result<HttpResponse, Error> {
    form.params.require_known_type()?;
    request::refuse_method_override(&form.req, &form.params)?;
    form.prove()?;
    let (auth, headers) = (&form.auth, form.req.headers());
    let name = form.text("account")?.ok_or_else(|| Error::required("account"))?;
    let caller = request::caller(&form.req, auth.config());
    let (left, gone) = flow::forget(auth, &accounts_cookie::listed(auth, headers), &name, &caller).await?;
    let echoed = form.params.echo(&ECHOED);
    let next = match echoed.iter().any(|(name, _)| name == "client_id") {
        true => login_location(auth, &echoed),
        false => form.reader().keep(&auth.config().home_page()),
    };
    let mut reply = redirect(&next);
    let current = session::even_without_factor(auth, headers).await?;
    if current.account().is_none_or(|account| account.id == gone) {
        form.end_session();
        for removal in cookies::session_removals(auth) {
            reply.add_cookie(&removal).map_err(Error::failed)?;
        }
    }
    accounts_cookie::put(auth, &mut reply, &left)?;
    Ok(match request::wants_json(headers) {
        true => entity::finished(&reply, "done", json!({})),
        false => reply,
    })
}

/// A person who names what is gone sees the sign-in page; a program is told.
fn answered(form: &PostedForm, reply: Result<HttpResponse, Error>) -> HttpResponse {
    match reply {
        Ok(reply) => reply,
        Err(Error::Refused(refusal)) if request::wants_json(form.req.headers()) => entity::refused(&refusal, None),
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::SignInRequired | Code::NotFound) => {
            redirect(&login_or_home(&form.auth, &form.params))
        }
        Err(error) => ApiError(error).error_response(),
    }
}

fn login_or_home(auth: &Auth, params: &Params) -> String {
    let echoed = params.echo(&ECHOED);
    match echoed.iter().any(|(name, _)| name == "client_id") {
        true => login_location(auth, &echoed),
        false => auth.config().home_page(),
    }
}
