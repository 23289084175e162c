//! Tickets: each opens one stream once.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};

use super::conn::Conn;
use super::schema::auth_family;
use super::schema_of_native::auth_ticket as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::on;
use crate::secret::Digest;

/// A ticket as the store keeps it.
pub(crate) struct StoredTicket {
    pub(crate) family: String,
    pub(crate) account: AccountId,
    pub(crate) target: String,
    pub(crate) expires_at: Timestamp,
}

/// How many of a sign-in are waiting to be used.
pub(crate) async fn waiting(conn: &mut Conn, family: &str, now: Timestamp) -> Result<i64, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::family_id.eq(family))
        .filter(table::expires_at.gt(now.micros()))
        .count()
        .get_result(c))?)
}

/// Keeps one.
pub(crate) async fn insert(conn: &mut Conn, digest: Digest, ticket: &StoredTicket) -> Result<(), Error> {
    on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::digest.eq(digest.as_bytes()),
            table::family_id.eq(&ticket.family),
            table::account_id.eq(ticket.account.as_str()),
            table::target.eq(&ticket.target),
            table::expires_at.eq(ticket.expires_at.micros()),
        ))
        .execute(c))?;
    Ok(())
}

/// Takes a ticket away, whoever shows it for whatever: of several who do at once, one gets it.
pub(crate) async fn take(conn: &mut Conn, digest: Digest) -> Result<Option<StoredTicket>, Error> {
    type Row = (String, String, String, i64);
    let row: Option<Row> = on!(conn, c => diesel::delete(table::table.find(digest.as_bytes()))
        .returning((table::family_id, table::account_id, table::target, table::expires_at))
        .get_result(c))
    .optional()?;
    Ok(row.map(|(family, account, target, expires_at)| StoredTicket {
        family,
        account: AccountId::new(account),
        target,
        expires_at: Timestamp::from_micros(expires_at),
    }))
}

/// Whether the sign-in of a ticket stands.
pub(crate) async fn is_family_live(conn: &mut Conn, family: &str, now: Timestamp) -> Result<bool, Error> {
    let live: i64 = on!(conn, c => auth_family::table
        .find(family)
        .filter(auth_family::ended_at.is_null())
        .filter(auth_family::expires_at.gt(now.micros()))
        .count()
        .get_result(c))?;
    Ok(live > 0)
}

/// Deletes tickets that were over before `before`; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let digests: Vec<Vec<u8>> = on!(conn, c => table::table
        .filter(table::expires_at.lt(before.micros()))
        .order(table::expires_at)
        .select(table::digest)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::digest.eq_any(&digests))).execute(c))?)
}
