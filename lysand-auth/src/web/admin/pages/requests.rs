//! Requests to join: the queue (people PPL-153).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::frame::{ACCOUNTS, Posted, REQUESTS, acted, frame, looked, shown};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self, Act};
use crate::flows::credentials;
use crate::flows::reviews::{self, Request};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{AdminRequestsPage, Page, Reader, RequestOnPage};
use crate::model::event::Actor;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// Where somebody who is signed in confirms that it is them.
const CONFIRM_IDENTITY: &str = "/account/confirm";
/// How many requests the page shows.
const SHOWN: usize = 100;

/// `GET /admin/requests`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let notice = match params.last_text("notice").as_deref() {
            Some("approved") => Some(texts::REQUESTS_APPROVED),
            Some("rejected") => Some(texts::REQUESTS_REJECTED),
            _ => None,
        };
        queue(&auth, &req, params, (staff, form.token()), (notice, None)).await
    })
    .await
}

/// `POST /admin/requests`, with `do` = `approve` or `reject` and one `id` for each request.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        let again = |error: &'static str| {
            queue(&auth, &req, &form.params, (&staff, form.token()), (None, Some(error.to_owned())))
        };
        if form.is_stale()? {
            return again(texts::TRY_AGAIN).await;
        }
        let ids = form.params.every_text("id")?;
        let approves = match form.text("do")?.as_deref() {
            Some("approve") => true,
            Some("reject") => false,
            _ => return again(texts::NOTHING_CHOSEN).await,
        };
        if ids.is_empty() {
            return again(texts::NOTHING_CHOSEN).await;
        }
        if !approves && !credentials::is_proven(&auth, &staff).await? {
            // Whoever is declined is removed (people PPL-16).
            let confirm = with_query(CONFIRM_IDENTITY, [("then", REQUESTS)]);
            return Ok(redirect(&form.reader().keep(&auth.config().base_url.join(&confirm))));
        }
        let message = form.text("message")?;
        match decide(&auth, &req, &staff, (&ids, approves, message.as_deref())).await? {
            true => {
                let notice = if approves { "approved" } else { "rejected" };
                Ok(redirect(&with_query(&auth.config().base_url.join(REQUESTS), [("notice", notice)])))
            }
            false => again(texts::DECIDED_ALREADY).await,
        }
    })
    .await
}

/// Decides each; false when somebody else had decided one of them.
async fn decide(
    auth: &Auth,
    req: &HttpRequest,
    staff: &SignedInBrowser,
    (ids, approves, message): (&[String], bool, Option<&str>),
) -> Result<bool, Error> {
    let caller = wire::caller(req, auth.config());
    let by = || Actor::Account(staff.account.id.clone());
    let mut all = true;
    for id in ids.iter().take(SHOWN) {
        let done = async {
            let target = admin::target(auth, &staff.account, id, Act::Decide).await?;
            match approves {
                true => reviews::approve(auth, &target.id, by(), &caller).await,
                false => reviews::reject(auth, &target.id, message, by(), &caller).await,
            }
        };
        match done.await {
            Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Conflict | Code::NotFound) => all = false,
            done => done?,
        }
    }
    Ok(all)
}

async fn queue(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (staff, form_token): (&SignedInBrowser, String),
    (notice, error): (Option<&'static str>, Option<String>),
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req).for_account(Some(&staff.account));
    let mut found = reviews::list(auth, true).await?;
    found.sort_by_key(|request| (request.sign_up.confirmed_at.is_none(), request.sign_up.created_at));
    let is_wrong = error.is_some();
    let page = Page::AdminRequests(AdminRequestsPage {
        frame: frame(auth, &reader, &staff.account, REQUESTS).await?,
        action: reader.keep(REQUESTS),
        form_token,
        requests: found.iter().take(SHOWN).map(|request| on_page(auth, &reader, request)).collect(),
        notice,
        error,
        message: params.body_text("message").ok().flatten().unwrap_or_default(),
    });
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

fn on_page(auth: &Auth, reader: &Reader, request: &Request) -> RequestOnPage {
    let email = request.account.email.as_ref();
    let id = request.account.id.as_str();
    RequestOnPage {
        id: id.to_owned(),
        link: reader.keep(&auth.config().base_url.join(&format!("{ACCOUNTS}/{id}"))),
        username: request.account.username.clone(),
        email: email.map_or_else(String::new, |email| email.address.clone()),
        confirmed: email.is_none_or(|email| email.confirmed),
        reason: request.sign_up.reason.clone(),
        network: request.sign_up.network.clone(),
        since: request.sign_up.created_at.into(),
    }
}
