//! Requests of people who lost their second factors (factors section 11). An account has one open request; whoever ends one does it by
//! one conditional update, so that of a claim, a stop and the end of its time one wins.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_way_back as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::way_back::{End, Ending, Stop, Told, WayBack, WayBackTimes};
use crate::on;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    account_id: String,
    asked_at: i64,
    ripe_at: i64,
    until: i64,
    told: i16,
    next_at: Option<i64>,
    ended_at: Option<i64>,
    ended_as: Option<String>,
    why: Option<String>,
    agent: Option<String>,
    network: Option<String>,
}

impl Row {
    fn read(self) -> WayBack {
        let how = Ending::stored(self.ended_as.as_deref().unwrap_or_default(), self.why.as_deref());
        WayBack {
            id: self.id,
            account: AccountId::new(self.account_id),
            times: WayBackTimes {
                asked_at: Timestamp::from_micros(self.asked_at),
                ripe_at: Timestamp::from_micros(self.ripe_at),
                until: Timestamp::from_micros(self.until),
            },
            told: Told::stored(self.told),
            end: self.ended_at.map(|at| End { at: Timestamp::from_micros(at), how }),
            agent: self.agent,
            network: self.network,
        }
    }
}

/// The open request of an account, unless its time is over.
pub(crate) async fn open(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<Option<WayBack>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::until.gt(now.micros()))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.map(Row::read))
}

/// The requests of an account that were asked since then, the latest first.
pub(crate) async fn since(conn: &mut Conn, account: &AccountId, since: Timestamp) -> Result<Vec<WayBack>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::asked_at.gt(since.micros()))
        .order((table::asked_at.desc(), table::id.desc()))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Row::read).collect())
}

/// Keeps a request of which the owner is told in the same transaction; false when the account has an open one.
pub(crate) async fn insert(conn: &mut Conn, new: &WayBack) -> Result<bool, Error> {
    let row = Row {
        id: new.id.clone(),
        account_id: new.account.as_str().to_owned(),
        asked_at: new.times.asked_at.micros(),
        ripe_at: new.times.ripe_at.micros(),
        until: new.times.until.micros(),
        told: new.told.number(),
        next_at: Some(new.next_after(new.told).micros()),
        ended_at: None,
        ended_as: None,
        why: None,
        agent: new.agent.clone(),
        network: new.network.clone(),
    };
    let statement = diesel::insert_into(table::table).values(&row).on_conflict_do_nothing();
    Ok(on!(conn, c => statement.execute(c))? == 1)
}

/// Stops the open request of an account; its id, if there was one. Of its end somebody is to be told.
pub(crate) async fn stop(
    conn: &mut Conn,
    account: &AccountId,
    stop: Stop,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let (how, why) = Ending::Stopped(stop).words();
    let row = table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::until.gt(now.micros()));
    let ended = (
        table::ended_at.eq(Some(now.micros())),
        table::ended_as.eq(Some(how)),
        table::why.eq(why),
        table::next_at.eq(Some(now.micros())),
    );
    Ok(on!(conn, c => diesel::update(row).set(ended).returning(table::id).get_result(c)).optional()?)
}

/// Claims a ripe request; false when it is not ripe, or was ended. Of its end somebody is to be told.
pub(crate) async fn claim(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let row = table::table
        .find(id)
        .filter(table::ended_at.is_null())
        .filter(table::ripe_at.le(now.micros()))
        .filter(table::until.gt(now.micros()));
    let ended = (
        table::ended_at.eq(Some(now.micros())),
        table::ended_as.eq(Some(Ending::Claimed.words().0)),
        table::next_at.eq(Some(now.micros())),
    );
    Ok(on!(conn, c => diesel::update(row).set(ended).execute(c))? == 1)
}

/// Ends a request whose time is over; false when it was ended before. Nothing more is to be told of it.
pub(crate) async fn lapse(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::ended_at.is_null()).filter(table::until.le(now.micros()));
    let ended = (
        table::ended_at.eq(Some(now.micros())),
        table::ended_as.eq(Some(Ending::Lapsed.words().0)),
        table::next_at.eq(None::<i64>),
    );
    Ok(on!(conn, c => diesel::update(row).set(ended).execute(c))? == 1)
}

/// The open request of an account whose time is over.
pub(crate) async fn overdue(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<Option<String>, Error> {
    let row = table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::until.le(now.micros()))
        .select(table::id);
    Ok(on!(conn, c => row.get_result(c)).optional()?)
}

/// Those about which there is something to tell, the longest due first.
pub(crate) async fn due(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<WayBack>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::next_at.le(now.micros()).and(table::next_at.is_not_null()))
        .order((table::next_at, table::id))
        .limit(most)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Row::read).collect())
}

/// The owner is told of an open request as far as this; false when somebody was faster, or it has ended.
pub(crate) async fn note_told(conn: &mut Conn, row: &WayBack, told: Told) -> Result<bool, Error> {
    let open = table::table.find(&row.id).filter(table::ended_at.is_null()).filter(table::told.eq(row.told.number()));
    let noted = (table::told.eq(told.number()), table::next_at.eq(Some(row.next_after(told).micros())));
    Ok(on!(conn, c => diesel::update(open).set(noted).execute(c))? == 1)
}

/// The end of a request is told; false when somebody was faster.
pub(crate) async fn note_end_told(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    let ended = table::table.find(id).filter(table::ended_at.is_not_null()).filter(table::next_at.is_not_null());
    Ok(on!(conn, c => diesel::update(ended).set(table::next_at.eq(None::<i64>)).execute(c))? == 1)
}

/// Forgets those that were asked before and are over; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::asked_at.lt(before.micros()))
        .filter(table::ended_at.is_not_null())
        .filter(table::next_at.is_null())
        .order((table::asked_at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&ids))).execute(c))?)
}
