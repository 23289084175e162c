//! The browsers with which somebody signed in to an account before (people PPL-113).

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::auth_known_browser as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::on;
use crate::secret::Digest;

/// Accounts that one browser can be known to, and browsers that one account can know. The one that was seen longest ago makes
/// room.
const ACCOUNTS: i64 = 20;
const BROWSERS: i64 = 50;
/// More rows than there can be beyond either.
const MANY: i64 = 100;

/// Whether somebody signed in to the account with this browser since `since`.
pub(crate) async fn is_known(
    conn: &mut Conn,
    browser: Digest,
    account: &AccountId,
    since: Timestamp,
) -> Result<bool, Error> {
    let known: i64 = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::browser_digest.eq(browser.as_bytes()))
        .filter(table::last_at.gt(since.micros()))
        .count()
        .get_result(c))?;
    Ok(known > 0)
}

/// How well an account knows a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Somebody signed in with it before.
    Before,
    /// It is new, and the account knows no other.
    Alone,
    /// It is new, and the account knows others.
    BesideOthers,
}

/// Remembers that somebody signed in to the account with this browser; how well that was known. `id` is for a row that there is
/// not yet.
pub(crate) async fn remember(
    conn: &mut Conn,
    id: &str,
    browser: Digest,
    account: &AccountId,
    now: Timestamp,
) -> Result<Seen, Error> {
    let kept: String = on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::browser_digest.eq(browser.as_bytes()),
            table::account_id.eq(account.as_str()),
            table::first_at.eq(now.micros()),
            table::last_at.eq(now.micros()),
        ))
        .on_conflict((table::account_id, table::browser_digest))
        .do_update()
        .set(table::last_at.eq(sql::<BigInt>("excluded.last_at")))
        .returning(table::id)
        .get_result(c))?;
    if kept != id {
        return Ok(Seen::Before);
    }
    make_room(conn, browser, account).await?;
    let known: i64 = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .count()
        .get_result(c))?;
    Ok(if known > 1 { Seen::BesideOthers } else { Seen::Alone })
}

async fn make_room(conn: &mut Conn, browser: Digest, account: &AccountId) -> Result<(), Error> {
    let mut beyond: Vec<String> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .order((table::last_at.desc(), table::id.desc()))
        .select(table::id)
        .offset(BROWSERS)
        .limit(MANY)
        .load(c))?;
    let accounts: Vec<String> = on!(conn, c => table::table
        .filter(table::browser_digest.eq(browser.as_bytes()))
        .order((table::last_at.desc(), table::id.desc()))
        .select(table::id)
        .offset(ACCOUNTS)
        .limit(MANY)
        .load(c))?;
    beyond.extend(accounts);
    if !beyond.is_empty() {
        on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&beyond))).execute(c))?;
    }
    Ok(())
}

/// The digests of the browsers that an account knows.
pub(crate) async fn of_account(conn: &mut Conn, account: &AccountId) -> Result<Vec<Digest>, Error> {
    let digests: Vec<Vec<u8>> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .select(table::browser_digest)
        .load(c))?;
    Ok(digests.iter().filter_map(|digest| Digest::stored(digest)).collect())
}

/// Forgets the browsers of an account.
pub(crate) async fn forget_account(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::account_id.eq(account.as_str()))).execute(c))?;
    Ok(())
}
