//! Signing out of this server (Lysand §12.7).

use actix_web::HttpResponse;
use actix_web::http::header;

use crate::flows::sessions;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{self, View};
use crate::web::wire::cookies;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// `POST /api/auth/mastodon-logout`
pub(crate) async fn sign_out(form: PostedForm) -> Result<HttpResponse, ApiError> {
    let auth = &form.auth;
    let browser = form.signed_in_without_factor().await?;
    if let Err(error) = form.prove() {
        let reader = form.reader().for_account(browser.account());
        return Ok(page::error_page_or_json(View::new(auth, &form.req, &reader), error).await);
    }
    if let Some(session) = browser.session() {
        sessions::sign_out(auth, session, &request::caller(&form.req, auth.config())).await?;
    }
    form.end_session();
    let mut reply = HttpResponse::SeeOther();
    reply.insert_header((header::LOCATION, form.reader().keep(&auth.config().home_page())));
    reply.insert_header((header::CACHE_CONTROL, "private, no-store"));
    for removal in cookies::session_removals(auth).chain([cookies::removal(auth, "_session_id")]) {
        reply.cookie(removal);
    }
    Ok(reply.finish())
}
