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
use crate::model::list_page::RowSpan;
use crate::on;

/// What only its owner does to an account: where that was done from is where the account is used.
const OF_ITS_OWNER: [&str; 3] = [EventKind::SignIn.name(), EventKind::NewBrowser.name(), EventKind::SignedUp.name()];
/// The longest name of an app, which is whatever its developer writes.
const LONGEST_NAME: usize = 100;
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
            Some(Target::App(id, name)) => {
                let name: String = name.chars().take(LONGEST_NAME).collect();
                (Some("app"), Some(id.as_str().to_owned()), Some(name).filter(|name| !name.is_empty()))
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

/// Who did what is looked for.
#[derive(Clone, Debug)]
pub(crate) enum By {
    /// Whoever has this id.
    Id(String),
    /// A kind of those that have none.
    Kind(String),
}

/// Which events are looked for; what is `None` excludes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) event: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) by: Option<By>,
    pub(crate) target: Option<String>,
    /// From this network.
    pub(crate) network: Option<String>,
    /// Not before this.
    pub(crate) since: Option<Timestamp>,
    /// Before this.
    pub(crate) until: Option<Timestamp>,
}

impl Wanted {
    /// The ids between which they are: an id begins with its moment.
    fn bounds(&self, span: &RowSpan) -> (String, Option<String>) {
        let since = self.since.map(|since| since.id(&[0; 10])).unwrap_or_default();
        // What has this very id is not looked for, which no event of that millisecond has but by the greatest chance.
        let until = self.until.map(|until| until.id(&[0xff; 10]));
        let before = match (&span.before, until) {
            (Some(before), Some(until)) => Some(until.min(before.clone())),
            (before, until) => before.clone().or(until),
        };
        (since.max(span.after.clone()), before)
    }
}

impl Wanted {
    /// Whether nothing narrower is looked for than a kind and an outcome: account, network.
    fn is_of_nobody(&self) -> bool {
        self.by.is_none() && self.target.is_none() && self.network.is_none()
    }
}

/// The query for a part of the events that are looked for.
macro_rules! looked_for {
    ($wanted:expr, $span:expr, $after:expr, $before:expr) => {{
        let (wanted, span): (&Wanted, &RowSpan) = ($wanted, $span);
        let mut query = table::table.select(Row::as_select()).filter(table::id.gt($after)).into_boxed();
        if let Some(before) = $before {
            query = query.filter(table::id.lt(before));
        }
        query = match (&wanted.event, &wanted.outcome) {
            // In the words of the index: both together can be rare though neither is by itself.
            (Some(event), Some(outcome)) if wanted.is_of_nobody() => query.filter(
                diesel::dsl::sql::<diesel::sql_types::Bool>("(auth_event.event || ' ' || auth_event.outcome) = ")
                    .bind::<diesel::sql_types::Text, _>(format!("{event} {outcome}")),
            ),
            (event, outcome) => {
                if let Some(event) = event {
                    query = query.filter(table::event.eq(event));
                }
                if let Some(outcome) = outcome {
                    query = query.filter(table::outcome.eq(outcome));
                }
                query
            }
        };
        query = match &wanted.by {
            Some(By::Id(id)) => query.filter(table::actor.eq(id)),
            // In the words of the index.
            Some(By::Kind(kind)) => query.filter(table::actor.is_null()).filter(table::actor_kind.eq(kind)),
            None => query,
        };
        if let Some(target) = &wanted.target {
            query = query.filter(table::target.eq(target));
        }
        if let Some(network) = &wanted.network {
            query = query.filter(table::network.eq(network));
        }
        if let Some(since) = wanted.since {
            query = query.filter(table::at.ge(since.micros()));
        }
        if let Some(until) = wanted.until {
            query = query.filter(table::at.lt(until.micros()));
        }
        query = match span.oldest_first {
            true => query.order(table::id.asc()),
            false => query.order(table::id.desc()),
        };
        query.limit(span.most)
    }};
}

