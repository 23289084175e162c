//! Networks and mail domains that are kept out (people PPL-154b): as many as staff may make, and those that are over go when the
//! next one is made.

use diesel::dsl::exists;
use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable};

use super::conn::Conn;
use super::mails;
use super::schema::{auth_email_domain_block as domains, auth_ip_block as networks};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::block::{EmailDomainBlock, IpBlock, Severity};
use crate::model::list_page::RowSpan;
use crate::on;

/// How many there are of each at most.
const MOST: i64 = 10_000;
/// Who makes or changes one waits for whoever does it in the same moment.
const LOCK: &str = "blocks";

/// Why one is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// There is one of the same.
    Taken,
    /// There are as many as there may be.
    Full,
    /// It is gone.
    Gone,
}

#[derive(Queryable)]
struct NetworkRow {
    id: String,
    network: String,
    severity: String,
    comment: String,
    created_at: i64,
    expires_at: Option<i64>,
}

impl From<NetworkRow> for IpBlock {
    fn from(row: NetworkRow) -> Self {
        Self {
            id: row.id,
            network: row.network,
            // A word of a newer version forbids no less.
            severity: Severity::named(&row.severity).unwrap_or(Severity::NoAccess),
            comment: row.comment,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_micros),
        }
    }
}

#[derive(Queryable)]
struct DomainRow {
    id: String,
    domain: String,
    created_at: i64,
}

impl From<DomainRow> for EmailDomainBlock {
    fn from(row: DomainRow) -> Self {
        Self { id: row.id, domain: row.domain, created_at: Timestamp::from_micros(row.created_at) }
    }
}

/// No key has a NUL, and PostgreSQL takes none.
fn names_nothing(text: &str) -> bool {
    text.contains('\0')
}

/// Whether any network is kept out: most servers keep none out, and need not look for the many that an address is in.
pub(crate) async fn is_any_network(conn: &mut Conn) -> Result<bool, Error> {
    Ok(on!(conn, c => diesel::select(exists(networks::table.select(networks::id))).get_result(c))?)
}

/// What is forbidden from networks with these texts.
pub(crate) async fn severities(conn: &mut Conn, texts: &[String], now: Timestamp) -> Result<Vec<Severity>, Error> {
    let words: Vec<String> = on!(conn, c => networks::table
        .filter(networks::network.eq_any(texts))
        .filter(networks::expires_at.is_null().or(networks::expires_at.gt(now.micros())))
        .select(networks::severity)
        .load(c))?;
    Ok(words.iter().map(|word| Severity::named(word).unwrap_or(Severity::NoAccess)).collect())
}

/// Whether one of these domains is kept out.
pub(crate) async fn is_domain_blocked(conn: &mut Conn, names: &[String]) -> Result<bool, Error> {
    let query = domains::table.filter(domains::domain.eq_any(names)).count();
    let found: i64 = on!(conn, c => query.get_result(c))?;
    Ok(found > 0)
}

