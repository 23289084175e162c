//! `GET /health` and `GET /health/ready`: is the process alive, and may it have traffic (running contract §4, LOAD-9)?

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web;
use lysand_auth::error::Error;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::json;
use lysand_auth::web::routes::{Routes, get};
use serde_json::json;

use super::draining::Draining;
use crate::database;
use crate::state::State;

/// The two routes.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Public).route("/health", [get(alive)]).route("/health/ready", [get(ready)])
}

/// Uses no database: one that is unreachable is no reason to restart this process.
async fn alive() -> HttpResponse {
    fresh(json(&json!({ "status": "ok" })))
}

async fn ready(state: web::Data<State>, draining: web::Data<Draining>) -> HttpResponse {
    match not_ready_reason(&state, &draining).await {
        None => fresh(json(&json!({ "status": "ready" }))),
        Some(reason) => {
            let mut answer = fresh(json(&json!({ "status": "not ready", "error": reason })));
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            answer
        }
    }
}

/// Forbids caches to keep the answer.
fn fresh(mut answer: HttpResponse) -> HttpResponse {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The name of the first reason to send no traffic here.
async fn not_ready_reason(state: &State, draining: &Draining) -> Option<&'static str> {
    if draining.has_begun() {
        return Some("shutting_down");
    }
    match database::schema_is_current(state.auth.store()).await {
        Err(Error::Refused(_)) => Some("database"),
        Err(Error::Failed(_)) | Ok(false) => Some("schema"),
        Ok(true) if database::disk_is_full(&state.settings.database) => Some("disk"),
        Ok(true) => database::try_write(state.auth.store()).await.is_err().then_some("database"),
    }
}
