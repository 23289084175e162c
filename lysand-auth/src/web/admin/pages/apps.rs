//! `GET /admin/apps`: the apps; one of them, and its end (people PPL-147).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::confirm::{self, Question};
use super::frame::{APPS, acted, frame, looked, shown};
use super::listing::Listing;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin::{self, AppForStaff};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{AdminAppPage, AdminAppsPage, AppRow, Page, Reader};
use crate::model::redirect_uri::RedirectUri;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::app_on_page;
use crate::web::wire::params::Received;
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 100;

/// `GET /admin/apps`, those with `q` in their name or website if it is given.
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let reader = params.reader(&req).for_account(Some(&staff.account));
        let searched = params.last_scalar("q")?.unwrap_or_default();
        let searched: String = searched.trim().chars().take(LONGEST_SEARCH).collect();
        let listing = Listing::new(APPS, params, &[("q", &searched)]);
        let wanted = Some(searched.clone()).filter(|text| !text.is_empty());
        let found = admin::apps(&auth, &staff.account, wanted, listing.span()).await?;
        let page = Page::AdminApps(AdminAppsPage {
            frame: frame(&auth, &reader, &staff.account, APPS).await?,
            action: APPS,
            lang: reader.asked.as_ref().map(ToString::to_string),
            apps: found.items.iter().map(|known| row(&auth, &reader, known)).collect(),
            neighbours: listing.neighbours(&auth, &reader, &found, |known| known.app.id.as_str()),
            searched: searched.clone(),
            notice: params.last_text("notice").filter(|notice| notice == "removed").map(|_| texts::APP_REMOVED),
        });
        Ok::<_, Error>(shown(&auth, &req, &reader, &page, false).await)
    })
    .await
}

/// `GET /admin/apps/ID`
pub(super) async fn one(auth: Data<Auth>, req: HttpRequest, received: Received, id: Path<String>) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let reader = params.reader(&req).for_account(Some(&staff.account));
        let known = admin::see_app(&auth, &staff.account, &id).await?;
        let link = |path: &str| reader.keep(&auth.config().base_url.join(path));
        let may_remove = admin::require_admin(&staff.account).is_ok() && !known.app.first_party;
        let page = Page::AdminApp(Box::new(AdminAppPage {
            frame: frame(&auth, &reader, &staff.account, "").await?,
            app: row(&auth, &reader, &known),
            redirect_uris: known.app.redirect_uris.iter().map(RedirectUri::as_str).collect(),
            scopes: known.app.scopes.to_string().split_whitespace().map(str::to_owned).collect(),
            remove: may_remove.then(|| link(&format!("{}/remove", place(&id)))),
            back: link(APPS),
        }));
        Ok::<_, Error>(shown(&auth, &req, &reader, &page, false).await)
    })
    .await
}

/// `GET /admin/apps/ID/remove`
pub(super) async fn remove_page(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
    id: Path<String>,
) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let question = question(&auth, staff, &id).await?;
        confirm::asked(&auth, &req, params, (staff, form.token()), (question, None)).await
    })
    .await
}

/// `POST /admin/apps/ID/remove`
pub(super) async fn remove(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
    id: Path<String>,
) -> HttpResponse {
    acted((&auth, &req), form, async |posted| {
        let staff = &posted.staff;
        let question = question(&auth, staff, &id).await?;
        if let Some(why) = confirm::objection(&auth, &posted).await? {
            let form = (&**staff, posted.form.token());
            return confirm::asked(&auth, &req, &posted.form.params, form, (question, Some(why))).await;
        }
        admin::remove_app(&auth, &staff.account, &id, &wire::caller(&req, auth.config())).await?;
        let place = with_query(&auth.config().base_url.join(APPS), [("notice", "removed")]);
        Ok(redirect(&posted.form.reader().keep(&place)))
    })
    .await
}

async fn question(auth: &Auth, staff: &SignedInBrowser, id: &str) -> Result<Question, Error> {
    let app = admin::removable_app(auth, &staff.account, id).await?;
    Ok(Question {
        place: format!("{}/remove", place(id)),
        words: texts::ACT_REMOVE_APP,
        what: texts::ACT_REMOVE_APP_WHAT,
        subject: app.name,
        has_formats: false,
        back: place(id),
    })
}

fn place(id: &str) -> String {
    format!("{APPS}/{id}")
}

fn row<'a>(auth: &Auth, reader: &Reader, known: &'a AppForStaff) -> AppRow<'a> {
    let app = app_on_page(&known.app);
    AppRow {
        link: reader.keep(&auth.config().base_url.join(&place(known.app.id.as_str()))),
        name: app.name,
        website: app.website,
        website_host: app.website_host,
        first_party: known.app.first_party,
        public: known.app.is_public,
        since: known.app.created_at.into(),
        network: known.network.as_deref(),
        live_tokens: known.live_tokens,
        people: known.people,
        has_more: known.has_more,
        last_used: known.last_used.map(Into::into),
    }
}
