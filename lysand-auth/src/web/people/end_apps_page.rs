//! The page that takes their access away from many apps at once (people PPL-115).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::confirm_identity;
use super::password::to_sign_in;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::credentials;
use crate::flows::end_apps::{self as flow, Viewer, WhichApps};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{EndAppsPage, Page};
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, app_on_page, show};
use crate::web::kit::session;
use crate::web::pages::app_list;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// Which apps a request is about, by its path and the days that it names.
fn which(req: &HttpRequest, days: Option<String>) -> Result<WhichApps, Error> {
    if req.path().trim_end_matches('/') == app_list::END_ALL {
        return Ok(WhichApps::All);
    }
    let which = days.as_deref().and_then(WhichApps::unused_for);
    which.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))
}

/// The path of the page.
fn path(which: WhichApps) -> &'static str {
    if which == WhichApps::All { app_list::END_ALL } else { app_list::END }
}

/// `GET /account/apps/end?unused_for=DAYS`, `GET /account/apps/end/all`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let which = which(&req, params.last_text("unused_for"))?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), app_list::PATH));
        };
        if which == WhichApps::All && !credentials::is_proven(&auth, &browser).await? {
            return Ok(redirect(&confirm_identity::address(&params.reader(&req), app_list::END_ALL)));
        }
        shown((&auth, &req, &params), (&browser, form.token()), which, None).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/apps/end` with `unused_for`, `POST /account/apps/end/all`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let which = which(&req, form.text("unused_for")?)?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), app_list::PATH));
        };
        if form.is_stale()? {
            let again = Some(texts::TRY_AGAIN);
            return shown((&auth, &req, &form.params), (&browser, form.token()), which, again).await;
        }
        let (viewer, caller) = (Viewer::in_browser(&auth, &browser), wire::caller(&req, auth.config()));
        match flow::end(&auth, &viewer, which, None, &caller).await {
            Ok(ended) => {
                let notice = if ended.is_empty() { "none_removed" } else { "all_removed" };
                let place = with_query(&auth.config().base_url.join(app_list::PATH), [("notice", notice)]);
                Ok(redirect(&form.reader().keep(&place)))
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::ProofRequired => {
                Ok(redirect(&confirm_identity::address(&form.reader(), app_list::END_ALL)))
            }
            Err(error) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    which: WhichApps,
    error: Option<&'static str>,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let apps = flow::would_end(auth, &Viewer::in_browser(auth, browser), which).await?;
    let reader = params.reader(req).for_account(Some(account));
    let page = Page::EndApps(EndAppsPage {
        action: &reader.keep(path(which)),
        form_token,
        username: &account.username,
        unused_for: match which {
            WhichApps::UnusedFor(days) => Some(days),
            WhichApps::All => None,
        },
        apps: apps.iter().map(app_on_page).collect(),
        error,
        cancel: reader.keep(&auth.config().base_url.join(app_list::PATH)),
    });
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}
