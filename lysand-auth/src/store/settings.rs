//! The settings that staff changed (people PPL-154): a row each, as many as the host has settings.

use diesel::upsert::excluded;
use diesel::{ExpressionMethods, QueryDsl, Queryable};

use super::conn::Conn;
use super::schema::auth_setting as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::on;

/// What is stored of one setting.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(crate) struct SettingRow {
    pub(crate) name: String,
    /// JSON; sealed, where it is a secret.
    pub(crate) value: String,
    is_sealed: i16,
}

impl SettingRow {
    pub(crate) fn new(name: &str, value: String, is_sealed: bool) -> Self {
        Self { name: name.to_owned(), value, is_sealed: i16::from(is_sealed) }
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.is_sealed != 0
    }
}

/// The row that whoever changes settings takes first. It is no setting.
const LOCK: &str = "";

/// All that is stored, by name.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<SettingRow>, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::name.ne(LOCK))
        .select((table::name, table::value, table::is_sealed))
        .order(table::name)
        .load(c))?)
}

/// Lets nobody else change settings until this transaction ends.
pub(crate) async fn lock(conn: &mut Conn, by: &AccountId, now: Timestamp) -> Result<(), Error> {
    put(conn, &SettingRow::new(LOCK, String::new(), false), by, now).await
}

/// Stores a value in the place of the former.
pub(crate) async fn put(conn: &mut Conn, row: &SettingRow, by: &AccountId, now: Timestamp) -> Result<(), Error> {
    let values = (
        table::name.eq(&row.name),
        table::value.eq(&row.value),
        table::is_sealed.eq(row.is_sealed),
        table::changed_by.eq(by.as_str()),
        table::changed_at.eq(now.micros()),
    );
    on!(conn, c => diesel::insert_into(table::table)
        .values(values)
        .on_conflict(table::name)
        .do_update()
        .set((
            table::value.eq(excluded(table::value)),
            table::is_sealed.eq(excluded(table::is_sealed)),
            table::changed_by.eq(excluded(table::changed_by)),
            table::changed_at.eq(excluded(table::changed_at)),
        ))
        .execute(c))?;
    Ok(())
}

/// Forgets a value.
pub(crate) async fn remove(conn: &mut Conn, name: &str) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::name.eq(name))).execute(c))?;
    Ok(())
}
