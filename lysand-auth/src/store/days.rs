//! Numbers of days that are over (people PPL-150, PPL-161): a row for each day and number, swept after the time that events live.

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text, Untyped};
use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::{auth_day as table, auth_event as event};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::on;

/// A number of a day: the day since the epoch in UTC, what was counted, how often.
pub(crate) type DayNumber = (i64, String, i64);

/// The numbers that are kept of days from this one on.
pub(crate) async fn since(conn: &mut Conn, day: i64) -> Result<Vec<DayNumber>, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::day.ge(day))
        .select((table::day, table::name, table::number))
        .load(c))?)
}

/// The last day that is kept.
pub(crate) async fn last(conn: &mut Conn) -> Result<Option<i64>, Error> {
    Ok(on!(conn, c => table::table.select(diesel::dsl::max(table::day)).get_result(c))?)
}

/// How often these events happened on each day between two moments.
pub(crate) async fn counted(
    conn: &mut Conn,
    (from, to): (Timestamp, Timestamp),
    events: &[&str],
) -> Result<Vec<DayNumber>, Error> {
    // Grouped by the first two of the three columns.
    Ok(on!(conn, c => event::table
        .filter(event::at.ge(from.micros()))
        .filter(event::at.lt(to.micros()))
        .filter(event::event.eq_any(events))
        .group_by(sql::<Untyped>("1, 2"))
        .select(sql::<(BigInt, Text, BigInt)>("at / 86400000000, event, count(*)"))
        .load(c))?)
}

/// Keeps numbers; those that are kept already stay.
pub(crate) async fn keep(conn: &mut Conn, numbers: &[DayNumber]) -> Result<(), Error> {
    for (day, name, number) in numbers {
        on!(conn, c => diesel::insert_into(table::table)
            .values((table::day.eq(day), table::name.eq(name), table::number.eq(number)))
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// Forgets days before this one.
pub(crate) async fn sweep(conn: &mut Conn, before: i64) -> Result<usize, Error> {
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::day.lt(before))).execute(c))?)
}
