//! `GET /admin/events`: what happened on the server, narrowed and page by page, and its export (people PPL-149).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::confirm::{self, Question};
use super::event_rows::rows;
use super::frame::{EVENTS, acted, frame, looked, shown};
use super::listing::Listing;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin;
use crate::flows::events::{self, EventKind, EventQuery, FileFormat};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{AdminEventsPage, ChoiceOnPage, EventFields, FieldOnPage, Page};
use crate::model::form_error::FormErrors;
use crate::texts;
use crate::web::admin::events::{FILTERS, OUTCOMES, file, query};
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::with_query;
use crate::web::wire::reply::ApiError;

/// Where the export is asked for.
pub(super) const EXPORT: &str = "/admin/events/export";

/// `GET /admin/events`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| list(&auth, &req, params, staff).await).await
}

async fn list(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    browser: &SignedInBrowser,
) -> Result<HttpResponse, Error> {
    let staff = &browser.account;
    let reader = params.reader(req).for_account(Some(staff));
    let given = filters(params);
    let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let listing = Listing::new(EVENTS, params, &given);
    let wanted = resolved(auth, query(params)?).await?;
    let is_wrong = wanted.is_err();
    let (found, errors) = match wanted {
        Ok(query) => (Some(events::page(auth, &query, listing.span()).await?), FormErrors::default()),
        Err(errors) => (None, errors),
    };
    let items = found.as_ref().map_or(&[][..], |found| &found.items);
    let export = || reader.keep(&with_query(&auth.config().base_url.join(EXPORT), given.iter().copied()));
    let event = params.last_text("event").unwrap_or_default();
    let outcome = params.last_text("outcome").unwrap_or_default();
    let page = Page::AdminEvents(Box::new(AdminEventsPage {
        frame: frame(auth, &reader, staff, EVENTS).await?,
        action: EVENTS,
        lang: reader.asked.as_ref().map(ToString::to_string),
        kinds: EventKind::ALL.iter().map(|kind| choice(kind.name(), kind.words_for_staff(), &event)).collect(),
        outcomes: OUTCOMES.iter().zip(OUTCOME_WORDS).map(|(name, words)| choice(name, words, &outcome)).collect(),
        fields: fields(params, &errors),
        is_narrow: !given.is_empty(),
        events: rows(auth, &reader, items).await?,
        neighbours: listing.of_some(auth, &reader, found.as_ref(), |event| &event.id),
        export: (admin::require_admin(staff).is_ok() && !is_wrong).then(export),
    }));
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

const OUTCOME_WORDS: [&str; 2] = [texts::OUTCOME_DONE, texts::OUTCOME_REFUSED];

fn choice(name: &'static str, words: &'static str, chosen: &str) -> ChoiceOnPage {
    ChoiceOnPage { name, words, chosen: name == chosen }
}

fn fields(params: &Params, errors: &FormErrors) -> EventFields {
    let field = |name: &str| FieldOnPage {
        asked: true,
        required: false,
        value: params.last_text(name).unwrap_or_default(),
        error: errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone()),
    };
    EventFields {
        actor: field("actor"),
        target: field("target"),
        network: field("network"),
        since: field("since"),
        until: field("until"),
    }
}

/// What is narrowed, without what was left empty.
fn filters(params: &Params) -> Vec<(String, String)> {
    let given = FILTERS.iter().filter_map(|name| Some(((*name).to_owned(), params.last_text(name)?)));
    given.collect()
}

/// A form has a field for everything, and people know names: of an account the id is taken.
async fn resolved(auth: &Auth, query: Result<EventQuery, FormErrors>) -> Result<Result<EventQuery, FormErrors>, Error> {
    let Ok(mut query) = query else { return Ok(query) };
    for subject in [&mut query.actor, &mut query.target] {
        let Some(text) = subject.take() else { continue };
        let name = text.trim().trim_start_matches('@');
        let is_word = ["command", "system", "nobody"].contains(&name);
        let known = match is_word {
            true => None,
            false => auth.accounts().by_identifier(name).await.map_err(Error::from_host)?,
        };
        *subject = Some(known.map_or_else(|| name.to_owned(), |account| account.id.as_str().to_owned()));
    }
    Ok(Ok(query))
}

/// `GET /admin/events/export`
pub(super) async fn export_page(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        admin::require_admin(&staff.account)?;
        confirm::asked(&auth, &req, params, (staff, form.token()), (question(params), None)).await
    })
    .await
}

/// `POST /admin/events/export`, with `format`: the file.
pub(super) async fn export(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |posted| {
        let (staff, params) = (&posted.staff, &posted.form.params);
        admin::require_admin(&staff.account)?;
        let again = |why: String| {
            confirm::asked(&auth, &req, params, (staff, posted.form.token()), (question(params), Some(why)))
        };
        if let Some(why) = confirm::objection(&auth, &posted).await? {
            return again(why).await;
        }
        let Some(format) = posted.form.text("format")?.as_deref().and_then(FileFormat::named) else {
            return again(texts::NOTHING_CHOSEN.to_owned()).await;
        };
        match resolved(&auth, query(params)?).await? {
            Ok(query) => file(&auth, &req, &staff.account, &query, format).await,
            Err(errors) => again(errors.to_string()).await,
        }
    })
    .await
}

fn question(params: &Params) -> Question {
    let given = filters(params);
    let query = |place| with_query(place, given.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    Question {
        place: query(EXPORT),
        words: texts::ACT_EXPORT_EVENTS,
        what: texts::ACT_EXPORT_EVENTS_WHAT,
        subject: String::new(),
        has_formats: true,
        back: query(EVENTS),
    }
}
