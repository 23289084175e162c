//! Sign-ups: how accounts came to be. Each step of one is a conditional update, so that of two at once one takes effect
//! (people PPL-78, PPL-222).

use diesel::{
    ExpressionMethods, Insertable, NullableExpressionMethods, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_sign_up as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::sign_up::{Road, SignUpRecord};
use crate::on;

/// How many are counted who wait for staff.
const MOST_WAITING: i64 = 10_000;

/// How a review is kept that stays due though the server reviews nobody; any other is 1.
const REVIEW_STAYS: i16 = 2;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    account_id: String,
    road: String,
    app_id: Option<String>,
    provider: Option<String>,
    invitation_id: Option<String>,
    reason: Option<String>,
    agreed_to: Option<String>,
    minimum_age: Option<i16>,
    network: Option<String>,
    agent: Option<String>,
    language: Option<String>,
    needs_review: i16,
    created_at: i64,
    confirmed_at: Option<i64>,
    decided_at: Option<i64>,
    expires_at: i64,
}

impl From<Row> for SignUpRecord {
    fn from(row: Row) -> Self {
        Self {
            account: AccountId::new(row.account_id),
            road: Road::stored(&row.road),
            app: row.app_id.map(AppId::new),
            provider: row.provider,
            invitation: row.invitation_id,
            reason: row.reason,
            agreed_to: row.agreed_to,
            minimum_age: row.minimum_age.and_then(|age| u8::try_from(age).ok()),
            network: row.network,
            agent: row.agent,
            language: row.language,
            needs_review: row.needs_review != 0,
            created_at: Timestamp::from_micros(row.created_at),
            confirmed_at: row.confirmed_at.map(Timestamp::from_micros),
            decided_at: row.decided_at.map(Timestamp::from_micros),
            expires_at: Timestamp::from_micros(row.expires_at),
            review_stays: row.needs_review == REVIEW_STAYS,
        }
    }
}

/// Keeps how an account came to be.
pub(crate) async fn insert(conn: &mut Conn, made: SignUpRecord) -> Result<(), Error> {
    let row = Row {
        account_id: made.account.as_str().to_owned(),
        road: made.road.name().to_owned(),
        app_id: made.app.map(|app| app.as_str().to_owned()),
        provider: made.provider,
        invitation_id: made.invitation,
        reason: made.reason,
        agreed_to: made.agreed_to,
        minimum_age: made.minimum_age.map(i16::from),
        network: made.network,
        agent: made.agent,
        language: made.language,
        needs_review: if made.review_stays { REVIEW_STAYS } else { i16::from(made.needs_review) },
        created_at: made.created_at.micros(),
        confirmed_at: made.confirmed_at.map(Timestamp::micros),
        decided_at: made.decided_at.map(Timestamp::micros),
        expires_at: made.expires_at.micros(),
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// How an account came to be; nothing for those that an operator made.
pub(crate) async fn of_account(conn: &mut Conn, account: &AccountId) -> Result<Option<SignUpRecord>, Error> {
    let row: Option<Row> =
        on!(conn, c => table::table.find(account.as_str()).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(Into::into))
}

/// How these accounts came to be.
pub(crate) async fn of_accounts(conn: &mut Conn, accounts: &[String]) -> Result<Vec<SignUpRecord>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq_any(accounts))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Whom somebody invited.
pub(crate) async fn invited_by(conn: &mut Conn, maker: &AccountId, most: i64) -> Result<Vec<AccountId>, Error> {
    use super::schema::auth_invitation as invitation;
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::invitation_id.eq_any(invitation::table
            .filter(invitation::maker.eq(maker.as_str()))
            .select(invitation::id.nullable())))
        .order(table::account_id.desc())
        .select(table::account_id)
        .limit(most)
        .load(c))?;
    Ok(ids.into_iter().map(AccountId::new).collect())
}

/// Notes that the address is confirmed. A review begins now, and ends at `expires_at`; without one the sign-up is over.
pub(crate) async fn confirm(
    conn: &mut Conn,
    account: &AccountId,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let waits = on!(conn, c => diesel::update(table::table.find(account.as_str()))
        .filter(table::confirmed_at.is_null())
        .filter(table::decided_at.is_null())
        .filter(table::needs_review.ne(0))
        .set((table::confirmed_at.eq(Some(now.micros())), table::expires_at.eq(expires_at.micros())))
        .execute(c))?;
    if waits > 0 {
        return Ok(true);
    }
    let done = on!(conn, c => diesel::update(table::table.find(account.as_str()))
        .filter(table::confirmed_at.is_null())
        .filter(table::needs_review.eq(0))
        .set((table::confirmed_at.eq(Some(now.micros())), table::decided_at.eq(Some(now.micros()))))
        .execute(c))?;
    Ok(done > 0)
}

/// Staff need not decide any more about somebody whose address is not confirmed yet; false when it is, or somebody was faster.
pub(crate) async fn approve_early(conn: &mut Conn, account: &AccountId) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(account.as_str()))
        .filter(table::decided_at.is_null())
        .filter(table::confirmed_at.is_null())
        .filter(table::needs_review.ne(0))
        .set(table::needs_review.eq(0))
        .execute(c))?;
    Ok(changed == 1)
}

/// Ends a sign-up that nobody has decided; false when somebody was faster.
pub(crate) async fn decide(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(account.as_str()))
        .filter(table::decided_at.is_null())
        .set(table::decided_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// The same for one that staff declines: not one that was approved before its address is confirmed.
pub(crate) async fn reject(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(account.as_str()))
        .filter(table::decided_at.is_null())
        .filter(table::needs_review.ne(0))
        .set(table::decided_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// The same for one whose time is over.
pub(crate) async fn expire(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(account.as_str()))
        .filter(table::decided_at.is_null())
        .filter(table::expires_at.le(now.micros()))
        .set(table::decided_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// Those that nobody has decided, the oldest end first, after the one with this end and account.
pub(crate) async fn open(
    conn: &mut Conn,
    before: Timestamp,
    after: (i64, String),
    limit: i64,
) -> Result<Vec<SignUpRecord>, Error> {
    use diesel::BoolExpressionMethods;
    let (end, account) = after;
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::decided_at.is_null())
        .filter(table::expires_at.le(before.micros()))
        .filter(table::expires_at.gt(end).or(table::expires_at.eq(end).and(table::account_id.gt(&account))))
        .order((table::expires_at, table::account_id))
        .select(Row::as_select())
        .limit(limit)
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Since when those wait that staff can decide about: their address is confirmed.
pub(crate) async fn waiting_since(conn: &mut Conn) -> Result<Vec<Timestamp>, Error> {
    let all: Vec<Option<i64>> = on!(conn, c => table::table
        .filter(table::decided_at.is_null())
        .filter(table::needs_review.ne(0))
        .filter(table::confirmed_at.is_not_null())
        .order(table::confirmed_at)
        .select(table::confirmed_at)
        .limit(MOST_WAITING)
        .load(c))?;
    Ok(all.into_iter().flatten().map(Timestamp::from_micros).collect())
}

/// Forgets how a removed account came to be.
pub(crate) async fn delete(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.find(account.as_str())).execute(c))?;
    Ok(())
}
