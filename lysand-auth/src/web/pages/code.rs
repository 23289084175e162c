//! The page that shows an approved code, to be copied into the app (Mastodon §5.5).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::Error;
use crate::host::pages::{CodePage, Page};
use crate::web::kit::page::{View, error_page, show};
use crate::web::kit::session;
use crate::web::wire::params::Received;

/// `GET /oauth/authorize/native` and `GET /oauth/code`
pub(crate) async fn code(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let params = received.0.unwrap_or_default();
    let reader = session::reader(&auth, &req, &params).await;
    let view = View::new(&auth, &req, &reader);
    let code = params.last_text("code").unwrap_or_default();
    let looks_right = (11..=128).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !looks_right {
        return error_page(view, &Error::missing("code"), None).await;
    }
    let mut reply = show(view, &Page::Code(CodePage { code: &code }), StatusCode::OK, &[]).await;
    reply.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}
