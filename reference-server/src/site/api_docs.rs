//! `GET /api-docs`: what programs can ask of this server, for people (native NAT-12).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{RouteList, Routes, get};
use lysand_auth::web::{ApiError, SignedIn, reader, way_back_notice};

use crate::api::openapi::Document;
use crate::pages::contexts::ApiDocsPage;
use crate::paths::{API_DOCS, HOME, OPENAPI};
use crate::state::State;

/// `GET /api-docs`
async fn show(
    (state, routes): (Data<State>, Data<RouteList>),
    document: Data<Document>,
    req: HttpRequest,
    browser: SignedIn,
) -> Result<HttpResponse, ApiError> {
    let reader = reader(&req).for_account(browser.account());
    let sections = &document.of(&state, &routes)?.sections;
    let page = ApiDocsPage { sections, document: OPENAPI, home: reader.keep(HOME) };
    let way_back = way_back_notice(&state.auth, &req).await;
    Ok(state.pages.reply((&reader, way_back.as_ref()), StatusCode::OK, "api_docs.html", &page))
}

/// The route of the page.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Page).route(API_DOCS, [get(show)])
}
