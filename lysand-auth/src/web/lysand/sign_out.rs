//! Signing out of this server (Lysand §12.7).

use actix_web::HttpResponse;
use actix_web::http::header;

use crate::flows::{accounts, sessions};
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{self, View};
use crate::web::wire::accounts_cookie;
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
    let caller = request::caller(&form.req, auth.config());
    let is_of_all = form.text("accounts")?.as_deref() == Some("all");
    if let Some(session) = browser.session() {
        sessions::sign_out(auth, session, &caller).await?;
    }
    if is_of_all {
        let listed = accounts_cookie::listed(auth, form.req.headers());
        accounts::sign_out_of_all(auth, &listed, &caller).await?;
    }
    form.end_session();
    let mut reply = HttpResponse::SeeOther();
    reply.insert_header((header::LOCATION, form.reader().keep(&auth.config().home_page())));
    reply.insert_header((header::CACHE_CONTROL, "private, no-store"));
    for removal in cookies::session_removals(auth).chain([cookies::removal(auth, "_session_id")]) {
        reply.cookie(removal);
    }
    let mut reply = reply.finish();
    if is_of_all {
        accounts_cookie::put(auth, &mut reply, &[])?;
    }
    Ok(reply)
}
