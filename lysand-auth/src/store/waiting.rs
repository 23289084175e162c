//! Browsers and programs that wait for an account to become usable. What they show is kept as a digest.

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_waiting as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::sign_up::{Waiting, WaitingSince, WaitingState};
use crate::on;
use crate::secret::Digest;

const SIGN_UP: &str = "sign_up";
const SIGN_IN: &str = "sign_in";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    token_digest: Vec<u8>,
    account_id: String,
    origin: String,
    request: Option<String>,
    created_at: i64,
    expires_at: i64,
    spent_at: Option<i64>,
    outcome: Option<String>,
    message: Option<String>,
}

impl From<Row> for Waiting {
    fn from(row: Row) -> Self {
        let outcome = row.outcome.as_deref().map(|outcome| match outcome {
            "rejected" => WaitingState::Rejected,
            _ => WaitingState::Expired,
        });
        Self {
            id: row.id,
            account: AccountId::new(row.account_id),
            since: if row.origin == SIGN_UP { WaitingSince::SignUp } else { WaitingSince::SignIn },
            request: row.request.and_then(|request| serde_json::from_str(&request).ok()).unwrap_or_default(),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            spent_at: row.spent_at.map(Timestamp::from_micros),
            outcome,
            message: row.message,
        }
    }
}

/// Keeps somebody who waits, by the digest of what they show.
pub(crate) async fn insert(conn: &mut Conn, token: Digest, waiting: Waiting) -> Result<(), Error> {
    let request = Some(waiting.request).filter(|request| !request.is_empty());
    let row = Row {
        id: waiting.id,
        token_digest: token.as_bytes().to_vec(),
        account_id: waiting.account.as_str().to_owned(),
        origin: if waiting.since == WaitingSince::SignUp { SIGN_UP } else { SIGN_IN }.to_owned(),
        request: request.and_then(|request| serde_json::to_string(&request).ok()),
        created_at: waiting.created_at.micros(),
        expires_at: waiting.expires_at.micros(),
        spent_at: None,
        outcome: None,
        message: None,
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// Who shows this.
pub(crate) async fn by_token(conn: &mut Conn, token: Digest) -> Result<Option<Waiting>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .filter(table::token_digest.eq(token.as_bytes()))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.map(Into::into))
}

/// Exchanges it, once; false when somebody was faster.
pub(crate) async fn spend(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::spent_at.is_null())
        .set(table::spent_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// Tells all who wait for an account that it is gone, and why.
pub(crate) async fn tell(
    conn: &mut Conn,
    account: &AccountId,
    outcome: WaitingState,
    message: Option<&str>,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()))
        .set((table::outcome.eq(Some(outcome.name())), table::message.eq(message), table::request.eq(None::<String>)))
        .execute(c))?;
    Ok(())
}

/// Forgets those whose time is over; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, now: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::expires_at.lt(now.micros()))
        .order((table::expires_at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&ids))).execute(c))?)
}

/// Forgets who shows this.
pub(crate) async fn delete(conn: &mut Conn, token: Digest) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::token_digest.eq(token.as_bytes()))).execute(c))?;
    Ok(())
}

/// Forgets all who wait for an account.
pub(crate) async fn delete_of_account(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::account_id.eq(account.as_str()))).execute(c))?;
    Ok(())
}
