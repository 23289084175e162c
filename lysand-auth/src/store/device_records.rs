//! Devices that native clients signed in from (native NAT-23).

use diesel::dsl::exists;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};

use super::conn::Conn;
use super::schema::auth_family;
use super::schema_of_native::{auth_device_record as table, auth_native_sign_in as sign_ins};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::native::{DeviceRecord, Dialect};
use crate::on;

type Row = (String, String, String, Option<String>, Option<String>, Option<String>, i64, i64);
type Columns = (
    table::id,
    table::account_id,
    table::dialect,
    table::client_id,
    table::name,
    table::program,
    table::created_at,
    table::last_seen_at,
);
const COLUMNS: Columns = (
    table::id,
    table::account_id,
    table::dialect,
    table::client_id,
    table::name,
    table::program,
    table::created_at,
    table::last_seen_at,
);

/// How many devices of an account and a dialect are remembered; the one that was seen longest ago makes room.
const MOST: i64 = 200;
/// More rows than there can be beyond that.
const MANY: i64 = 100;

/// Devices with a live sign-in, in a query or a part of one.
macro_rules! living {
    ($now:expr) => {
        table::table.select(COLUMNS).filter(exists(
            sign_ins::table
                .inner_join(auth_family::table)
                .filter(sign_ins::device_id.eq(table::id))
                .filter(sign_ins::idle_at.gt($now.micros()))
                .filter(auth_family::ended_at.is_null())
                .filter(auth_family::expires_at.gt($now.micros())),
        ))
    };
}

fn read((id, account, dialect, client_id, name, program, created, seen): Row) -> DeviceRecord {
    DeviceRecord {
        id,
        account_id: AccountId::new(account),
        dialect: Dialect::named(&dialect).unwrap_or(Dialect::Toki),
        client_id,
        name,
        program,
        created_at: Timestamp::from_micros(created),
        last_seen_at: Timestamp::from_micros(seen),
    }
}

/// Remembers a device, and that it was there; the key of its row. `key` is by what its client is known again, and `device` the
/// row for one that is not known yet. A name that is given replaces the former one.
pub(crate) async fn remember(conn: &mut Conn, device: &DeviceRecord, key: &str) -> Result<String, Error> {
    let known = table::table
        .filter(table::account_id.eq(device.account_id.as_str()))
        .filter(table::dialect.eq(device.dialect.name()))
        .filter(table::client_key.eq(key));
    let kept: String = on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::id.eq(&device.id),
            table::account_id.eq(device.account_id.as_str()),
            table::dialect.eq(device.dialect.name()),
            table::client_key.eq(key),
            table::client_id.eq(&device.client_id),
            table::name.eq(&device.name),
            table::program.eq(&device.program),
            table::created_at.eq(device.created_at.micros()),
            table::last_seen_at.eq(device.last_seen_at.micros()),
        ))
        .on_conflict((table::account_id, table::dialect, table::client_key))
        .do_update()
        .set(table::last_seen_at.eq(device.last_seen_at.micros()))
        .returning(table::id)
        .get_result(c))?;
    if kept == device.id {
        make_room(conn, device).await?;
    } else if device.name.is_some() {
        on!(conn, c => diesel::update(known).set(table::name.eq(&device.name)).execute(c))?;
    }
    Ok(kept)
}

async fn make_room(conn: &mut Conn, device: &DeviceRecord) -> Result<(), Error> {
    let beyond: Vec<String> = on!(conn, c => table::table
        .filter(table::account_id.eq(device.account_id.as_str()))
        .filter(table::dialect.eq(device.dialect.name()))
        .order((table::last_seen_at.desc(), table::id.desc()))
        .select(table::id)
        .offset(MOST)
        .limit(MANY)
        .load(c))?;
    if !beyond.is_empty() {
        on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&beyond))).execute(c))?;
    }
    Ok(())
}

/// Notes that a device was there.
pub(crate) async fn see(conn: &mut Conn, id: &str, now: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table.find(id)).set(table::last_seen_at.eq(now.micros())).execute(c))?;
    Ok(())
}

/// The devices of an account that have a live sign-in, the one seen last first.
pub(crate) async fn living_of_account(
    conn: &mut Conn,
    account: &AccountId,
    now: Timestamp,
) -> Result<Vec<DeviceRecord>, Error> {
    let rows: Vec<Row> = on!(conn, c => living!(now)
        .filter(table::account_id.eq(account.as_str()))
        .order((table::last_seen_at.desc(), table::id.desc()))
        .load(c))?;
    Ok(rows.into_iter().map(read).collect())
}

/// Devices of all accounts that have a live sign-in and were there since `since`, the one seen last first, `most` at most.
pub(crate) async fn living(
    conn: &mut Conn,
    (since, now): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<DeviceRecord>, Error> {
    let rows: Vec<Row> = on!(conn, c => living!(now)
        .filter(table::last_seen_at.ge(since.micros()))
        .order((table::last_seen_at.desc(), table::id.desc()))
        .limit(most)
        .load(c))?;
    Ok(rows.into_iter().map(read).collect())
}

/// One device.
pub(crate) async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<DeviceRecord>, Error> {
    let row: Option<Row> = on!(conn, c => table::table.find(id).select(COLUMNS).get_result(c)).optional()?;
    Ok(row.map(read))
}

/// Calls a device of an account something else; false when the account has no such one.
pub(crate) async fn rename(conn: &mut Conn, account: &AccountId, id: &str, name: &str) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::account_id.eq(account.as_str()));
    Ok(on!(conn, c => diesel::update(row).set(table::name.eq(Some(name))).execute(c))? == 1)
}

/// Forgets a device.
pub(crate) async fn delete(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    Ok(on!(conn, c => diesel::delete(table::table.find(id)).execute(c))? == 1)
}

/// Forgets the devices of an account.
pub(crate) async fn forget_account(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::account_id.eq(account.as_str()))).execute(c))?;
    Ok(())
}

/// Forgets devices that were not there since `before`; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::last_seen_at.lt(before.micros()))
        .order((table::last_seen_at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&ids))).execute(c))?)
}
