//! What an account has granted: its live tokens with their apps, and the end of both. What native clients hold is not among it
//! (native NAT-24).

use std::collections::BTreeMap;

use diesel::dsl::{max, min};
use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};

use super::apps::{self, StoredApp};
use super::conn::Conn;
use super::device_codes;
use super::schema::{auth_app, auth_authorization as codes, auth_family as families, auth_token as table};
use super::tokens::{self, Found, Row};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::{App, AppId};
use crate::model::list_page::RowSpan;
use crate::model::native;
use crate::model::scope::Scopes;
use crate::on;

/// The live tokens of an account, in a query or a part of one.
macro_rules! alive {
    ($account:expr, $now:expr $(, $joined:expr)?) => {
        table::table
            $(.inner_join($joined))?
            .filter(table::account_id.eq($account.as_str()))
            .filter(table::revoked_at.is_null())
            .filter(table::expires_at.is_null().or(table::expires_at.gt($now.micros())))
    };
}

/// The families of refresh tokens that can still bring an account's apps new tokens.
macro_rules! living_families {
    ($account:expr, $now:expr) => {
        families::table
            .filter(families::account_id.eq($account.as_str()))
            .filter(families::ended_at.is_null())
            .filter(families::expires_at.gt($now.micros()))
    };
}

/// The codes of an account that its apps can still redeem.
macro_rules! approved {
    ($account:expr, $now:expr) => {
        codes::table
            .filter(codes::account_id.eq($account.as_str()))
            .filter(codes::approved_at.is_not_null())
            .filter(codes::used_at.is_null())
            .filter(codes::expires_at.gt($now.micros()))
    };
}

/// The same with their apps.
macro_rules! live {
    ($account:expr, $now:expr) => {
        alive!($account, $now, auth_app::table)
            .filter(table::app_id.ne_all(native::APPS))
            .select((Row::as_select(), apps::Row::as_select()))
    };
}

fn found((row, app): (Row, apps::Row)) -> Found {
    tokens::found(row, app)
}

/// What live tokens, or families of refresh tokens, of equal scope tell together.
pub(crate) struct Grant {
    pub(crate) app_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) since: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// What an account has granted to apps, one entry an app and set of scopes, however many tokens there are; and those apps.
