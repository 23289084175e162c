//! The public page of an account, where the account entity of the API says that it is: `/@name`, and `/users/name` as the
//! name that never changes (faults B7). A frontend has pages of its own for this.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::error::Error;
use lysand_auth::host::accounts::{Account, Accounts as _, Standing};
use lysand_auth::host::pages::AccountOnPage;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{ApiError, not_found, reader, way_back_notice};

use super::error_page::{self, wants_page};
use super::texts;
use crate::pages::contexts::PublicProfilePage;
use crate::paths::HOME;
use crate::settings::domain;
use crate::state::State;

/// `GET /@name`: what everybody may know of an account.
async fn show(state: Data<State>, req: HttpRequest, name: Option<Path<String>>) -> Result<HttpResponse, ApiError> {
    let Some(account) = find(&state, name).await? else { return Ok(unknown(&state, &req).await) };
    if !wants_page(req.headers()) {
        return Ok(told_apart(not_found().await));
    }
    let reader = reader(&req);
    let page = PublicProfilePage {
        account: AccountOnPage { username: &account.username, display_name: &account.display_name },
        host: domain(&state.settings.http.base_url),
        home: reader.keep(HOME),
    };
    let way_back = way_back_notice(&state.auth, &req).await;
    Ok(told_apart(state.pages.reply((&reader, way_back.as_ref()), StatusCode::OK, "public_profile.html", &page)))
}

/// `GET /users/name`: redirects to the page.
async fn redirect(state: Data<State>, req: HttpRequest, name: Option<Path<String>>) -> Result<HttpResponse, ApiError> {
    let Some(account) = find(&state, name).await? else { return Ok(unknown(&state, &req).await) };
    let profile = state.accounts.profile(&account, &state.auth.config().base_url);
    Ok(HttpResponse::Found().insert_header((header::LOCATION, profile.url)).finish())
}

/// The account of this name, and of no address, that everybody may know of: one that may act.
async fn find(state: &State, name: Option<Path<String>>) -> Result<Option<Account>, ApiError> {
    let Some(name) = name else { return Ok(None) };
    let found = state.accounts.by_identifier(&name).await.map_err(Error::from_host)?;
    let is_public = |account: &Account| {
        account.username.eq_ignore_ascii_case(&name)
            && account.standing == Standing::Active
            && account.email.as_ref().is_none_or(|email| email.confirmed)
    };
    Ok(found.filter(is_public))
}

async fn unknown(state: &State, req: &HttpRequest) -> HttpResponse {
    if !wants_page(req.headers()) {
        return told_apart(not_found().await);
    }
    let reader = reader(req);
    let start_over = Some(reader.keep(HOME));
    let way_back = way_back_notice(&state.auth, req).await;
    let to = (&reader, way_back.as_ref());
    told_apart(error_page::reply(state, to, StatusCode::NOT_FOUND, texts::NOT_FOUND, start_over))
}

/// People get a page and programs JSON at the same address.
fn told_apart(mut reply: HttpResponse) -> HttpResponse {
    reply.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    reply
}

/// The routes of the pages; none in redirect mode.
pub fn routes(state: &State) -> Routes {
    let routes = Routes::new(&state.auth, AnswerKind::Page);
    if state.frontend.is_some() {
        return routes;
    }
    routes.route("/@{name}", [get(show)]).route("/users/{name}", [get(redirect)])
}
