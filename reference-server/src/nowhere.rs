//! Addresses that lead nowhere: a page for people who go there, the usual JSON for programs.

use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use lysand_auth::host::pages::ErrorPage;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{not_found, reader};

use crate::server::State;

/// The words of the page.
pub(crate) const WORDS: [&str; 2] = ["There is no such page", "The address is wrong, or what was there is gone."];

/// Whether a person is behind a request: a browser that goes somewhere asks for a document.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

async fn page(state: Data<State>, req: HttpRequest) -> HttpResponse {
    let reader = reader(&req);
    let [title, message] = WORDS;
    let start_over = Some(reader.keep("/"));
    let page = ErrorPage { status: 404, title, message, error: "", error_description: "", start_over };
    let mut reply = state.pages.reply(&reader, StatusCode::NOT_FOUND, "trouble.html", &page);
    reply.headers_mut().append(header::VARY, header::HeaderValue::from_static("Accept"));
    reply
}

/// The end of the road: mount it after all other routes.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let secure = state.auth.config().base_url.is_secure();
    move |config| {
        let is_visit = |context: &guard::GuardContext<'_>| {
            matches!(context.head().method, Method::GET | Method::HEAD) && wants_page(&context.head().headers)
        };
        let resource = || web::resource("/{anything:.*}");
        let visited = resource().guard(guard::fn_guard(is_visit)).default_service(web::to(page));
        config.service(visited.wrap(Headers::new(Surface::Page, secure)));
        config.service(resource().default_service(web::to(not_found)).wrap(Headers::new(Surface::Api, secure)));
    }
}
