//! Sign-ins of native clients: families of refresh tokens, and what is kept beside them (native NAT-22).

use std::collections::HashMap;

use diesel::dsl::max;
use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl};

use super::conn::Conn;
use super::families;
use super::schema::{auth_family, auth_token};
use super::schema_of_native::{auth_device_record as devices, auth_native_sign_in as table};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::list_page::RowSpan;
use crate::model::native::{Dialect, NativeSignIn};
use crate::model::session::SessionId;
use crate::model::strength::Authentication;
use crate::on;

type Own = (String, String, String, String, Option<String>, Option<String>, Option<String>, Option<String>, i64, i64);
type OfFamily = (i64, i64, Option<i64>, Option<String>);
type Row = (Own, OfFamily, Option<String>);

type OwnColumns = (
    table::family_id,
    table::account_id,
    table::dialect,
    table::device_id,
    table::agent,
    table::network,
    table::methods,
    table::origin,
    table::created_at,
    table::idle_at,
);
const OWN: OwnColumns = (
    table::family_id,
    table::account_id,
    table::dialect,
    table::device_id,
    table::agent,
    table::network,
    table::methods,
    table::origin,
    table::created_at,
    table::idle_at,
);
type FamilyColumns = (auth_family::rotated_at, auth_family::expires_at, auth_family::ended_at, auth_family::strength);
const OF_FAMILY: FamilyColumns =
    (auth_family::rotated_at, auth_family::expires_at, auth_family::ended_at, auth_family::strength);

/// Sign-ins with their families and devices, in a query or a part of one.
macro_rules! whole {
    () => {
        table::table
            .inner_join(auth_family::table)
            .left_join(devices::table.on(devices::id.eq(table::device_id)))
            .select((OWN, OF_FAMILY, devices::name.nullable()))
    };
}

/// The live ones of an account, in a query or a part of one.
macro_rules! live {
    ($account:expr, $now:expr) => {
        whole!()
            .filter(table::account_id.eq($account.as_str()))
            .filter(table::idle_at.gt($now.micros()))
            .filter(auth_family::ended_at.is_null())
            .filter(auth_family::expires_at.gt($now.micros()))
    };
}

fn read(
    ((family, account, dialect, device, agent, network, methods, origin, created, idle), of, name): Row,
) -> NativeSignIn {
    let (rotated, expires, ended, strength) = of;
    let created_at = Timestamp::from_micros(created);
    let rotated_at = Timestamp::from_micros(rotated);
    NativeSignIn {
        family,
        account: AccountId::new(account),
        dialect: Dialect::named(&dialect).unwrap_or(Dialect::Toki),
        device,
        name,
        agent,
        network,
        methods: methods.iter().flat_map(|methods| methods.split(' ')).map(str::to_owned).collect(),
        origin,
        created_at,
        proven_at: strength.as_deref().and_then(Authentication::read).map_or(created_at, |proven| proven.at),
        last_used_at: Some(rotated_at).filter(|rotated| *rotated > created_at),
        idle_at: Timestamp::from_micros(idle),
        expires_at: Timestamp::from_micros(expires),
        ended_at: ended.map(Timestamp::from_micros),
    }
}

/// Keeps one beside its family, which is kept before.
pub(crate) async fn insert(conn: &mut Conn, sign_in: &NativeSignIn) -> Result<(), Error> {
    let row = (
        table::family_id.eq(&sign_in.family),
        table::account_id.eq(sign_in.account.as_str()),
        table::dialect.eq(sign_in.dialect.name()),
        table::device_id.eq(&sign_in.device),
        table::agent.eq(&sign_in.agent),
        table::network.eq(&sign_in.network),
        table::methods.eq(Some(sign_in.methods.join(" ")).filter(|methods| !methods.is_empty())),
        table::origin.eq(&sign_in.origin),
        table::created_at.eq(sign_in.created_at.micros()),
        table::idle_at.eq(sign_in.idle_at.micros()),
    );
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// The sign-in of a family of refresh tokens, live or not.
pub(crate) async fn of_family(conn: &mut Conn, family: &str) -> Result<Option<NativeSignIn>, Error> {
    let row: Option<Row> = on!(conn, c => whole!().filter(table::family_id.eq(family)).get_result(c)).optional()?;
    Ok(row.map(read))
}

/// Whether the sign-in of a family stands; and on PostgreSQL, whoever would end it waits until this transaction is over, as on
/// SQLite they do anyway.
pub(crate) async fn lock_live(conn: &mut Conn, family: &str, now: Timestamp) -> Result<bool, Error> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let row = auth_family::table.find(family).select(auth_family::id).for_share();
            let locked: Option<String> = diesel_async::RunQueryDsl::get_result(row, c).await.optional()?;
            if locked.is_none() {
                return Ok(false);
            }
        }
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => {}
    }
    Ok(of_family(conn, family).await?.is_some_and(|sign_in| sign_in.as_session().is_live(now)))
}