pub(crate) async fn all(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(Vec<Grant>, Vec<App>), Error> {
    let rows: Vec<(String, String, Option<i64>, Option<i64>)> = on!(conn, c => alive!(account, now)
        .filter(table::name.is_null())
        .filter(table::app_id.ne_all(native::APPS))
        .group_by((table::app_id, table::scopes))
        .select((table::app_id, table::scopes, min(table::created_at), max(table::last_used_at)))
        .load(c))?;
    let families: Vec<(String, String, Option<i64>)> = on!(conn, c => living_families!(account, now)
        .filter(families::app_id.ne_all(native::APPS))
        .group_by((families::app_id, families::scopes))
        .select((families::app_id, families::scopes, min(families::created_at)))
        .load(c))?;
    let apps: Vec<apps::Row> = on!(conn, c => auth_app::table
        .filter(auth_app::id.ne_all(native::APPS))
        .filter(auth_app::id.eq_any(alive!(account, now).filter(table::name.is_null()).select(table::app_id))
            .or(auth_app::id.eq_any(living_families!(account, now).select(families::app_id))))
        .select(apps::Row::as_select())
        .load(c))?;
    let of_families = families.into_iter().map(|(app_id, scopes, since)| (app_id, scopes, since, None));
    let grants = rows.into_iter().chain(of_families).map(|(app_id, scopes, since, last_used_at)| Grant {
        app_id,
        scopes: Scopes::stored(&scopes),
        since: Timestamp::from_micros(since.unwrap_or_default()),
        last_used_at: last_used_at.map(Timestamp::from_micros),
    });
    Ok((grants.collect(), apps.into_iter().map(|row| StoredApp::from(row).app).collect()))
}

/// Live tokens of an account, in the order of the span.
pub(crate) async fn some(
    conn: &mut Conn,
    account: &AccountId,
    span: &RowSpan,
    now: Timestamp,
) -> Result<Vec<Found>, Error> {
    let RowSpan { after, before, oldest_first, most } = span;
    // Behind every id in every collation: ids begin with a hexadecimal digit.
    let before = before.as_deref().unwrap_or("g");
    let rows: Vec<(Row, apps::Row)> = if *oldest_first {
        on!(conn, c => live!(account, now)
            .filter(table::id.gt(after))
            .filter(table::id.lt(before))
            .order(table::id.asc())
            .limit(*most)
            .load(c))?
    } else {
        on!(conn, c => live!(account, now)
            .filter(table::id.gt(after))
            .filter(table::id.lt(before))
            .order(table::id.desc())
            .limit(*most)
            .load(c))?
    };
    Ok(rows.into_iter().map(found).collect())
}

/// One live token of an account.
pub(crate) async fn one(
    conn: &mut Conn,
    account: &AccountId,
    id: &str,
    now: Timestamp,
) -> Result<Option<Found>, Error> {
    let row: Option<(Row, apps::Row)> =
        on!(conn, c => live!(account, now).filter(table::id.eq(id)).get_result(c)).optional()?;
    Ok(row.map(found))
}

/// Whether the grant of this name is alive: a family of refresh tokens, or a token that belongs to none.
pub(crate) async fn is_live(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let in_families: i64 = on!(conn, c => families::table
        .find(id)
        .filter(families::ended_at.is_null())
        .filter(families::expires_at.gt(now.micros()))
        .count()
        .get_result(c))?;
    if in_families > 0 {
        return Ok(true);
    }
    let alone: i64 = on!(conn, c => table::table
        .find(id)
        .filter(table::family_id.is_null())
        .filter(table::revoked_at.is_null())
        .filter(table::expires_at.is_null().or(table::expires_at.gt(now.micros())))
        .count()
        .get_result(c))?;
    Ok(alone > 0)
}

/// The scopes of what is alive of all that an account gave to an app.
pub(crate) async fn live_scopes(
    conn: &mut Conn,
    account: &AccountId,
    app: &AppId,
    now: Timestamp,
) -> Result<Vec<Scopes>, Error> {
    let mut all: Vec<String> = on!(conn, c => alive!(account, now)
        .filter(table::app_id.eq(app.as_str()))
        .select(table::scopes)
        .distinct()
        .load(c))?;
    let of_families: Vec<String> = on!(conn, c => living_families!(account, now)
        .filter(families::app_id.eq(app.as_str()))
        .select(families::scopes)
        .distinct()
        .load(c))?;
    all.extend(of_families);
    Ok(all.iter().map(|scopes| Scopes::stored(scopes)).collect())
}

/// The same; and on PostgreSQL, whoever would end it waits until this transaction is over, as on SQLite they do anyway.
pub(crate) async fn lock_live_scopes(
    conn: &mut Conn,
    account: &AccountId,
    app: &AppId,
    now: Timestamp,
) -> Result<Vec<Scopes>, Error> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let families = living_families!(account, now).filter(families::app_id.eq(app.as_str()));
            let families = families.select(families::scopes).for_share();
            let mut all: Vec<String> = diesel_async::RunQueryDsl::load(families, c).await?;
            let tokens = alive!(account, now).filter(table::app_id.eq(app.as_str())).select(table::scopes);
            let of_tokens: Vec<String> = diesel_async::RunQueryDsl::load(tokens.for_share(), c).await?;
            all.extend(of_tokens);
            Ok(all.iter().map(|scopes| Scopes::stored(scopes)).collect())
        }
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => live_scopes(conn, account, app, now).await,
    }
}

/// Makes this transaction wait for everybody who uses a code of an account's or refreshes a token, and them for its end. On SQLite
/// they do anyway.
pub(crate) async fn lock(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let families = living_families!(account, now).select(families::id).for_update();
            diesel_async::RunQueryDsl::load::<String>(families, c).await?;
            let tokens = alive!(account, now).select(table::id).for_update();
            diesel_async::RunQueryDsl::load::<String>(tokens, c).await?;
            let open = approved!(account, now).select(codes::app_id).for_update();
            diesel_async::RunQueryDsl::load::<String>(open, c).await?;
        }
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => {}
    }
    #[cfg(not(feature = "postgres"))]
    let _ = (account, now);
    Ok(())
}

