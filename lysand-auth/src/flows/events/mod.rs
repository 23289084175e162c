//! The log of events: what its owner sees of an account, and what the operator sees of all.

mod file;
mod query;

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

pub use self::file::{EventFile, FileFormat};
pub use self::query::EventQuery;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
pub use crate::model::caller::Caller;
pub use crate::model::device::Device;
pub use crate::model::event::{ActivityBy, Actor, Event, EventKind, Target};
pub use crate::model::event_file::{EVENT_COLUMNS, event_as_csv, event_as_json};
use crate::model::list_page::RowSpan;
pub use crate::model::list_page::{ListPage, ListSpan};
use crate::steps;
use crate::store::apps;
use crate::store::events;

/// Something that happened to an account, as its owner is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// What happened; of several failed sign-ins of a day and a network, the last.
    pub event: Event,
    /// How many it stands for.
    pub count: u32,
    /// Who did it.
    pub by: ActivityBy,
    /// The name of the app that it was done with, as long as the app is known.
    pub app: Option<String>,
    /// With what device it was done; forgotten after a while.
    pub device: Option<Device>,
}

/// For how long a person sees the own events.
const SHOWN: Duration = Duration::from_secs(90 * 24 * 3600);
/// How many a person sees.
const MOST_SHOWN: i64 = 200;

/// What its owner is told of an account, the newest first: failed sign-ins of one day and one network are one (people PPL-126).
///
/// # Errors
/// When the database does not answer.
pub async fn activity(auth: &Auth, account: &AccountId) -> Result<Vec<Activity>, Error> {
    let events = of_account(auth, account).await?;
    let ids: BTreeSet<String> = events.iter().filter_map(|event| event.app.clone()).collect();
    let names = auth.store().read(move |c| Box::pin(apps::names(c, ids))).await?;
    let mut told: Vec<Activity> = Vec::new();
    let mut failures: HashMap<(String, Option<String>), usize> = HashMap::new();
    for event in events {
        if event.event == EventKind::SignInFailed.name() {
            match failures.entry((event.at.to_day(), event.network.clone())) {
                Entry::Occupied(first) => {
                    told[*first.get()].count += 1;
                    continue;
                }
                Entry::Vacant(place) => {
                    place.insert(told.len());
                }
            }
        }
        let app = event.app.as_ref().and_then(|id| names.get(id)).cloned();
        let device = event.agent.as_deref().map(Device::of);
        told.push(Activity { by: ActivityBy::of(&event), count: 1, app, device, event });
    }
    Ok(told)
}

/// What happened to an account lately, the newest first, one by one.
///
/// # Errors
/// When the database does not answer.
pub async fn of_account(auth: &Auth, account: &AccountId) -> Result<Vec<Event>, Error> {
    let (account, since) = (account.clone(), auth.ambient().now().minus(SHOWN));
    auth.store().read(move |c| Box::pin(async move { events::of_account(c, &account, since, MOST_SHOWN).await })).await
}

/// Events, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn find(auth: &Auth, query: EventQuery) -> Result<Vec<Event>, Error> {
    let span = RowSpan {
        after: String::new(),
        before: query.before.clone(),
        oldest_first: false,
        most: i64::from(query.limit),
    };
    let wanted = query.wanted(auth.config().sessions.networks);
    auth.store().read(move |c| Box::pin(async move { events::some(c, &wanted, &span).await })).await
}

/// A page of the events that are looked for, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn page(auth: &Auth, query: &EventQuery, span: ListSpan) -> Result<ListPage<Event>, Error> {
    let (rows, wanted) = (RowSpan::from(span), query.wanted(auth.config().sessions.networks));
    let of_page = rows.clone();
    let found = auth.store().read(move |c| Box::pin(async move { events::some(c, &wanted, &of_page).await }));
    Ok(rows.page(found.await?))
}

/// Records that a command of the operator changed something: which, and for which account, without values (people PPL-166).
///
/// # Errors
/// When the database does not answer.
pub async fn record_command(auth: &Auth, command: &str, account: Option<(&AccountId, &str)>) -> Result<(), Error> {
    let event = steps::events::event(auth, EventKind::Command, &Caller::default()).by(Actor::Command);
    let event = event.with("command", command);
    let event = match account {
        Some((id, name)) => event.about(id, name),
        None => event,
    };
    auth.store().write_one(move |c| Box::pin(events::add(c, event))).await
}
