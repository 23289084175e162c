//! The fallback in redirect mode: unmatched `GET` and `HEAD` requests are forwarded to the frontend (Lysand §13.1).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use lysand_auth::host::pages::{ErrorPage, Page};
use lysand_auth::web::headers::{AnswerKind, Headers};
use lysand_auth::web::{json, not_found, reader};
use serde_json::json;

use super::error_page::wants_page;
use super::texts;
use crate::frontend::ForwardError;
use crate::state::State;

/// Paths that are never forwarded, whatever the frontend has there.
const OWN_PATHS: [&str; 5] = ["/api", "/oauth", "/oauth/{anything:.*}", "/.well-known", "/.well-known/{anything:.*}"];

/// Forwards a request that no other route answers.
async fn frontend_fallback(state: Data<State>, client: Data<reqwest::Client>, req: HttpRequest) -> HttpResponse {
    let Some(frontend) = &state.frontend else { return not_found().await };
    match frontend.forward(&client, &req).await {
        Ok(response) => response,
        Err(ForwardError::BadPath) => not_found().await,
        Err(ForwardError::Loop) => in_json(StatusCode::LOOP_DETECTED, "frontend.url leads back to this server"),
        Err(ForwardError::Busy) => error(&state, &req, StatusCode::SERVICE_UNAVAILABLE),
        Err(ForwardError::Timeout) => error(&state, &req, StatusCode::GATEWAY_TIMEOUT),
        Err(ForwardError::Unreachable | ForwardError::ForeignRedirect) => error(&state, &req, StatusCode::BAD_GATEWAY),
    }
}

/// A page for people, JSON for programs.
fn error(state: &State, req: &HttpRequest, status: StatusCode) -> HttpResponse {
    let [title, message] = texts::FRONTEND_UNREACHABLE;
    let mut reply = in_json(status, message);
    if wants_page(req.headers()) {
        let page = ErrorPage {
            status: status.as_u16(),
            title,
            message,
            error: "",
            error_description: "",
            start_over: None,
            app: None,
        };
        if let Ok(shown) = state.pages.library_page(&Page::Error(page), &reader(req)) {
            let mut page = HttpResponse::build(status);
            page.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"));
            if let Some(language) = shown.language {
                page.insert_header((header::CONTENT_LANGUAGE, language));
            }
            reply = page.body(shown.html);
        }
    }
    reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    reply.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
    reply
}

fn in_json(status: StatusCode, error: &str) -> HttpResponse {
    let mut reply = json(&json!({ "error": error }));
    *reply.status_mut() = status;
    reply
}

/// The route of the fallback: mount it after all others.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let secure = state.auth.config().base_url.is_secure();
    let (page, api) = (Headers::new(AnswerKind::Page, secure), Headers::new(AnswerKind::Api, secure));
    let frontend = state.frontend.clone();
    move |config| {
        let Some(frontend) = frontend else { return };
        let client = match frontend.client() {
            Ok(client) => client,
            Err(error) => {
                return tracing::error!(%error, "no client for the frontend can be made; its pages are not shown");
            }
        };
        for path in OWN_PATHS {
            config.service(web::resource(path).default_service(web::to(not_found)).wrap(api));
        }
        config.service(
            web::resource("/{anything:.*}")
                .guard(guard::Any(guard::Get()).or(guard::Head()))
                .app_data(Data::new(client))
                .route(web::to(frontend_fallback))
                .wrap(page),
        );
    }
}
