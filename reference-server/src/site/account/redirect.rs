//! Back to the page after one of its forms.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::web::reader;

use crate::paths::ACCOUNT;
use crate::site::texts::AccountNotice;
use crate::state::State;

/// Redirects to the page, in the language in which it was shown.
pub(super) fn to_page(state: &State, req: &HttpRequest, notice: Option<AccountNotice>) -> HttpResponse {
    to_query(state, &reader(req).keep(&query(notice)))
}

/// Redirects to the page without the `lang` of the one that was shown: it would hide a language that was just chosen.
pub(super) fn to_page_in_chosen_language(state: &State, notice: AccountNotice) -> HttpResponse {
    to_query(state, &query(Some(notice)))
}

fn query(notice: Option<AccountNotice>) -> String {
    notice.map(|notice| format!("?notice={}", notice.name())).unwrap_or_default()
}

fn to_query(state: &State, query: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, state.settings.http.base_url.join(&format!("{ACCOUNT}{query}"))))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .finish()
}