/// The networks of a page that are kept out now.
pub(crate) async fn some_networks(conn: &mut Conn, span: &RowSpan, now: Timestamp) -> Result<Vec<IpBlock>, Error> {
    if names_nothing(&span.after) || span.before.as_deref().is_some_and(names_nothing) {
        return Ok(Vec::new());
    }
    let rows: Vec<NetworkRow> = on!(conn, c => {
        let mut query = networks::table
            .filter(networks::id.gt(&span.after))
            .filter(networks::expires_at.is_null().or(networks::expires_at.gt(now.micros())))
            .into_boxed();
        if let Some(before) = &span.before {
            query = query.filter(networks::id.lt(before));
        }
        query = match span.oldest_first {
            true => query.order(networks::id.asc()),
            false => query.order(networks::id.desc()),
        };
        query.limit(span.most).load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The domains of a page.
pub(crate) async fn some_domains(conn: &mut Conn, span: &RowSpan) -> Result<Vec<EmailDomainBlock>, Error> {
    if names_nothing(&span.after) || span.before.as_deref().is_some_and(names_nothing) {
        return Ok(Vec::new());
    }
    let rows: Vec<DomainRow> = on!(conn, c => {
        let mut query = domains::table.filter(domains::id.gt(&span.after)).into_boxed();
        if let Some(before) = &span.before {
            query = query.filter(domains::id.lt(before));
        }
        query = match span.oldest_first {
            true => query.order(domains::id.asc()),
            false => query.order(domains::id.desc()),
        };
        query.limit(span.most).load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One network that is kept out now.
pub(crate) async fn network(conn: &mut Conn, id: &str, now: Timestamp) -> Result<Option<IpBlock>, Error> {
    if names_nothing(id) {
        return Ok(None);
    }
    let row: Option<NetworkRow> = on!(conn, c => networks::table
        .find(id)
        .filter(networks::expires_at.is_null().or(networks::expires_at.gt(now.micros())))
        .get_result(c))
    .optional()?;
    Ok(row.map(Into::into))
}

/// One domain.
pub(crate) async fn domain(conn: &mut Conn, id: &str) -> Result<Option<EmailDomainBlock>, Error> {
    if names_nothing(id) {
        return Ok(None);
    }
    let row: Option<DomainRow> = on!(conn, c => domains::table.find(id).get_result(c)).optional()?;
    Ok(row.map(Into::into))
}

/// Keeps a network out, unless it is already, or too many are.
pub(crate) async fn insert_network(
    conn: &mut Conn,
    new: &IpBlock,
    now: Timestamp,
) -> Result<Result<(), NotKept>, Error> {
    mails::lock_address(conn, LOCK).await?;
    on!(conn, c => diesel::delete(networks::table.filter(networks::expires_at.le(now.micros()))).execute(c))?;
    let count: i64 = on!(conn, c => networks::table.count().get_result(c))?;
    if count >= MOST {
        return Ok(Err(NotKept::Full));
    }
    let values = (
        networks::id.eq(&new.id),
        networks::network.eq(&new.network),
        networks::severity.eq(new.severity.name()),
        networks::comment.eq(&new.comment),
        networks::created_at.eq(new.created_at.micros()),
        networks::expires_at.eq(new.expires_at.map(Timestamp::micros)),
    );
    let made = on!(conn, c => diesel::insert_into(networks::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(if made == 1 { Ok(()) } else { Err(NotKept::Taken) })
}

/// Changes all but the key and the day of one that is kept out now.
pub(crate) async fn update_network(
    conn: &mut Conn,
    changed: &IpBlock,
    now: Timestamp,
) -> Result<Result<(), NotKept>, Error> {
    mails::lock_address(conn, LOCK).await?;
    on!(conn, c => diesel::delete(networks::table.filter(networks::expires_at.le(now.micros()))).execute(c))?;
    let others: i64 = on!(conn, c => networks::table
        .filter(networks::network.eq(&changed.network))
        .filter(networks::id.ne(&changed.id))
        .count()
        .get_result(c))?;
    if others > 0 {
        return Ok(Err(NotKept::Taken));
    }
    let values = (
        networks::network.eq(&changed.network),
        networks::severity.eq(changed.severity.name()),
        networks::comment.eq(&changed.comment),
        networks::expires_at.eq(changed.expires_at.map(Timestamp::micros)),
    );
    let done = on!(conn, c => diesel::update(networks::table.find(&changed.id)).set(values).execute(c))?;
    Ok(if done == 1 { Ok(()) } else { Err(NotKept::Gone) })
}

/// Lets a network in again; false when it was not kept out.
pub(crate) async fn remove_network(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    Ok(on!(conn, c => diesel::delete(networks::table.find(id)).execute(c))? == 1)
}

/// Keeps a domain out, unless it is already, or too many are.
pub(crate) async fn insert_domain(conn: &mut Conn, new: &EmailDomainBlock) -> Result<Result<(), NotKept>, Error> {
    mails::lock_address(conn, LOCK).await?;
    let count: i64 = on!(conn, c => domains::table.count().get_result(c))?;
    if count >= MOST {
        return Ok(Err(NotKept::Full));
    }
    let values =
        (domains::id.eq(&new.id), domains::domain.eq(&new.domain), domains::created_at.eq(new.created_at.micros()));
    let made = on!(conn, c => diesel::insert_into(domains::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(if made == 1 { Ok(()) } else { Err(NotKept::Taken) })
}

/// Takes addresses of a domain again; false when it was not kept out.
pub(crate) async fn remove_domain(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    Ok(on!(conn, c => diesel::delete(domains::table.find(id)).execute(c))? == 1)
}
