//! Browser sessions.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::conn::Conn;
use super::logouts;
use super::schema::auth_session as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::list_page::RowSpan;
use crate::model::session::{Session, SessionId};
use crate::on;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    account_id: String,
    created_at: i64,
    authenticated_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    agent: Option<String>,
    network: Option<String>,
    methods: Option<String>,
    last_used_at: Option<i64>,
    idle_at: Option<i64>,
    first_proven_at: Option<i64>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: SessionId::new(row.id),
            account_id: AccountId::new(row.account_id),
            authenticated_at: Timestamp::from_micros(row.authenticated_at),
            first_proven_at: row.first_proven_at.map(Timestamp::from_micros),
            expires_at: Timestamp::from_micros(row.expires_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
            idle_at: row.idle_at.map(Timestamp::from_micros),
            agent: row.agent,
            network: row.network,
            methods: row.methods.iter().flat_map(|methods| methods.split(' ')).map(str::to_owned).collect(),
        }
    }
}

pub(crate) async fn insert(conn: &mut Conn, session: &Session) -> Result<(), Error> {
    let row = Row {
        id: session.id.as_str().to_owned(),
        account_id: session.account_id.as_str().to_owned(),
        created_at: session.created_at.micros(),
        authenticated_at: session.authenticated_at.micros(),
        first_proven_at: session.first_proven_at.map(Timestamp::micros),
        expires_at: session.expires_at.micros(),
        ended_at: None,
        agent: session.agent.clone(),
        network: session.network.clone(),
        methods: Some(session.methods.join(" ")).filter(|methods| !methods.is_empty()),
        last_used_at: session.last_used_at.map(Timestamp::micros),
        idle_at: session.idle_at.map(Timestamp::micros),
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

pub(crate) async fn by_id(conn: &mut Conn, id: &SessionId) -> Result<Option<Session>, Error> {
    let row: Option<Row> =
        on!(conn, c => table::table.find(id.as_str()).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(Into::into))
}

/// Whether a session stands; and on PostgreSQL, whoever would end it waits until this transaction is over, as on SQLite
/// they do anyway.
pub(crate) async fn lock_live(conn: &mut Conn, id: &SessionId, now: Timestamp) -> Result<bool, Error> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let row = table::table.find(id.as_str()).select(Row::as_select()).for_share();
            let row: Option<Row> = diesel_async::RunQueryDsl::get_result(row, c).await.optional()?;
            Ok(row.is_some_and(|row| Session::from(row).is_live(now)))
        }
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => Ok(by_id(conn, id).await?.is_some_and(|session| session.is_live(now))),
    }
}

/// How many sessions are live.
pub(crate) async fn count_live(conn: &mut Conn, now: Timestamp) -> Result<i64, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .filter(table::idle_at.is_null().or(table::idle_at.gt(now.micros())))
        .count()
        .get_result(c))?)
}

/// The live sessions of an account, the latest first.
pub(crate) async fn live_of_account(
    conn: &mut Conn,
    account: &AccountId,
    now: Timestamp,
) -> Result<Vec<Session>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .filter(table::idle_at.is_null().or(table::idle_at.gt(now.micros())))
        .order((table::authenticated_at.desc(), table::id))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Live sessions of an account, in the order of the span.
pub(crate) async fn some(
    conn: &mut Conn,
    account: &AccountId,
    span: &RowSpan,
    now: Timestamp,
) -> Result<Vec<Session>, Error> {
    let RowSpan { after, before, oldest_first, most } = span;
    // Behind every id in every collation: ids begin with a hexadecimal digit.
    let before = before.as_deref().unwrap_or("g");
    let rows: Vec<Row> = on!(conn, c => {
        let query = table::table
            .filter(table::account_id.eq(account.as_str()))
            .filter(table::ended_at.is_null())
            .filter(table::expires_at.gt(now.micros()))
            .filter(table::idle_at.is_null().or(table::idle_at.gt(now.micros())))
            .filter(table::id.gt(after))
            .filter(table::id.lt(before))
            .select(Row::as_select())
            .limit(*most)
            .into_boxed();
        let query = if *oldest_first { query.order(table::id.asc()) } else { query.order(table::id.desc()) };
        query.load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Ends one session.
pub(crate) async fn end(conn: &mut Conn, id: &SessionId, now: Timestamp) -> Result<(), Error> {
    let ended: Vec<String> = on!(conn, c => diesel::update(table::table.find(id.as_str()))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .returning(table::id)
        .load(c))?;
    logouts::tell_end(conn, &ended, now).await
}

/// Ends one session of an account in whose place another one begins, so that no app is told of its end; false when the account
/// has no such session, or that is over.
pub(crate) async fn give_way(
    conn: &mut Conn,
    account: &AccountId,
    id: &SessionId,
    now: Timestamp,
) -> Result<bool, Error> {
    let ended = on!(conn, c => diesel::update(table::table.find(id.as_str()))
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .filter(table::idle_at.is_null().or(table::idle_at.gt(now.micros())))
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(ended > 0)
}

/// Ends one session of an account; false when it has no such session, or that is over.
pub(crate) async fn end_own(
    conn: &mut Conn,
    account: &AccountId,
    id: &SessionId,
    now: Timestamp,
) -> Result<bool, Error> {
    let ended: Vec<String> = on!(conn, c => diesel::update(table::table.find(id.as_str()))
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .filter(table::idle_at.is_null().or(table::idle_at.gt(now.micros())))
        .set(table::ended_at.eq(Some(now.micros())))
        .returning(table::id)
        .load(c))?;
    logouts::tell_end(conn, &ended, now).await?;
    Ok(!ended.is_empty())
}

/// Ends every session of an account.
pub(crate) async fn end_all(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    end_others(conn, account, None, now).await
}

/// Ends every session of an account but one.
pub(crate) async fn end_others(
    conn: &mut Conn,
    account: &AccountId,
    spared: Option<&SessionId>,
    now: Timestamp,
) -> Result<(), Error> {
    // No session has an empty id.
    let spared = spared.map_or("", SessionId::as_str);
    let ended: Vec<String> = on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::id.ne(spared))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .returning(table::id)
        .load(c))?;
    logouts::tell_end(conn, &ended, now).await
}

/// Writes that these sessions were used, those that were not since `due`, and when they end unless they are used again; how many
/// there were. What is over stays over. On PostgreSQL a session that somebody is ending at this moment is left out: waiting for
/// it while holding others could end in a deadlock.
pub(crate) async fn write_uses(
    conn: &mut Conn,
    ids: &[String],
    (due, now, idle_at): (Timestamp, Timestamp, Timestamp),
) -> Result<usize, Error> {
    let ids: Vec<String> = match conn {
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => ids.to_vec(),
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let rows = table::table.filter(table::id.eq_any(ids)).select(table::id);
            diesel_async::RunQueryDsl::load(rows.for_no_key_update().skip_locked(), c).await?
        }
    };
    Ok(on!(conn, c => diesel::update(table::table)
        .filter(table::id.eq_any(&ids))
        .filter(table::ended_at.is_null())
        .filter(table::last_used_at.is_null().or(table::last_used_at.le(due.micros())))
        .filter(table::idle_at.is_null().or(table::idle_at.gt(now.micros())))
        .set((table::last_used_at.eq(Some(now.micros())), table::idle_at.eq(Some(idle_at.micros()))))
        .execute(c))?)
}
