//! The page that shows an approved code, to be copied into the app (Mastodon §5.5).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorize;
use crate::host::pages::{CodePage, Page};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};

/// `GET /oauth/authorize/native` and `GET /oauth/code`
pub(crate) async fn code(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let params = received.0.unwrap_or_default();
    let mut reply = match answer(&auth, &req, &params).await {
        Ok(reply) => reply,
        Err(error) => PageError::from(error).render(&auth, &req, &params).await,
    };
    reply.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

/// The code as the session was given it; any other text of a link is a stranger's (faults F15).
async fn answer(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<HttpResponse, Error> {
    let code = params.last_text("code").unwrap_or_default();
    let looks_right = (11..=128).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !looks_right {
        return Err(Error::missing("code"));
    }
    let over = || Error::refused(Code::InvalidGrant, texts::REQUEST_OVER);
    let browser = session::optional(auth, req).await?.0.ok_or_else(over)?;
    if !authorize::may_show(auth, &Secret::new(code.as_str()), &browser).await? {
        return Err(over());
    }
    let reader = params.reader(req).for_account(Some(&browser.account));
    Ok(show(View::new(auth, req, &reader), &Page::Code(CodePage { code: &code }), StatusCode::OK, &[]).await)
}
