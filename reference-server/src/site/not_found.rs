//! The answer to requests that no route matches: a page for people, the usual JSON for programs.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use lysand_auth::web::headers::{AnswerKind, Headers};
use lysand_auth::web::{not_found, reader, way_back_notice};

use super::error_page::{self, wants_page};
use super::texts;
use crate::paths::HOME;
use crate::state::State;

async fn page(state: Data<State>, req: HttpRequest) -> HttpResponse {
    let reader = reader(&req);
    let start_over = Some(reader.keep(HOME));
    let way_back = way_back_notice(&state.auth, &req).await;
    let mut reply =
        error_page::reply(&state, (&reader, way_back.as_ref()), StatusCode::NOT_FOUND, texts::NOT_FOUND, start_over);
    reply.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    reply
}

/// The routes for what no other route matches: mount them last.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let secure = state.auth.config().base_url.is_secure();
    move |config| {
        let is_visit = |context: &guard::GuardContext<'_>| {
            matches!(context.head().method, Method::GET | Method::HEAD) && wants_page(&context.head().headers)
        };
        let resource = || web::resource("/{anything:.*}");
        let visited = resource().guard(guard::fn_guard(is_visit)).default_service(web::to(page));
        config.service(visited.wrap(Headers::new(AnswerKind::Page, secure)));
        config.service(resource().default_service(web::to(not_found)).wrap(Headers::new(AnswerKind::Api, secure)));
    }
}