/// Live ones of an account, in the order of the span.
pub(crate) async fn some(
    conn: &mut Conn,
    account: &AccountId,
    span: &RowSpan,
    now: Timestamp,
) -> Result<Vec<NativeSignIn>, Error> {
    let RowSpan { after, before, oldest_first, most } = span;
    // Behind every id in every collation: ids begin with a hexadecimal digit.
    let before = before.as_deref().unwrap_or("g");
    let rows: Vec<Row> = on!(conn, c => {
        let query = live!(account, now)
            .filter(table::family_id.gt(after))
            .filter(table::family_id.lt(before))
            .limit(*most)
            .into_boxed();
        let query = if *oldest_first {
            query.order(table::family_id.asc())
        } else {
            query.order(table::family_id.desc())
        };
        query.load(c)
    })?;
    with_uses(conn, rows.into_iter().map(read).collect()).await
}

/// The live ones of an account, the latest first.
pub(crate) async fn live_of_account(
    conn: &mut Conn,
    account: &AccountId,
    now: Timestamp,
) -> Result<Vec<NativeSignIn>, Error> {
    let rows: Vec<Row> =
        on!(conn, c => live!(account, now).order((table::created_at.desc(), table::family_id.desc())).load(c))?;
    with_uses(conn, rows.into_iter().map(read).collect()).await
}

/// The same with what their access tokens tell of their use.
async fn with_uses(conn: &mut Conn, mut sign_ins: Vec<NativeSignIn>) -> Result<Vec<NativeSignIn>, Error> {
    let ids: Vec<&str> = sign_ins.iter().map(|sign_in| sign_in.family.as_str()).collect();
    if ids.is_empty() {
        return Ok(sign_ins);
    }
    let rows: Vec<(Option<String>, Option<i64>)> = on!(conn, c => auth_token::table
        .filter(auth_token::family_id.eq_any(&ids))
        .group_by(auth_token::family_id)
        .select((auth_token::family_id, max(auth_token::last_used_at)))
        .load(c))?;
    let uses: HashMap<String, i64> = rows.into_iter().filter_map(|(family, used)| Some((family?, used?))).collect();
    for sign_in in &mut sign_ins {
        let used = uses.get(&sign_in.family).copied().map(Timestamp::from_micros);
        sign_in.last_used_at = sign_in.last_used_at.max(used);
    }
    Ok(sign_ins)
}

/// Ends one of an account; false when it has no such one, or that is over.
pub(crate) async fn end_own(
    conn: &mut Conn,
    account: &AccountId,
    id: &SessionId,
    now: Timestamp,
) -> Result<bool, Error> {
    let found: Option<Row> =
        on!(conn, c => live!(account, now).filter(table::family_id.eq(id.as_str())).get_result(c)).optional()?;
    match found {
        Some(_) => families::end(conn, id.as_str(), now).await,
        None => Ok(false),
    }
}

/// Ends every live one of an account but that of one family; which they were.
pub(crate) async fn end_others(
    conn: &mut Conn,
    account: &AccountId,
    spared: Option<&str>,
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    // Those that nobody refreshes any more as well: nothing of them opens anything afterwards.
    let all: Vec<String> = on!(conn, c => table::table
        .inner_join(auth_family::table)
        .filter(table::account_id.eq(account.as_str()))
        .filter(auth_family::ended_at.is_null())
        .filter(table::family_id.ne(spared.unwrap_or_default()))
        .order(table::family_id)
        .select(table::family_id)
        .load(c))?;
    end_all(conn, all, now).await
}

/// Ends those of an account and a dialect that are more than `most`: the ones unused longest; which they were.
pub(crate) async fn make_room(
    conn: &mut Conn,
    account: &AccountId,
    (dialect, most): (Dialect, u32),
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let beyond: Vec<String> = on!(conn, c => table::table
        .inner_join(auth_family::table)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::dialect.eq(dialect.name()))
        .filter(table::idle_at.gt(now.micros()))
        .filter(auth_family::ended_at.is_null())
        .order((auth_family::rotated_at.desc(), table::family_id.desc()))
        .select(table::family_id)
        .offset(i64::from(most))
        .limit(i64::MAX)
        .load(c))?;
    end_all(conn, beyond, now).await
}

/// Ends every live one from a device of an account; which they were.
pub(crate) async fn end_of_device(
    conn: &mut Conn,
    account: &AccountId,
    device: &str,
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let all: Vec<String> = on!(conn, c => table::table
        .inner_join(auth_family::table)
        .filter(table::device_id.eq(device))
        .filter(table::account_id.eq(account.as_str()))
        .filter(auth_family::ended_at.is_null())
        .order(table::family_id)
        .select(table::family_id)
        .load(c))?;
    end_all(conn, all, now).await
}

async fn end_all(conn: &mut Conn, families: Vec<String>, now: Timestamp) -> Result<Vec<String>, Error> {
    let mut ended = Vec::new();
    for family in families {
        if families::end(conn, &family, now).await? {
            ended.push(family);
        }
    }
    Ok(ended)
}

/// A refresh: the sign-in lasts until then unless it is used again.
pub(crate) async fn prolong(conn: &mut Conn, family: &str, idle_at: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table.find(family)).set(table::idle_at.eq(idle_at.micros())).execute(c))?;
    Ok(())
}
