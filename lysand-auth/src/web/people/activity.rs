//! What happened to the own account, as a page and in JSON (people PPL-126).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::json::private;
use super::password::to_sign_in;
use super::paths::{ACTIVITY, PASSWORD};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::events::{self as flow, Activity, ActivityBy, EventKind};
use crate::host::pages::{ActivityOnPage, ActivityPage, Page};
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, json as reply};

/// `GET /account/activity`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let reply = async {
        let reader = received.0?.reader(&req);
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok::<_, Error>(to_sign_in(&auth, &reader, ACTIVITY));
        };
        let reader = reader.for_account(Some(&browser.account));
        let activity = flow::activity(&auth, &browser.account.id).await?;
        let page = Page::Activity(ActivityPage {
            username: &browser.account.username,
            activity: activity.into_iter().filter_map(on_page).collect(),
            password: (!auth.config().sso.forced).then(|| reader.keep(PASSWORD)),
            account: reader.keep(&auth.config().base_url.join("/account")),
        });
        Ok(show(View::new(&auth, &req, &reader), &page, StatusCode::OK, &[]).await)
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

fn on_page(done: Activity) -> Option<ActivityOnPage> {
    let event = done.event;
    let clock = event.at.to_iso8601().get(11..16).unwrap_or_default().to_owned();
    let (browser, system) = match done.device {
        Some(device) => (Some(device.browser.unwrap_or_else(|| texts::UNKNOWN_BROWSER.to_owned())), device.system),
        None => (None, None),
    };
    Some(ActivityOnPage {
        what: EventKind::named(&event.event)?.words()?,
        count: done.count,
        at: event.at.into(),
        clock,
        app: done.app,
        network: event.network,
        browser,
        system,
        by: (done.by == ActivityBy::Staff).then_some(texts::BY_STAFF),
    })
}

/// `GET /api/v1/auth/events`
pub(super) async fn list(auth: Data<Auth>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["auth:read"]).await?;
    let activity = flow::activity(&auth, &account.id).await?;
    Ok(private(reply(&activity.iter().map(entity).collect::<Vec<Value>>())))
}

fn entity(done: &Activity) -> Value {
    let event = &done.event;
    json!({
        "id": event.id,
        "event": event.event,
        "outcome": event.outcome,
        "at": event.at.to_iso8601(),
        "count": done.count,
        "by": done.by.name(),
        "app": done.app,
        "network": event.network,
        "device": done.device,
    })
}
