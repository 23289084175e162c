//! Recovery codes, as an HMAC of each. All rows of an account are its living set.

use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::auth_recovery_code as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::on;
use crate::secret::Digest;

/// More than a set has.
const MANY: i64 = 100;

/// Puts a set in the place of the one before.
pub(crate) async fn replace(
    conn: &mut Conn,
    account: &AccountId,
    digests: &[Digest],
    now: Timestamp,
) -> Result<(), Error> {
    remove(conn, account).await?;
    for digest in digests {
        let row = (
            table::account_id.eq(account.as_str()),
            table::digest.eq(digest.as_bytes()),
            table::created_at.eq(now.micros()),
        );
        on!(conn, c => diesel::insert_into(table::table).values(row).execute(c))?;
    }
    Ok(())
}

/// Uses one, once; false when it is none of the account's, or was used.
pub(crate) async fn spend(conn: &mut Conn, account: &AccountId, digest: Digest, now: Timestamp) -> Result<bool, Error> {
    let row = table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::digest.eq(digest.as_bytes()))
        .filter(table::used_at.is_null());
    Ok(on!(conn, c => diesel::update(row).set(table::used_at.eq(Some(now.micros()))).execute(c))? == 1)
}

/// Whether this is one of the account's that was not used.
pub(crate) async fn is_unused(conn: &mut Conn, account: &AccountId, digest: Digest) -> Result<bool, Error> {
    let row = table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::digest.eq(digest.as_bytes()))
        .filter(table::used_at.is_null())
        .count();
    let found: i64 = on!(conn, c => row.get_result(c))?;
    Ok(found == 1)
}

/// How many were not used.
pub(crate) async fn left(conn: &mut Conn, account: &AccountId) -> Result<i64, Error> {
    let row = table::table.filter(table::account_id.eq(account.as_str())).filter(table::used_at.is_null()).count();
    Ok(on!(conn, c => row.get_result(c))?)
}

/// The digests of the living set, used or not.
pub(crate) async fn all(conn: &mut Conn, account: &AccountId) -> Result<Vec<Digest>, Error> {
    let rows: Vec<Vec<u8>> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .select(table::digest)
        .limit(MANY)
        .load(c))?;
    Ok(rows.iter().filter_map(|digest| Digest::stored(digest)).collect())
}

/// Voids the set.
pub(crate) async fn remove(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    void(conn, account).await.map(drop)
}

/// Voids the set; how many codes it had, used or not.
pub(crate) async fn void(conn: &mut Conn, account: &AccountId) -> Result<usize, Error> {
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::account_id.eq(account.as_str()))).execute(c))?)
}

/// The accounts that have a set, a page after `after`.
pub(crate) async fn owners_after(conn: &mut Conn, after: &str, page: i64) -> Result<Vec<AccountId>, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::account_id.gt(after))
        .select(table::account_id)
        .distinct()
        .order(table::account_id)
        .limit(page)
        .load(c))?;
    Ok(ids.into_iter().map(AccountId::new).collect())
}
