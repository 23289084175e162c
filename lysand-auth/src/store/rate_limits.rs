//! Counters of limits, shared by all replicas and exact under parallel requests (security ID-2).

use diesel::upsert::excluded;
use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::auth_throttle as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::rate_limit::{FailedAttempts, Limit, Rule};
use crate::on;
use crate::secret::Digest;

/// Counts one more and answers how many there are in this window, this one included.
pub(crate) async fn count(conn: &mut Conn, rule: Rule, subject: Digest, window: Timestamp) -> Result<i64, Error> {
    // A window that has passed starts again at one: the row is reset first, so that one statement need not branch.
    on!(conn, c => diesel::delete(table::table)
        .filter(table::rule.eq(rule.name()))
        .filter(table::subject.eq(subject.as_bytes()))
        .filter(table::window_start.lt(window.micros()))
        .execute(c))?;
    let count: i64 = on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::rule.eq(rule.name()),
            table::subject.eq(subject.as_bytes()),
            table::window_start.eq(window.micros()),
            table::count.eq(1_i64),
        ))
        .on_conflict((table::rule, table::subject))
        .do_update()
        .set(table::count.eq(table::count + excluded(table::count)))
        .returning(table::count)
        .get_result(c))?;
    Ok(count)
}

/// Takes one back: what was counted beforehand turned out to be no failure.
pub(crate) async fn uncount(conn: &mut Conn, rule: Rule, subject: Digest, window: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::rule.eq(rule.name()))
        .filter(table::subject.eq(subject.as_bytes()))
        .filter(table::window_start.eq(window.micros()))
        .filter(table::count.gt(0))
        .set(table::count.eq(table::count - 1_i64))
        .execute(c))?;
    Ok(())
}

/// How many there are in this window.
pub(crate) async fn counted(conn: &mut Conn, rule: Rule, subject: Digest, window: Timestamp) -> Result<i64, Error> {
    let counts: Vec<i64> = on!(conn, c => table::table
        .filter(table::rule.eq(rule.name()))
        .filter(table::subject.eq(subject.as_bytes()))
        .filter(table::window_start.eq(window.micros()))
        .select(table::count)
        .load(c))?;
    Ok(counts.first().copied().unwrap_or(0))
}

/// Counts an attempt at a password; the limit that it passes, if any.
pub(crate) async fn count_attempt(conn: &mut Conn, attempts: FailedAttempts) -> Result<Option<Limit>, Error> {
    let mut exhausted = None;
    for (rule, subject, limit) in attempts.counters.into_iter().flatten() {
        if count(conn, rule, subject, limit.window(attempts.now)).await? > i64::from(limit.max) {
            exhausted = Some(limit);
        }
    }
    Ok(exhausted)
}

/// Takes an attempt back.
pub(crate) async fn uncount_attempt(conn: &mut Conn, attempts: FailedAttempts) -> Result<(), Error> {
    for (rule, subject, limit) in attempts.counters.into_iter().flatten() {
        uncount(conn, rule, subject, limit.window(attempts.now)).await?;
    }
    Ok(())
}