/// When each app that has access to an account last used it, or was granted something since.
pub(crate) async fn last_uses(
    conn: &mut Conn,
    account: &AccountId,
    now: Timestamp,
) -> Result<BTreeMap<String, Timestamp>, Error> {
    let tokens: Vec<(String, Option<i64>, Option<i64>)> = on!(conn, c => alive!(account, now)
        .filter(table::app_id.ne_all(native::APPS))
        .group_by(table::app_id)
        .select((table::app_id, max(table::created_at), max(table::last_used_at)))
        .load(c))?;
    let families: Vec<(String, Option<i64>)> = on!(conn, c => living_families!(account, now)
        .filter(families::app_id.ne_all(native::APPS))
        .group_by(families::app_id)
        .select((families::app_id, max(families::rotated_at)))
        .load(c))?;
    let open: Vec<(String, Option<i64>)> = on!(conn, c => approved!(account, now)
        .group_by(codes::app_id)
        .select((codes::app_id, max(codes::approved_at)))
        .load(c))?;
    let of_tokens = tokens.into_iter().map(|(app, made, used)| (app, made.max(used)));
    let mut last: BTreeMap<String, Timestamp> = BTreeMap::new();
    for (app, at) in of_tokens.chain(families).chain(open) {
        let at = Timestamp::from_micros(at.unwrap_or_default());
        last.entry(app).and_modify(|known| *known = at.max(*known)).or_insert(at);
    }
    Ok(last)
}

/// What a living token of an app tells: whose it is, and when it was last used.
pub(crate) type LiveToken = (Option<String>, Option<Timestamp>);

/// The living tokens of an app, `most` at most, and the people whose families of refresh tokens live beside.
pub(crate) async fn of_app(
    conn: &mut Conn,
    app: &AppId,
    now: Timestamp,
    most: i64,
) -> Result<(Vec<LiveToken>, Vec<LiveToken>), Error> {
    let tokens: Vec<(Option<String>, Option<i64>)> = on!(conn, c => table::table
        .filter(table::app_id.eq(app.as_str()))
        .filter(table::revoked_at.is_null())
        .filter(table::expires_at.is_null().or(table::expires_at.gt(now.micros())))
        .select((table::account_id, table::last_used_at))
        .limit(most)
        .load(c))?;
    let families: Vec<(String, i64)> = on!(conn, c => families::table
        .filter(families::app_id.eq(app.as_str()))
        .filter(families::ended_at.is_null())
        .filter(families::expires_at.gt(now.micros()))
        .select((families::account_id, families::rotated_at))
        .limit(most)
        .load(c))?;
    let at = Timestamp::from_micros;
    let tokens = tokens.into_iter().map(|(account, used)| (account, used.map(at))).collect();
    let families = families.into_iter().map(|(account, rotated)| (Some(account), Some(at(rotated)))).collect();
    Ok((tokens, families))
}

/// Ends all codes, families of refresh tokens and tokens that an account gave to an app; false when there were none.
///
/// On PostgreSQL each statement waits for those who hold its rows, and the next one sees what they brought: a code that was
/// approved because of a living token, then a token that was redeemed or replaced meanwhile (Mastodon §20).
pub(crate) async fn end(conn: &mut Conn, account: &AccountId, app: &AppId, now: Timestamp) -> Result<bool, Error> {
    let first = end_tokens(conn, account, app, now).await?;
    let revoked = on!(conn, c => diesel::update(codes::table)
        .filter(codes::account_id.eq(account.as_str()).and(codes::app_id.eq(app.as_str())))
        .filter(codes::used_at.is_null())
        .filter(codes::approved_at.is_not_null())
        .set(codes::used_at.eq(Some(now.micros())))
        .execute(c))?;
    let revoked = revoked + device_codes::void_of_app(conn, account, app).await?;
    let then = end_tokens(conn, account, app, now).await?;
    Ok(first + revoked + then > 0)
}

async fn end_tokens(conn: &mut Conn, account: &AccountId, app: &AppId, now: Timestamp) -> Result<usize, Error> {
    let ended = on!(conn, c => diesel::update(families::table)
        .filter(families::account_id.eq(account.as_str()).and(families::app_id.eq(app.as_str())))
        .filter(families::ended_at.is_null())
        .set(families::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    let revoked = on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()).and(table::app_id.eq(app.as_str())))
        .filter(table::revoked_at.is_null())
        .set(table::revoked_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(ended + revoked)
}
