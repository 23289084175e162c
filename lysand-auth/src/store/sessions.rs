//! Browser sessions.

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_session as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
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
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: SessionId::new(row.id),
            account_id: AccountId::new(row.account_id),
            authenticated_at: Timestamp::from_micros(row.authenticated_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        }
    }
}

pub(crate) async fn insert(conn: &mut Conn, session: &Session) -> Result<(), Error> {
    let row = Row {
        id: session.id.as_str().to_owned(),
        account_id: session.account_id.as_str().to_owned(),
        created_at: session.authenticated_at.micros(),
        authenticated_at: session.authenticated_at.micros(),
        expires_at: session.expires_at.micros(),
        ended_at: None,
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
        .order((table::authenticated_at.desc(), table::id))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Ends one session.
pub(crate) async fn end(conn: &mut Conn, id: &SessionId, now: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table.find(id.as_str()))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
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
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::id.ne(spared))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}
