//! Counters of limits, shared by all replicas and exact under parallel requests (security ID-2).

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::auth_throttle as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::rate_limit::{Counter, FailedAttempts};
use crate::on;

/// Counts one more and answers how many there are in this window, this one included. One statement: a window that has passed
/// starts again at one.
pub(crate) async fn count(conn: &mut Conn, counter: Counter, now: Timestamp) -> Result<i64, Error> {
    let Counter { rule, subject, limit } = counter;
    let next = "CASE WHEN auth_throttle.window_start < excluded.window_start THEN 1 ELSE auth_throttle.count + 1 END";
    let window = "CASE WHEN auth_throttle.window_start < excluded.window_start THEN excluded.window_start \
                  ELSE auth_throttle.window_start END";
    let count: i64 = on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::rule.eq(rule.name()),
            table::subject.eq(subject.as_bytes()),
            table::window_start.eq(limit.window(now).micros()),
            table::count.eq(1_i64),
        ))
        .on_conflict((table::rule, table::subject))
        .do_update()
        .set((table::count.eq(sql::<BigInt>(next)), table::window_start.eq(sql::<BigInt>(window))))
        .returning(table::count)
        .get_result(c))?;
    Ok(count)
}

/// Takes one back: what was counted beforehand turned out to be no failure.
pub(crate) async fn uncount(conn: &mut Conn, counter: Counter, now: Timestamp) -> Result<(), Error> {
    let Counter { rule, subject, limit } = counter;
    on!(conn, c => diesel::update(table::table)
        .filter(table::rule.eq(rule.name()))
        .filter(table::subject.eq(subject.as_bytes()))
        .filter(table::window_start.eq(limit.window(now).micros()))
        .filter(table::count.gt(0))
        .set(table::count.eq(table::count - 1_i64))
        .execute(c))?;
    Ok(())
}

/// Starts the counters of an attempt anew.
pub(crate) async fn clear(conn: &mut Conn, attempts: FailedAttempts) -> Result<(), Error> {
    for counter in attempts.counters.into_iter().flatten() {
        on!(conn, c => diesel::delete(table::table)
            .filter(table::rule.eq(counter.rule.name()))
            .filter(table::subject.eq(counter.subject.as_bytes()))
            .execute(c))?;
    }
    Ok(())
}

/// How many there are in this window.
pub(crate) async fn counted(conn: &mut Conn, counter: Counter, now: Timestamp) -> Result<i64, Error> {
    let Counter { rule, subject, limit } = counter;
    let counts: Vec<i64> = on!(conn, c => table::table
        .filter(table::rule.eq(rule.name()))
        .filter(table::subject.eq(subject.as_bytes()))
        .filter(table::window_start.eq(limit.window(now).micros()))
        .select(table::count)
        .load(c))?;
    Ok(counts.first().copied().unwrap_or(0))
}

/// Counts an attempt at a password; the counter that it takes beyond its limit, if any. The others are not touched then.
pub(crate) async fn count_attempt(conn: &mut Conn, attempts: FailedAttempts) -> Result<Option<Counter>, Error> {
    for counter in attempts.counters.into_iter().flatten() {
        if count(conn, counter, attempts.now).await? > i64::from(counter.limit.max) {
            return Ok(Some(counter));
        }
    }
    Ok(None)
}

/// Takes an attempt back.
pub(crate) async fn uncount_attempt(conn: &mut Conn, attempts: FailedAttempts) -> Result<(), Error> {
    for counter in attempts.counters.into_iter().flatten() {
        uncount(conn, counter, attempts.now).await?;
    }
    Ok(())
}
