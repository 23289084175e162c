//! Changes of addresses: asked for, confirmed once, undone once.

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_email_change as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::email_change::EmailChange;
use crate::on;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    account_id: String,
    old_address: Option<String>,
    new_address: String,
    asked_in: String,
    is_final: i16,
    created_at: i64,
    confirmed_at: Option<i64>,
    undo_until: Option<i64>,
    ended_at: Option<i64>,
    undone_at: Option<i64>,
}

impl From<Row> for EmailChange {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account: AccountId::new(row.account_id),
            old: row.old_address,
            new: row.new_address,
            asked_in: row.asked_in,
            is_final: row.is_final != 0,
            created_at: Timestamp::from_micros(row.created_at),
            confirmed_at: row.confirmed_at.map(Timestamp::from_micros),
            undo_until: row.undo_until.map(Timestamp::from_micros),
            is_over: row.ended_at.is_some() || row.undone_at.is_some(),
        }
    }
}

pub(crate) async fn insert(conn: &mut Conn, change: EmailChange) -> Result<(), Error> {
    let row = Row {
        id: change.id,
        account_id: change.account.as_str().to_owned(),
        old_address: change.old,
        new_address: change.new,
        asked_in: change.asked_in,
        is_final: i16::from(change.is_final),
        created_at: change.created_at.micros(),
        confirmed_at: None,
        undo_until: None,
        ended_at: None,
        undone_at: None,
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

pub(crate) async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<EmailChange>, Error> {
    let row: Option<Row> = on!(conn, c => table::table.find(id).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(Into::into))
}

/// The change of an account that waits to be confirmed.
pub(crate) async fn pending(conn: &mut Conn, account: &AccountId) -> Result<Option<EmailChange>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::confirmed_at.is_null())
        .filter(table::ended_at.is_null())
        .order((table::created_at.desc(), table::id.desc()))
        .select(Row::as_select())
        .first(c))
    .optional()?;
    Ok(row.map(Into::into))
}

/// Until when the latest change of an account can be undone, if it can.
pub(crate) async fn undo_until(
    conn: &mut Conn,
    account: &AccountId,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let until: Option<Option<i64>> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::undo_until.gt(now.micros()))
        .filter(table::ended_at.is_null())
        .filter(table::undone_at.is_null())
        .order(table::undo_until.desc())
        .select(table::undo_until)
        .first(c))
    .optional()?;
    Ok(until.flatten().map(Timestamp::from_micros))
}

/// Ends what waits to be confirmed; false when nothing does.
pub(crate) async fn end_pending(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let ended = on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::confirmed_at.is_null())
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(ended > 0)
}

/// Confirms a change, once; from now on the former address is held for its owner, where the change can be undone.
pub(crate) async fn confirm(
    conn: &mut Conn,
    id: &str,
    (old_key, undo_until): (Option<String>, Option<Timestamp>),
    now: Timestamp,
) -> Result<bool, Error> {
    let confirmed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::confirmed_at.is_null())
        .filter(table::ended_at.is_null())
        .set((
            table::confirmed_at.eq(Some(now.micros())),
            table::old_key.eq(&old_key),
            table::undo_until.eq(undo_until.map(Timestamp::micros)),
        ))
        .execute(c))?;
    Ok(confirmed == 1)
}

/// Undoes a change, once, and voids those that came after it.
pub(crate) async fn undo(conn: &mut Conn, change: &EmailChange, now: Timestamp) -> Result<bool, Error> {
    let undone = on!(conn, c => diesel::update(table::table.find(&change.id))
        .filter(table::undo_until.gt(now.micros()))
        .filter(table::ended_at.is_null())
        .filter(table::undone_at.is_null())
        .set(table::undone_at.eq(Some(now.micros())))
        .execute(c))?;
    if undone != 1 {
        return Ok(false);
    }
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(change.account.as_str()))
        .filter(table::created_at.ge(change.created_at.micros()))
        .filter(table::id.ne(&change.id))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(true)
}

/// The changes of an account that came after this one, by their keys.
pub(crate) async fn later(conn: &mut Conn, change: &EmailChange) -> Result<Vec<String>, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::account_id.eq(change.account.as_str()))
        .filter(table::created_at.ge(change.created_at.micros()))
        .filter(table::id.ne(&change.id))
        .select(table::id)
        .load(c))?)
}

/// Whether an address is still another account's, because its change can be undone (people PPL-105).
pub(crate) async fn is_held(conn: &mut Conn, key: &str, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let held: i64 = on!(conn, c => table::table
        .filter(table::old_key.eq(key))
        .filter(table::undo_until.gt(now.micros()))
        .filter(table::ended_at.is_null())
        .filter(table::undone_at.is_null())
        .filter(table::account_id.ne(account.as_str()))
        .count()
        .get_result(c))?;
    Ok(held > 0)
}

/// Forgets an account that is gone.
pub(crate) async fn forget(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::account_id.eq(account.as_str()))).execute(c))?;
    Ok(())
}
