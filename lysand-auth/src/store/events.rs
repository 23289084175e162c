//! The log of events: rows are added and, when they are too old, deleted. Nothing changes one.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_event as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::event::{Event, EventKind, NewEvent, Target};
use crate::on;

/// What only its owner does to an account: where that was done from is where the account is used.
const OF_ITS_OWNER: [&str; 3] = [EventKind::SignIn.name(), EventKind::NewBrowser.name(), EventKind::SignedUp.name()];
/// The largest detail, in bytes of JSON.
const LARGEST_DETAIL: usize = 1024;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    at: i64,
    event: String,
    outcome: String,
    actor_kind: String,
    actor: Option<String>,
    target_kind: Option<String>,
    target: Option<String>,
    name: Option<String>,
    app: Option<String>,
    network: Option<String>,
    agent: Option<String>,
    request_id: Option<String>,
    detail: Option<String>,
}

impl From<NewEvent> for Row {
    fn from(event: NewEvent) -> Self {
        let network = event.caller.network();
        let (target_kind, target, name) = match event.target {
            Some(Target::Account(id, name)) => {
                (Some("account"), Some(id.as_str().to_owned()), Some(name).filter(|name| !name.is_empty()))
            }
            Some(Target::Other(kind, id)) => (Some(kind), Some(id), None),
            None => (None, None, None),
        };
        let detail = serde_json::to_string(&event.detail).ok();
        Self {
            id: event.id,
            at: event.at.micros(),
            event: event.kind.name().to_owned(),
            outcome: if event.refused { "refused" } else { "done" }.to_owned(),
            actor_kind: event.actor.kind().to_owned(),
            actor: event.actor.id().map(str::to_owned),
            target_kind: target_kind.map(str::to_owned),
            target,
            name,
            app: event.app.map(|app| app.as_str().to_owned()),
            network,
            agent: event.caller.agent,
            request_id: event.caller.request_id,
            detail: detail.filter(|detail| detail != "{}" && detail.len() <= LARGEST_DETAIL),
        }
    }
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: Timestamp::from_micros(row.at),
            event: row.event,
            outcome: row.outcome,
            actor_kind: row.actor_kind,
            actor: row.actor,
            target_kind: row.target_kind,
            target: row.target,
            name: row.name,
            app: row.app,
            network: row.network,
            agent: row.agent,
            request_id: row.request_id,
            detail: row.detail,
        }
    }
}

/// Adds an event, in the transaction of what it records.
pub(crate) async fn add(conn: &mut Conn, event: NewEvent) -> Result<(), Error> {
    let row = Row::from(event);
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// Adds an event unless there is one with its id.
pub(crate) async fn add_once(conn: &mut Conn, event: NewEvent) -> Result<(), Error> {
    let row = Row::from(event);
    on!(conn, c => diesel::insert_into(table::table).values(&row).on_conflict(table::id).do_nothing().execute(c))?;
    Ok(())
}

/// Which events are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) event: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) since: Option<Timestamp>,
    /// Those before the event with this id.
    pub(crate) before: Option<String>,
    pub(crate) limit: i64,
}

