//! The pages of this server's own that say what went wrong.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use lysand_auth::host::pages::ErrorPage;

use crate::pages::ShownTo;
use crate::state::State;

/// Whether a person is behind a request: a browser that goes somewhere asks for a document.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

/// The error page with this title and message; `start_over` is its link.
pub(super) fn reply<'a>(
    state: &State,
    to: impl Into<ShownTo<'a>>,
    status: StatusCode,
    [title, message]: [&str; 2],
    start_over: Option<String>,
) -> HttpResponse {
    let status_number = status.as_u16();
    let page =
        ErrorPage { status: status_number, title, message, error: "", error_description: "", start_over, app: None };
    state.pages.reply(to, status, "trouble.html", &page)
}
