//! `GET /admin/accounts/ID`: one account, and what is done to it at once (people PPL-152).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::accounts::row;
use super::deed::{AT_ONCE, Deed, GRAVE, address, done};
use super::frame::{ACCOUNTS, EVENTS, INVITATIONS, Posted, acted, frame, looked, shown};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin::{self, AccountForStaff};
use crate::flows::events::{self, EventKind};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{ActOnPage, AdminAccountPage, EventOnPage, NetworkOnPage, Page, Reader};
use crate::model::event::Event;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// How many events and networks the page shows.
const MOST_EVENTS: usize = 20;
const MOST_NETWORKS: usize = 10;

/// `GET /admin/accounts/ID`
pub(super) async fn page(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
    id: Path<String>,
) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let notice = match params.last_text("notice").as_deref() {
            Some("done") => Some(texts::DONE),
            Some("made") => Some(texts::ACCOUNT_MADE),
            Some("made_and_mailed") => Some(texts::ACCOUNT_MADE_AND_MAILED),
            _ => None,
        };
        one(&auth, &req, params, (staff, form.token(), &id), (notice, None)).await
    })
    .await
}

/// `POST /admin/accounts/ID`, with `do`: what hurts nobody.
pub(super) async fn submit(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
    id: Path<String>,
) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        let again = |why: String| one(&auth, &req, &form.params, (&staff, form.token(), &id), (None, Some(why)));
        if form.is_stale()? {
            return again(texts::TRY_AGAIN.to_owned()).await;
        }
        let wanted = form.text("do")?.unwrap_or_default();
        let Some(deed) = AT_ONCE.into_iter().find(|deed| deed.name() == wanted) else {
            return again(texts::NOTHING_CHOSEN.to_owned()).await;
        };
        match deed.perform(&auth, &req, &staff, &id, &Default::default()).await {
            Ok(()) => Ok(redirect(&done(&auth, &id))),
            Err(Error::Refused(refusal)) => again(refusal.why.into_owned()).await,
            Err(error) => Err(error),
        }
    })
    .await
}

async fn one(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (staff, form_token, id): (&SignedInBrowser, String, &str),
    (notice, error): (Option<&'static str>, Option<String>),
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req).for_account(Some(&staff.account));
    let found = admin::see(auth, &staff.account, id, &wire::caller(req, auth.config())).await?;
    let events = events::of_account(auth, &found.account.id).await?;
    let is_wrong = error.is_some();
    let link = |path, name| reader.keep(&with_query(&auth.config().base_url.join(path), [(name, id)]));
    let page = Page::AdminAccount(Box::new(AdminAccountPage {
        frame: frame(auth, &reader, &staff.account, "").await?,
        account: row(auth, &reader, &found),
        confirmed: found.account.email.as_ref().is_none_or(|email| email.confirmed),
        reason: found.sign_up.as_ref().and_then(|record| record.reason.clone()),
        inviter: found.invited_by.as_ref().map(|inviter| reader.keep(&address(auth, inviter.as_str()))),
        places: places(&found),
        form_token,
        action: reader.keep(&address(auth, id)),
        acts: acts(auth, &reader, staff, &found).await?,
        all_events: link(EVENTS, "target"),
        invitations: link(INVITATIONS, "by"),
        events: events.iter().filter_map(on_page).take(MOST_EVENTS).collect(),
        notice,
        error,
    }));
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

fn places(found: &AccountForStaff) -> Vec<NetworkOnPage> {
    let shown = found.places.iter().take(MOST_NETWORKS);
    shown.map(|place| NetworkOnPage { network: place.network.clone(), last: place.at.into() }).collect()
}

/// What this member of the staff may do to the account as it is.
async fn acts(
    auth: &Auth,
    reader: &Reader,
    staff: &SignedInBrowser,
    found: &AccountForStaff,
) -> Result<Vec<ActOnPage>, Error> {
    let mut acts = Vec::new();
    for deed in AT_ONCE.into_iter().chain(GRAVE) {
        let may = deed.fits(&found.account)
            && match admin::require(auth, &staff.account, &found.account, deed.act()).await {
                Ok(()) => true,
                Err(Error::Refused(_)) => false,
                Err(error) => return Err(error),
            };
        if may {
            let link = |deed: Deed| {
                let page = auth.config().base_url.join(&format!("{ACCOUNTS}/{}/{}", found.account.id, deed.name()));
                reader.keep(&page)
            };
            let link = GRAVE.contains(&deed).then(|| link(deed));
            acts.push(ActOnPage { name: deed.name(), words: deed.words(), link });
        }
    }
    Ok(acts)
}

fn on_page(event: &Event) -> Option<EventOnPage> {
    Some(EventOnPage {
        what: EventKind::named(&event.event)?.words()?,
        at: event.at.into(),
        clock: event.at.to_iso8601().get(11..16).unwrap_or_default().to_owned(),
        network: event.network.clone(),
        by_staff: event.actor_kind == "command" || event.actor_kind == "account" && event.actor != event.target,
    })
}
