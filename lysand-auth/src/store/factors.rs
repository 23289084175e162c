//! Authenticator apps: being set up, and proven. Their secrets are sealed (FAC-66).

use diesel::dsl::count_star;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_factor as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::keys::Sealed;
use crate::model::account::AccountId;
use crate::model::factors::StoredFactor;
use crate::on;

/// More than one account can have.
const MANY: i64 = 100;
const TOTP: &str = "totp";

/// An authenticator app without its secret.
pub(crate) struct NamedFactor {
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    account_id: String,
    kind: String,
    name: String,
    secret: Vec<u8>,
    sealed_by: String,
    last_step: i64,
    made_in: String,
    tries: i64,
    created_at: i64,
    proven_at: Option<i64>,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl From<Row> for StoredFactor {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account: AccountId::new(row.account_id),
            name: row.name,
            secret: Sealed { key: row.sealed_by, bytes: row.secret },
            last_step: row.last_step,
            made_in: row.made_in,
            tries: row.tries,
            created_at: Timestamp::from_micros(row.created_at),
            proven_at: row.proven_at.map(Timestamp::from_micros),
            expires_at: row.expires_at.map(Timestamp::from_micros),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
        }
    }
}

/// Keeps one that is being set up, or was elsewhere. An earlier one of the same session or token that was never proven goes.
pub(crate) async fn begin(conn: &mut Conn, factor: StoredFactor) -> Result<(), Error> {
    let unproven = table::table
        .filter(table::account_id.eq(factor.account.as_str()))
        .filter(table::made_in.eq(&factor.made_in))
        .filter(table::proven_at.is_null());
    on!(conn, c => diesel::delete(unproven).execute(c))?;
    let row = Row {
        id: factor.id,
        account_id: factor.account.as_str().to_owned(),
        kind: TOTP.to_owned(),
        name: factor.name,
        secret: factor.secret.bytes,
        sealed_by: factor.secret.key,
        last_step: factor.last_step,
        made_in: factor.made_in,
        tries: 0,
        created_at: factor.created_at.micros(),
        proven_at: factor.proven_at.map(Timestamp::micros),
        expires_at: factor.expires_at.map(Timestamp::micros),
        last_used_at: None,
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// One of an account, by its id, proven or not.
pub(crate) async fn of_account(conn: &mut Conn, account: &AccountId, id: &str) -> Result<Option<StoredFactor>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .find(id)
        .filter(table::account_id.eq(account.as_str()))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.map(Into::into))
}

/// Those of an account that count, the oldest first.
pub(crate) async fn proven(conn: &mut Conn, account: &AccountId) -> Result<Vec<StoredFactor>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::proven_at.is_not_null())
        .order(table::id)
        .select(Row::as_select())
        .limit(MANY)
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What their owner may read of them: names and times, and no secret.
pub(crate) async fn names(conn: &mut Conn, account: &AccountId) -> Result<Vec<NamedFactor>, Error> {
    let rows: Vec<(String, i64, Option<i64>)> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::proven_at.is_not_null())
        .order(table::id)
        .select((table::name, table::created_at, table::last_used_at))
        .limit(MANY)
        .load(c))?;
    let read = |(name, made, used): (String, i64, Option<i64>)| NamedFactor {
        name,
        created_at: Timestamp::from_micros(made),
        last_used_at: used.map(Timestamp::from_micros),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Uses the code of a time step, once and never an older one (FAC-61); false when that step is over.
pub(crate) async fn use_step(
    conn: &mut Conn,
    account: &AccountId,
    (id, step): (&str, i64),
    now: Timestamp,
) -> Result<bool, Error> {
    let row = table::table
        .find(id)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::proven_at.is_not_null())
        .filter(table::last_step.lt(step));
    let used = (table::last_step.eq(step), table::last_used_at.eq(Some(now.micros())));
    Ok(on!(conn, c => diesel::update(row).set(used).execute(c))? == 1)
}

/// One that was being set up counts from now on, and its first code is used; false when it was proven, or is gone.
pub(crate) async fn prove(
    conn: &mut Conn,
    account: &AccountId,
    (id, name, step): (&str, &str, i64),
    now: Timestamp,
) -> Result<bool, Error> {
    let row = table::table
        .find(id)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::proven_at.is_null())
        .filter(table::expires_at.gt(now.micros()));
    let proven = (
        table::proven_at.eq(Some(now.micros())),
        table::expires_at.eq(None::<i64>),
        table::name.eq(name),
        table::last_step.eq(step),
    );
    Ok(on!(conn, c => diesel::update(row).set(proven).execute(c))? == 1)
}

/// Counts a wrong code while one is being set up.
pub(crate) async fn count_wrong(conn: &mut Conn, id: &str) -> Result<(), Error> {
    let row = diesel::update(table::table.find(id).filter(table::proven_at.is_null()));
    on!(conn, c => row.set(table::tries.eq(table::tries + 1)).execute(c))?;
    Ok(())
}

/// Gives one another name; false when it is not there, or another's.
pub(crate) async fn rename(conn: &mut Conn, account: &AccountId, id: &str, name: &str) -> Result<bool, Error> {
    let row =
        table::table.find(id).filter(table::account_id.eq(account.as_str())).filter(table::proven_at.is_not_null());
    Ok(on!(conn, c => diesel::update(row).set(table::name.eq(name)).execute(c))? == 1)
}

/// Removes one that counts; false when it is not there, or another's.
pub(crate) async fn remove(conn: &mut Conn, account: &AccountId, id: &str) -> Result<bool, Error> {
    let row =
        table::table.find(id).filter(table::account_id.eq(account.as_str())).filter(table::proven_at.is_not_null());
    Ok(on!(conn, c => diesel::delete(row).execute(c))? == 1)
}

/// Removes all of an account; how many of them counted.
pub(crate) async fn remove_all(conn: &mut Conn, account: &AccountId) -> Result<usize, Error> {
    let own = table::table.filter(table::account_id.eq(account.as_str()));
    on!(conn, c => diesel::delete(own.filter(table::proven_at.is_null())).execute(c))?;
    Ok(on!(conn, c => diesel::delete(own).execute(c))?)
}

/// The names of keys under which secrets are sealed, of which none of these is one, and how many secrets each seals.
pub(crate) async fn sealed_otherwise(conn: &mut Conn, keys: &[String]) -> Result<Vec<(String, i64)>, Error> {
    let unknown = table::table.filter(table::sealed_by.ne_all(keys)).group_by(table::sealed_by);
    Ok(on!(conn, c => unknown.select((table::sealed_by, count_star())).order(table::sealed_by).load(c))?)
}

/// Secrets that are not sealed under the first key, a page after `after`.
pub(crate) async fn sealed_by_others(
    conn: &mut Conn,
    (first, after): (&str, &str),
    page: i64,
) -> Result<Vec<StoredFactor>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::sealed_by.ne(first).and(table::id.gt(after)))
        .order(table::id)
        .select(Row::as_select())
        .limit(page)
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Keeps a secret that was sealed anew, unless somebody was faster.
pub(crate) async fn reseal(conn: &mut Conn, id: &str, old: &Sealed, new: &Sealed) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::sealed_by.eq(&old.key));
    let sealed = (table::secret.eq(&new.bytes), table::sealed_by.eq(&new.key));
    Ok(on!(conn, c => diesel::update(row).set(sealed).execute(c))? == 1)
}

/// Forgets those that were never proven; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::expires_at.lt(before.micros()))
        .filter(table::proven_at.is_null())
        .order((table::expires_at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&ids))).execute(c))?)
}