/// Events, the newest first.
pub(crate) async fn find(conn: &mut Conn, wanted: Wanted) -> Result<Vec<Event>, Error> {
    let Wanted { event, target, since, before, limit } = wanted;
    let since = since.map_or(i64::MIN, Timestamp::micros);
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = table::table.filter(table::at.ge(since)).select(Row::as_select()).into_boxed();
        if let Some(event) = &event {
            query = query.filter(table::event.eq(event));
        }
        if let Some(target) = &target {
            query = query.filter(table::target.eq(target));
        }
        if let Some(before) = &before {
            query = query.filter(table::id.lt(before));
        }
        query.order((table::at.desc(), table::id.desc())).limit(limit).load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Whether an event of this kind about an account is kept beside the one with this id.
pub(crate) async fn has_another(
    conn: &mut Conn,
    account: &AccountId,
    kind: EventKind,
    id: &str,
) -> Result<bool, Error> {
    let found: Option<String> = on!(conn, c => table::table
        .filter(table::target.eq(account.as_str()))
        .filter(table::event.eq(kind.name()))
        .filter(table::id.ne(id))
        .select(table::id)
        .first(c))
    .optional()?;
    Ok(found.is_some())
}

/// What happened to an account since `since`, the newest first.
pub(crate) async fn of_account(
    conn: &mut Conn,
    account: &AccountId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::target.eq(account.as_str()))
        .filter(table::at.ge(since.micros()))
        .order((table::at.desc(), table::id.desc()))
        .select(Row::as_select())
        .limit(limit)
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// From where these accounts were used: each network with the latest moment, the latest first.
pub(crate) async fn networks(conn: &mut Conn, accounts: &[String]) -> Result<Vec<(String, String, Timestamp)>, Error> {
    type Found = (Option<String>, Option<String>, Option<i64>);
    let rows: Vec<Found> = on!(conn, c => table::table
        .filter(table::target.eq_any(accounts))
        .filter(table::event.eq_any(OF_ITS_OWNER))
        .filter(table::network.is_not_null())
        .group_by((table::target, table::network))
        .select((table::target, table::network, diesel::dsl::max(table::at)))
        .load(c))?;
    let mut found: Vec<_> = rows
        .into_iter()
        .filter_map(|(account, network, at)| Some((account?, network?, Timestamp::from_micros(at?))))
        .collect();
    found.sort_by(|one, other| (other.2, &other.1).cmp(&(one.2, &one.1)));
    Ok(found)
}

/// All networks from which accounts were used, in no order.
pub(crate) async fn all_networks(conn: &mut Conn, most: i64) -> Result<Vec<String>, Error> {
    let rows: Vec<Option<String>> = on!(conn, c => table::table
        .filter(table::network.is_not_null())
        .select(table::network)
        .distinct()
        .limit(most)
        .load(c))?;
    Ok(rows.into_iter().flatten().collect())
}

/// Which accounts were used from one of these networks.
pub(crate) async fn accounts_from(conn: &mut Conn, networks: &[String], most: i64) -> Result<Vec<String>, Error> {
    let rows: Vec<Option<String>> = on!(conn, c => table::table
        .filter(table::network.eq_any(networks))
        .filter(table::event.eq_any(OF_ITS_OWNER))
        .select(table::target)
        .distinct()
        .limit(most)
        .load(c))?;
    Ok(rows.into_iter().flatten().collect())
}

/// Forgets events of before `before`; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::at.lt(before.micros()))
        .order((table::at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&ids))).execute(c))?)
}

/// Forgets from where events of before `before` came, and with what program; how many there were. Of an event nothing else is
/// ever changed.
pub(crate) async fn sweep_networks(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::at.lt(before.micros()))
        .filter(table::network.is_not_null().or(table::agent.is_not_null()))
        .order((table::at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    let change = (table::network.eq(None::<String>), table::agent.eq(None::<String>));
    Ok(on!(conn, c => diesel::update(table::table.filter(table::id.eq_any(&ids))).set(change).execute(c))?)
}

/// Whether this happened to an account at this very moment.
pub(crate) async fn happened(conn: &mut Conn, account: &AccountId, event: &str, at: Timestamp) -> Result<bool, Error> {
    let found: i64 = on!(conn, c => table::table
        .filter(table::target.eq(account.as_str()))
        .filter(table::at.eq(at.micros()))
        .filter(table::event.eq(event))
        .count()
        .get_result(c))?;
    Ok(found > 0)
}

/// How often this happened to an account since then.
pub(crate) async fn count_since(
    conn: &mut Conn,
    account: &AccountId,
    kind: EventKind,
    since: Timestamp,
) -> Result<i64, Error> {
    let rows = table::table
        .filter(table::target.eq(account.as_str()))
        .filter(table::at.gt(since.micros()))
        .filter(table::event.eq(kind.name()))
        .count();
    Ok(on!(conn, c => rows.get_result(c))?)
}
