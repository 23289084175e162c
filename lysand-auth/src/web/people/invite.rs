//! The link of an invitation as Mastodon has it: a browser goes on to the page that signs up, an app gets to hear whether the
//! code is good (people PPL-81, PPL-82).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, VARY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::paths::REGISTER;
use crate::auth::Auth;
use crate::flows::invitations::{self, Shown};
use crate::texts;
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::{ApiError, JsonBody, json as reply};
use crate::web::wire::request as wire;

/// `GET /invite/{code}`
pub(super) async fn open(auth: Data<Auth>, req: HttpRequest, code: Path<String>) -> Result<HttpResponse, ApiError> {
    let is_app = wire::accepts(req.headers(), "application/json") && !wire::accepts(req.headers(), "text/html");
    let mut answer = match is_app {
        true => told(&auth, &req, &code).await?,
        false => {
            // What came along goes along: an app's request, a language.
            let code = with_query("", [("invite", code.as_str())]);
            let query = match req.query_string() {
                "" => code,
                query => format!("?{query}&{}", code.trim_start_matches('?')),
            };
            redirect(&auth.config().base_url.join(&format!("{REGISTER}{query}")))
        }
    };
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    Ok(answer)
}

async fn told(auth: &Auth, req: &HttpRequest, code: &str) -> Result<HttpResponse, ApiError> {
    let shown = invitations::show(auth, code, &wire::caller(req, auth.config())).await?;
    Ok(match shown {
        Shown::Usable => reply(&json!({
            "invite_code": code,
            "instance_api_url": auth.config().base_url.join("/api/v2/instance"),
        })),
        Shown::Unusable => {
            HttpResponse::build(StatusCode::UNAUTHORIZED).json_body(&json!({ "error": texts::INVITE_INVALID }))
        }
    })
}
