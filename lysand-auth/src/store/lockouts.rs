//! Pairs of a name and a network that are closed for a while after wrong passwords (native NAT-10): rows among the counters,
//! whose window begins with the last failure.

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};

use super::conn::Conn;
use super::schema::auth_throttle as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::lockout::{Failures, Pair};
use crate::on;

/// What is known of a pair; and on PostgreSQL, whoever else tries waits until this transaction is over, as on SQLite they do
/// anyway.
pub(crate) async fn lock(conn: &mut Conn, pair: &Pair) -> Result<Failures, Error> {
    // One row for all that try at this moment, so that they wait for one another.
    on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::rule.eq(pair.rule),
            table::subject.eq(pair.subject.as_bytes()),
            table::window_start.eq(0_i64),
            table::count.eq(0_i64),
        ))
        .on_conflict((table::rule, table::subject))
        .do_update()
        .set(table::count.eq(sql::<BigInt>("auth_throttle.count")))
        .execute(c))?;
    known(conn, pair).await
}

/// What is known of a pair.
async fn known(conn: &mut Conn, pair: &Pair) -> Result<Failures, Error> {
    let row: Option<(i64, i64)> = on!(conn, c => table::table
        .filter(table::rule.eq(pair.rule))
        .filter(table::subject.eq(pair.subject.as_bytes()))
        .select((table::count, table::window_start))
        .get_result(c))
    .optional()?;
    Ok(row.map_or_else(Failures::default, |(number, last)| Failures { number, last: Timestamp::from_micros(last) }))
}

/// Keeps what is known of a pair from now on.
pub(crate) async fn keep(conn: &mut Conn, pair: &Pair, failures: Failures) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::rule.eq(pair.rule))
        .filter(table::subject.eq(pair.subject.as_bytes()))
        .set((table::count.eq(failures.number), table::window_start.eq(failures.last.micros())))
        .execute(c))?;
    Ok(())
}

/// Takes one try back: it came to no verdict, or to something.
pub(crate) async fn take_back(conn: &mut Conn, pair: &Pair) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::rule.eq(pair.rule))
        .filter(table::subject.eq(pair.subject.as_bytes()))
        .filter(table::count.gt(0))
        .set(table::count.eq(table::count - 1_i64))
        .execute(c))?;
    Ok(())
}

/// Forgets a pair.
pub(crate) async fn forget(conn: &mut Conn, pair: &Pair) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table)
        .filter(table::rule.eq(pair.rule))
        .filter(table::subject.eq(pair.subject.as_bytes()))
        .execute(c))?;
    Ok(())
}
