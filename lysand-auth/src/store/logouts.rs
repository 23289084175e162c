//! The apps that are to be told of the end of a session: written with that end, told one after another (FAC-147, FAC-148).

use diesel::dsl::count_star;
use diesel::sql_types::BigInt;
use diesel::{BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, NullableExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::auth_session;
use super::schema_of_openid::{auth_app_session, auth_logout, auth_logout_host};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::on;

/// How many ends of sessions one app may still have to be told of (FAC-148).
const MOST_LOGOUTS: i64 = 100;

/// These sessions were ended just now, in this transaction: writes down which apps are to be told. What ended by age before is
/// told to nobody.
pub(crate) async fn tell_end(conn: &mut Conn, ended: &[String], now: Timestamp) -> Result<(), Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let told = on!(conn, c => {
        let rows = auth_app_session::table
            .inner_join(auth_session::table.on(auth_session::id.eq(auth_app_session::session_id)))
            .filter(auth_app_session::session_id.eq_any(ended))
            .filter(auth_app_session::logout_uri.is_not_null())
            .filter(auth_session::expires_at.gt(now.micros()))
            .filter(auth_session::idle_at.is_null().or(auth_session::idle_at.gt(now.micros())))
            .select((
                auth_app_session::session_id,
                auth_app_session::app_id,
                auth_session::account_id,
                auth_app_session::sid,
                auth_app_session::subject,
                auth_app_session::logout_uri.assume_not_null(),
                0_i64.into_sql::<BigInt>(),
                now.micros().into_sql::<BigInt>(),
                now.micros().into_sql::<BigInt>(),
            ));
        diesel::insert_into(auth_logout::table)
            .values(rows)
            .into_columns((
                auth_logout::session_id,
                auth_logout::app_id,
                auth_logout::account_id,
                auth_logout::sid,
                auth_logout::subject,
                auth_logout::uri,
                auth_logout::tries,
                auth_logout::next_at,
                auth_logout::created_at,
            ))
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    if told > 0 { make_room(conn, ended).await } else { Ok(()) }
}

/// The oldest rows of an app go where it has too many.
async fn make_room(conn: &mut Conn, ended: &[String]) -> Result<(), Error> {
    let apps =
        auth_app_session::table.filter(auth_app_session::session_id.eq_any(ended)).select(auth_app_session::app_id);
    let numbers: Vec<(String, i64)> = on!(conn, c => auth_logout::table
        .filter(auth_logout::app_id.eq_any(apps))
        .group_by(auth_logout::app_id)
        .select((auth_logout::app_id, count_star()))
        .load(c))?;
    for (app, number) in numbers.into_iter().filter(|(_, number)| *number > MOST_LOGOUTS) {
        let oldest: Vec<String> = on!(conn, c => auth_logout::table
            .filter(auth_logout::app_id.eq(&app))
            .order((auth_logout::created_at, auth_logout::session_id))
            .select(auth_logout::session_id)
            .limit(number - MOST_LOGOUTS)
            .load(c))?;
        on!(conn, c => diesel::delete(auth_logout::table)
            .filter(auth_logout::app_id.eq(&app))
            .filter(auth_logout::session_id.eq_any(&oldest))
            .execute(c))?;
    }
    Ok(())
}

/// An app that is to be told now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) session: String,
    pub(crate) app: AppId,
    pub(crate) account: AccountId,
    pub(crate) sid: String,
    pub(crate) subject: String,
    pub(crate) uri: String,
    /// How often it was tried before.
    pub(crate) tries: i64,
}

/// Whom to tell now, the longest waiting first.
pub(crate) async fn due(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<Due>, Error> {
    type Kept = (String, String, String, String, String, String, i64);
    let rows: Vec<Kept> = on!(conn, c => auth_logout::table
        .filter(auth_logout::next_at.le(now.micros()))
        .order(auth_logout::next_at)
        .limit(most)
        .select((
            auth_logout::session_id,
            auth_logout::app_id,
            auth_logout::account_id,
            auth_logout::sid,
            auth_logout::subject,
            auth_logout::uri,
            auth_logout::tries,
        ))
        .load(c))?;
    let due = rows.into_iter().map(|(session, app, account, sid, subject, uri, tries)| Due {
        session,
        app: AppId::new(app),
        account: AccountId::new(account),
        sid,
        subject,
        uri,
        tries,
    });
    Ok(due.collect())
}

/// Takes the turn to call a host until `until`, and one of its calls of this minute; false when somebody has the turn, or all
/// calls are used up.
pub(crate) async fn take_host(
    conn: &mut Conn,
    host: &str,
    (now, until, window, most): (Timestamp, Timestamp, Timestamp, i64),
) -> Result<bool, Error> {
    let (host_row, now) = (auth_logout_host::table.find(host), now.micros());
    let first = (
        auth_logout_host::host.eq(host),
        auth_logout_host::busy_until.eq(0),
        auth_logout_host::window_start.eq(0),
        auth_logout_host::calls.eq(0),
    );
    on!(conn, c => diesel::insert_into(auth_logout_host::table).values(first).on_conflict_do_nothing().execute(c))?;
    let within = on!(conn, c => diesel::update(host_row)
        .filter(auth_logout_host::busy_until.le(now))
        .filter(auth_logout_host::window_start.gt(window.micros()))
        .filter(auth_logout_host::calls.lt(most))
        .set((
            auth_logout_host::busy_until.eq(until.micros()),
            auth_logout_host::calls.eq(auth_logout_host::calls + 1),
        ))
        .execute(c))?;
    if within > 0 {
        return Ok(true);
    }
    let anew = on!(conn, c => diesel::update(host_row)
        .filter(auth_logout_host::busy_until.le(now))
        .filter(auth_logout_host::window_start.le(window.micros()))
        .set((
            auth_logout_host::busy_until.eq(until.micros()),
            auth_logout_host::window_start.eq(now),
            auth_logout_host::calls.eq(1),
        ))
        .execute(c))?;
    Ok(anew > 0)
}

/// Gives the turn back.
pub(crate) async fn leave_host(conn: &mut Conn, host: &str) -> Result<(), Error> {
    on!(conn, c => diesel::update(auth_logout_host::table.find(host))
        .set(auth_logout_host::busy_until.eq(0))
        .execute(c))?;
    Ok(())
}

/// The app was told, or is not to be told any more.
pub(crate) async fn drop(conn: &mut Conn, due: &Due) -> Result<(), Error> {
    on!(conn, c => diesel::delete(auth_logout::table.find((&due.session, due.app.as_str()))).execute(c))?;
    Ok(())
}

/// The app was not to be reached, and is told again at this moment.
pub(crate) async fn again(conn: &mut Conn, due: &Due, at: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(auth_logout::table.find((&due.session, due.app.as_str())))
        .set((auth_logout::tries.eq(due.tries + 1), auth_logout::next_at.eq(at.micros())))
        .execute(c))?;
    Ok(())
}

/// Forgets hosts that nobody called since this moment, a few at a time.
pub(crate) async fn sweep_hosts(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let hosts: Vec<String> = on!(conn, c => auth_logout_host::table
        .filter(auth_logout_host::window_start.lt(before.micros()))
        .filter(auth_logout_host::busy_until.lt(before.micros()))
        .select(auth_logout_host::host)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(auth_logout_host::table.filter(auth_logout_host::host.eq_any(&hosts)))
        .execute(c))?)
}
