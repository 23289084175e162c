//! The browsers that accounts trust (FAC-97). What a browser shows is kept as a digest; what was made before everything of an
//! account was last ended counts no more. Rows go with their account, twenty of one account stay, and [`sweep`] removes the rest.

use diesel::{BoolExpressionMethods, ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_trusted_browser as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::trusted_browser::TrustedBrowser;
use crate::on;
use crate::secret::Digest;

/// Browsers that one account can trust; the one that was trusted first makes room.
const MOST: i64 = 20;
/// More than there can be beyond that.
const MANY: i64 = 100;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    account_id: String,
    digest: Vec<u8>,
    agent: Option<String>,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
    generation: i64,
}

impl Row {
    fn read(self) -> TrustedBrowser {
        TrustedBrowser {
            id: self.id,
            agent: self.agent,
            created_at: Timestamp::from_micros(self.created_at),
            last_used_at: Timestamp::from_micros(self.last_used_at),
            expires_at: Timestamp::from_micros(self.expires_at),
        }
    }
}

/// The row of the account, and of the generation of its credentials, that one of these values is for.
pub(crate) async fn find(
    conn: &mut Conn,
    (account, generation): (&AccountId, i64),
    shown: &[Digest],
    now: Timestamp,
) -> Result<Option<TrustedBrowser>, Error> {
    let shown: Vec<&[u8]> = shown.iter().map(Digest::as_bytes).collect();
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::digest.eq_any(&shown))
        .filter(table::generation.eq(generation))
        .filter(table::expires_at.gt(now.micros()))
        .order((table::expires_at.desc(), table::id))
        .limit(1)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().next().map(Row::read))
}

/// Which of these values some account may still trust.
pub(crate) async fn living(conn: &mut Conn, shown: &[Digest], now: Timestamp) -> Result<Vec<Digest>, Error> {
    let shown: Vec<&[u8]> = shown.iter().map(Digest::as_bytes).collect();
    let found: Vec<Vec<u8>> = on!(conn, c => table::table
        .filter(table::digest.eq_any(&shown))
        .filter(table::expires_at.gt(now.micros()))
        .select(table::digest)
        .load(c))?;
    Ok(found.iter().filter_map(|digest| Digest::stored(digest)).collect())
}

/// Trusts a browser, in the place of the rows of `shown`, and of those that count no more.
pub(crate) async fn insert(
    conn: &mut Conn,
    (account, generation): (&AccountId, i64),
    (digest, browser): (Digest, &TrustedBrowser),
    shown: &[Digest],
) -> Result<(), Error> {
    let now = browser.created_at.micros();
    let shown: Vec<&[u8]> = shown.iter().map(Digest::as_bytes).collect();
    let over = table::digest.eq_any(&shown).or(table::generation.ne(generation)).or(table::expires_at.le(now));
    let own = table::table.filter(table::account_id.eq(account.as_str()));
    on!(conn, c => diesel::delete(own.filter(over)).execute(c))?;
    let row = Row {
        id: browser.id.clone(),
        account_id: account.as_str().to_owned(),
        digest: digest.as_bytes().to_vec(),
        agent: browser.agent.clone(),
        created_at: now,
        last_used_at: browser.last_used_at.micros(),
        expires_at: browser.expires_at.micros(),
        generation,
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    let beyond: Vec<String> = on!(conn, c => own
        .order((table::created_at.desc(), table::id.desc()))
        .select(table::id)
        .offset(MOST)
        .limit(MANY)
        .load(c))?;
    if !beyond.is_empty() {
        on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&beyond))).execute(c))?;
    }
    Ok(())
}

/// Notes that somebody signed in with it; false when it is trusted no more.
pub(crate) async fn note_use(
    conn: &mut Conn,
    (account, generation): (&AccountId, i64),
    id: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = table::table
        .find(id)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::generation.eq(generation))
        .filter(table::expires_at.gt(now.micros()));
    Ok(on!(conn, c => diesel::update(row).set(table::last_used_at.eq(now.micros())).execute(c))? == 1)
}

/// The browsers that an account trusts, the latest first.
pub(crate) async fn of_account(
    conn: &mut Conn,
    (account, generation): (&AccountId, i64),
    now: Timestamp,
) -> Result<Vec<TrustedBrowser>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::generation.eq(generation))
        .filter(table::expires_at.gt(now.micros()))
        .order((table::created_at.desc(), table::id.desc()))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Row::read).collect())
}

/// All rows of an account, also those that count no more: for its owner's copy.
pub(crate) async fn kept(conn: &mut Conn, account: &AccountId) -> Result<Vec<TrustedBrowser>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .order((table::created_at.desc(), table::id.desc()))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Row::read).collect())
}

/// Trusts one of an account's no more; false when it has no such row.
pub(crate) async fn forget(conn: &mut Conn, account: &AccountId, id: &str) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::account_id.eq(account.as_str()));
    Ok(on!(conn, c => diesel::delete(row).execute(c))? == 1)
}

/// Trusts none of an account's any more.
pub(crate) async fn forget_account(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::account_id.eq(account.as_str()))).execute(c))?;
    Ok(())
}

/// Forgets those whose time is over; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::expires_at.lt(before.micros()))
        .order((table::expires_at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&ids))).execute(c))?)
}