/// A part of the events that are looked for.
pub(crate) async fn some(conn: &mut Conn, wanted: &Wanted, span: &RowSpan) -> Result<Vec<Event>, Error> {
    let (after, before) = wanted.bounds(span);
    let rows: Vec<Row> = on!(conn, c => looked_for!(wanted, span, &after, &before).load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// When this last happened to an account, as far as that is kept.
pub(crate) async fn last(conn: &mut Conn, account: &AccountId, kind: EventKind) -> Result<Option<Timestamp>, Error> {
    let last: Option<i64> = on!(conn, c => table::table
        .filter(table::target.eq(account.as_str()))
        .filter(table::event.eq(kind.name()))
        .select(diesel::dsl::max(table::at))
        .get_result(c))?;
    Ok(last.map(Timestamp::from_micros))
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

/// Whether one of these happened to an account within these times.
#[cfg(feature = "native")]
pub(crate) async fn happened_within(
    conn: &mut Conn,
    account: &AccountId,
    kinds: &[EventKind],
    (from, to): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let rows = table::table
        .filter(table::target.eq(account.as_str()))
        .filter(table::at.ge(from.micros()))
        .filter(table::at.le(to.micros()))
        .filter(table::event.eq_any(names))
        .count();
    let found: i64 = on!(conn, c => rows.get_result(c))?;
    Ok(found > 0)
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use diesel::QueryableByName;
    use diesel::sql_types::Text;

    use super::*;
    use crate::secret::Secret;
    use crate::store::{MIGRATIONS, MigrationSet, Store};

    #[derive(QueryableByName)]
    struct Plan {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    /// How SQLite looks for these events, the newest first.
    async fn plan(store: &Store, wanted: Wanted) -> String {
        let span = RowSpan { after: String::new(), before: None, oldest_first: false, most: 51 };
        let (after, before) = wanted.bounds(&span);
        let query = looked_for!(&wanted, &span, &after, &before);
        let sql = format!("EXPLAIN QUERY PLAN {}", diesel::debug_query::<diesel::sqlite::Sqlite, _>(&query));
        let plan =
            store.read(move |c| Box::pin(async move { Ok(on!(c, c => diesel::sql_query(sql).load::<Plan>(c))?) }));
        plan.await.unwrap().into_iter().map(|plan| plan.detail + ";").collect()
    }

    /// People PPL-157: a page of a million events is not sorted, and no table is read from end to end.
    #[tokio::test]
    async fn events_are_looked_for_by_an_index_whatever_they_are_narrowed_by() {
        static SETS: [MigrationSet; 1] = [MIGRATIONS];
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("events.sqlite3").display());
        let store = Store::open(&Secret::new(url), 2).await.unwrap();
        store.migrate(&SETS).await.unwrap();
        let (word, moment) = (|| Some("x".to_owned()), Timestamp::from_micros(1_795_294_800_000_000));
        let id = || Some(By::Id("x".to_owned()));
        for (wanted, index) in [
            (Wanted::default(), "autoindex_auth_event_1 (id>?"),
            (
                Wanted { since: Some(moment), until: Some(moment), ..Wanted::default() },
                "autoindex_auth_event_1 (id>? AND id<?",
            ),
            (Wanted { event: word(), ..Wanted::default() }, "auth_event_kind (event=? AND id>?"),
            (Wanted { outcome: word(), ..Wanted::default() }, "auth_event_outcome (outcome=? AND id>?"),
            (
                Wanted { event: word(), outcome: word(), ..Wanted::default() },
                "auth_event_kind_outcome (<expr>=? AND id>?",
            ),
            (Wanted { by: Some(By::Kind("command".into())), ..Wanted::default() }, "auth_event_unnamed (actor_kind=?"),
            (
                Wanted { by: id(), event: word(), outcome: word(), ..Wanted::default() },
                "auth_event_by (actor=? AND id>?",
            ),
            (Wanted { network: word(), event: word(), ..Wanted::default() }, "auth_event_origin (network=? AND id>?"),
            (
                Wanted { target: word(), event: word(), outcome: word(), ..Wanted::default() },
                "auth_event_about (target=?",
            ),
            (Wanted { target: word(), by: id(), network: word(), ..Wanted::default() }, "auth_event_about (target=?"),
        ] {
            let found = plan(&store, wanted.clone()).await;
            assert!(
                found.contains(index) && !found.contains("TEMP B-TREE") && !found.contains("SCAN"),
                "{wanted:?}: {found}"
            );
        }
    }
}
