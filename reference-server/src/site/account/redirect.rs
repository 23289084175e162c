//! Back to the page after one of its forms.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::host::pages::Reader;
use lysand_auth::web::reader;

use crate::paths::{ACCOUNT, CONFIRM_FOR_ACCOUNT};
use crate::site::texts::AccountNotice;
use crate::state::State;

/// Redirects to the page, in the language in which it was shown.
pub(super) fn to_page(state: &State, req: &HttpRequest, notice: Option<AccountNotice>) -> HttpResponse {
    to(state, &reader(req).keep(&path(notice)))
}

/// Redirects to the page without the `lang` of the one that was shown: it would hide a language that was just chosen.
pub(super) fn to_page_in_chosen_language(state: &State, notice: AccountNotice) -> HttpResponse {
    to(state, &path(Some(notice)))
}

/// Redirects to the page where the person confirms that it is them, and from there back.
pub(super) fn to_confirmation(state: &State, req: &HttpRequest) -> HttpResponse {
    to(state, &reader(req).keep(CONFIRM_FOR_ACCOUNT))
}

/// Redirects to the page where second factors are set up.
pub(super) fn to_second_factors(state: &State, reader: &Reader) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, reader.keep(&state.auth.config().page_url("security"))))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .finish()
}

fn path(notice: Option<AccountNotice>) -> String {
    let query = notice.map(|notice| format!("?notice={}", notice.name())).unwrap_or_default();
    format!("{ACCOUNT}{query}")
}

fn to(state: &State, path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, state.settings.http.base_url.join(path)))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .finish()
}
