//! The log of events in JSON and as files, for staff (people PPL-149).

use std::time::Duration;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::try_unfold;

use super::paths::{ALL_READS, EVENTS};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin;
use crate::flows::events::{self, EventFile, EventKind, EventQuery, FileFormat, event_as_json};
use crate::model::account::Account;
use crate::model::event::Actor;
use crate::model::form_error::{FormError, FormErrors};
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, field_errors, private};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// What events are narrowed by.
pub(super) const FILTERS: [&str; 7] = ["event", "actor", "target", "outcome", "network", "since", "until"];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// `GET /api/v1/admin/auth/events`
pub(super) async fn list(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(ALL_READS).await?;
    admin::require_staff(&staff)?;
    let params = received.0?;
    let query = match query(&params)? {
        Ok(query) => query,
        Err(errors) => return Ok(private(field_errors(&errors))),
    };
    let found = events::page(&auth, &query, list_page::span(&params)?).await?;
    let given = params.echo(&FILTERS);
    let filters: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reply =
        list_page::filtered(&auth, (EVENTS, &filters), &found, |event| (event.id.as_str(), event_as_json(event)));
    Ok(private(reply))
}

/// `GET /api/v1/admin/auth/events.csv`
pub(super) async fn csv(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    exported(&auth, &req, &bearer, received, FileFormat::Csv).await
}

/// `GET /api/v1/admin/auth/events.json`
pub(super) async fn json(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    exported(&auth, &req, &bearer, received, FileFormat::Json).await
}

async fn exported(auth: &Auth, req: &HttpRequest, bearer: &Bearer, received: Received, format: FileFormat) -> Answer {
    let staff = bearer.account(ALL_READS).await?;
    admin::require_admin(&staff)?;
    // A password has no place in an address, so that the sign-in alone proves who is there.
    admin::require_proof(auth, &bearer.acting(), &staff, None).await?;
    match query(&received.0?)? {
        Ok(query) => Ok(file(auth, req, &staff, &query, format).await?),
        Err(errors) => Ok(private(field_errors(&errors))),
    }
}

/// The events as a file that the browser keeps and does not show. It is sent while it is written.
pub(super) async fn file(
    auth: &Auth,
    req: &HttpRequest,
    staff: &Account,
    query: &EventQuery,
    format: FileFormat,
) -> Result<HttpResponse, Error> {
    let (by, caller) = (Actor::Account(staff.id.clone()), wire::caller(req, auth.config()));
    let file = EventFile::begin(auth, query, format, by, &caller).await?;
    let pieces = try_unfold(file, |mut file| async move {
        let piece = file.next().await.map_err(|error| {
            tracing::error!(%error, "a file of events was not written to its end");
            std::io::Error::other("the file has no end")
        });
        Ok::<_, std::io::Error>(piece?.map(|piece| (Bytes::from(piece), file)))
    });
    let today = auth.ambient().now().to_iso8601();
    let name = format!("events-{}.{}", today.get(..10).unwrap_or_default(), format.name());
    let kind = match format {
        FileFormat::Csv => "text/csv; charset=utf-8; header=present",
        FileFormat::Json => "application/json",
    };
    let mut reply = private(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).streaming(pieces));
    let named = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    reply.headers_mut().insert(CONTENT_DISPOSITION, named.map_err(Error::failed)?);
    Ok(reply)
}

/// Which events are asked for, or what is wrong with that (people PPL-3).
///
/// # Errors
/// 400 for a list or an object in the place of a text.
pub(super) fn query(params: &Params) -> Result<Result<EventQuery, FormErrors>, Error> {
    let mut errors = Vec::new();
    let (event, outcome) = (params.last_scalar("event")?, params.last_scalar("outcome")?);
    let mut query = EventQuery { event, outcome, ..EventQuery::default() };
    if query.event.as_deref().is_some_and(|event| EventKind::named(event).is_none()) {
        let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        errors.push(not_among("event", &known));
    }
    if query.outcome.as_deref().is_some_and(|outcome| !OUTCOMES.contains(&outcome)) {
        errors.push(not_among("outcome", &OUTCOMES));
    }
    query.actor = params.last_scalar("actor")?;
    query.target = params.last_scalar("target")?;
    query.network = params.last_scalar("network")?;
    let mut moment = |name: &'static str| -> Result<Option<Timestamp>, Error> {
        let text = params.last_scalar(name)?;
        let moment = text.as_deref().and_then(Timestamp::parse);
        if text.is_some() && moment.is_none() {
            errors.push(FormError::invalid(name));
        }
        Ok(moment)
    };
    query.since = moment("since")?;
    query.until = moment("until")?;
    // Until a day is until its end.
    if params.last_text("until").is_some_and(|until| !until.contains('T')) {
        query.until = query.until.map(|until| until.plus(DAY));
    }
    Ok(if errors.is_empty() { Ok(query) } else { Err(FormErrors(errors)) })
}

/// How an event ended.
pub(super) const OUTCOMES: [&str; 2] = ["done", "refused"];

fn not_among(field: &'static str, known: &[&str]) -> FormError {
    FormError::new(field, "ERR_INCLUSION", format!("must be one of: {}", known.join(", ")))
}
