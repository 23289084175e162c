//! Personal tokens: rows among the other tokens that have a name. All of them hang on one app that nobody registered and nobody
//! can be (people PPL-117 to PPL-120).

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl};
use diesel::{Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::{auth_app, auth_token as table};
use super::tokens::{Row as TokenRow, StoredToken};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::list_page::RowSpan;
use crate::model::personal_token::{APP, Networks, PersonalToken};
use crate::model::scope::Scopes;
use crate::on;
use crate::secret::Digest;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    name: Option<String>,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    networks: Option<String>,
}

impl From<Row> for PersonalToken {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name.unwrap_or_default(),
            scopes: Scopes::stored(&row.scopes),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_micros),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
            networks: row.networks.as_deref().map(Networks::stored).unwrap_or_default(),
        }
    }
}

/// The live ones of an account, in a query or a part of one.
macro_rules! live {
    ($account:expr, $now:expr) => {
        table::table
            .filter(table::account_id.eq($account.as_str()))
            .filter(table::name.is_not_null())
            .filter(table::revoked_at.is_null())
            .filter(table::expires_at.is_null().or(table::expires_at.gt($now.micros())))
    };
}

/// Keeps a new one; of its end the owner need not be told before `told`.
pub(crate) async fn insert(conn: &mut Conn, token: &StoredToken, digest: Digest, told: i16) -> Result<(), Error> {
    insert_app(conn, token.created_at).await?;
    let mut row = TokenRow::new(token, digest);
    row.told = told;
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

async fn insert_app(conn: &mut Conn, now: Timestamp) -> Result<(), Error> {
    let nothing: &[u8] = &[];
    let row = (
        auth_app::id.eq(APP),
        auth_app::client_id.eq(APP),
        auth_app::secret_digest.eq(nothing),
        auth_app::name.eq("Personal tokens"),
        auth_app::redirect_uris.eq(""),
        auth_app::scopes.eq(""),
        auth_app::created_at.eq(now.micros()),
        auth_app::is_public.eq(false),
        auth_app::expiring.eq(false),
        auth_app::first_party.eq(false),
        auth_app::approved.eq(true),
        auth_app::had_own_token.eq(true),
    );
    let statement = diesel::insert_into(auth_app::table).values(row).on_conflict_do_nothing();
    on!(conn, c => statement.execute(c))?;
    Ok(())
}

/// How many live ones an account has.
pub(crate) async fn count(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<i64, Error> {
    Ok(on!(conn, c => live!(account, now).count().get_result(c))?)
}

/// Live ones of an account, in the order of the span.
pub(crate) async fn some(
    conn: &mut Conn,
    account: &AccountId,
    span: &RowSpan,
    now: Timestamp,
) -> Result<Vec<PersonalToken>, Error> {
    let RowSpan { after, before, oldest_first, most } = span;
    // Behind every id in every collation: ids begin with a hexadecimal digit.
    let before = before.as_deref().unwrap_or("g");
    let rows: Vec<Row> = on!(conn, c => {
        let between = live!(account, now).filter(table::id.gt(after)).filter(table::id.lt(before));
        let query = between.select(Row::as_select()).into_boxed();
        let query = if *oldest_first { query.order(table::id.asc()) } else { query.order(table::id.desc()) };
        query.limit(*most).load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// A live one of an account.
pub(crate) async fn one(
    conn: &mut Conn,
    account: &AccountId,
    id: &str,
    now: Timestamp,
) -> Result<Option<PersonalToken>, Error> {
    let row: Option<Row> = on!(conn, c => live!(account, now)
        .filter(table::id.eq(id))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.map(Into::into))
}

/// Gives a live one another value and another end; false when it is over, or another account's.
pub(crate) async fn renew(
    conn: &mut Conn,
    (account, id): (&AccountId, &str),
    digest: Digest,
    (now, expires_at): (Timestamp, Option<Timestamp>),
    told: i16,
) -> Result<bool, Error> {
    let change = (
        table::digest.eq(digest.as_bytes().to_vec()),
        table::created_at.eq(now.micros()),
        table::expires_at.eq(expires_at.map(Timestamp::micros)),
        table::told.eq(told),
    );
    let is_live = table::id
        .eq(id)
        .and(table::account_id.eq(account.as_str()))
        .and(table::name.is_not_null())
        .and(table::revoked_at.is_null())
        .and(table::expires_at.is_null().or(table::expires_at.gt(now.micros())));
    let renewed = on!(conn, c => diesel::update(table::table.filter(is_live)).set(change).execute(c))?;
    Ok(renewed == 1)
}

/// One whose owner is to be told that it ends.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) expires_at: Timestamp,
}

/// Those that end before `before`, and whose owners were not told so much yet; a few of them.
pub(crate) async fn ending(conn: &mut Conn, before: Timestamp, told: i16, most: i64) -> Result<Vec<Ending>, Error> {
    type Found = (String, String, String, i64);
    let rows: Vec<Found> = on!(conn, c => table::table
        .filter(table::expires_at.le(before.micros()))
        .filter(table::name.is_not_null())
        .filter(table::account_id.is_not_null())
        .filter(table::revoked_at.is_null())
        .filter(table::told.lt(told))
        .order((table::expires_at, table::id))
        .select((
            table::id,
            table::account_id.assume_not_null(),
            table::name.assume_not_null(),
            table::expires_at.assume_not_null(),
        ))
        .limit(most)
        .load(c))?;
    let ending = |(id, account, name, expires_at)| Ending {
        id,
        account: AccountId::new(account),
        name,
        expires_at: Timestamp::from_micros(expires_at),
    };
    Ok(rows.into_iter().map(ending).collect())
}

/// Remembers that the owner was told; false when somebody else did it, or the token is over or ends at another time.
pub(crate) async fn tell(conn: &mut Conn, ending: &Ending, told: i16) -> Result<bool, Error> {
    let noted = on!(conn, c => diesel::update(table::table.find(&ending.id))
        .filter(table::told.lt(told))
        .filter(table::revoked_at.is_null())
        .filter(table::expires_at.eq(ending.expires_at.micros()))
        .set(table::told.eq(told))
        .execute(c))?;
    Ok(noted == 1)
}
