//! The outbox: mails that wait, are being sent, or have ended (PPL-167 to PPL-170). Nothing secret is in here.

use std::time::Duration;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_mail as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::list_page::RowSpan;
use crate::model::mail::{Allowance, MailRecord, MailState};
use crate::on;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    kind: String,
    account_id: Option<String>,
    address: String,
    address_key: String,
    state: String,
    tries: i64,
    not_before: i64,
    lease_until: Option<i64>,
    last_error: Option<String>,
    urgent: i16,
    allowance: i16,
    context: String,
    token_id: Option<String>,
    created_at: i64,
    ended_at: Option<i64>,
}

impl From<Row> for MailRecord {
    fn from(row: Row) -> Self {
        // Of a mail that was sent, this is what the server said when it took it.
        let (said, is_sent) = (row.last_error, row.state == MailState::Sent.word());
        Self {
            id: row.id,
            kind: row.kind,
            account: row.account_id.map(AccountId::new),
            address: row.address,
            state: MailState::stored(&row.state),
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            not_before: Timestamp::from_micros(row.not_before),
            last_error: said.clone().filter(|_| !is_sent),
            reply: said.filter(|_| is_sent),
            created_at: Timestamp::from_micros(row.created_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        }
    }
}

/// A mail to keep.
#[derive(Clone, Debug)]
pub(crate) struct NewMail {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) account: Option<AccountId>,
    pub(crate) address: String,
    pub(crate) allowance: Allowance,
    /// Whether it overtakes notices.
    pub(crate) urgent: bool,
    pub(crate) context: String,
    pub(crate) token_id: Option<String>,
    pub(crate) now: Timestamp,
}

impl NewMail {
    /// The address as it is counted.
    pub(crate) fn key(&self) -> String {
        self.address.to_lowercase()
    }
}

/// Keeps a mail: waiting, or cancelled with the reason.
pub(crate) async fn insert(conn: &mut Conn, mail: &NewMail, cancelled: Option<&str>) -> Result<(), Error> {
    let state = if cancelled.is_some() { MailState::Cancelled } else { MailState::Waiting };
    let row = Row {
        id: mail.id.clone(),
        kind: mail.kind.to_owned(),
        account_id: mail.account.as_ref().map(|account| account.as_str().to_owned()),
        address: mail.address.clone(),
        address_key: mail.key(),
        state: state.word().to_owned(),
        tries: 0,
        not_before: mail.now.micros(),
        lease_until: None,
        last_error: cancelled.map(str::to_owned),
        urgent: i16::from(mail.urgent),
        allowance: mail.allowance.number(),
        context: mail.context.clone(),
        token_id: mail.token_id.clone(),
        created_at: mail.now.micros(),
        ended_at: cancelled.map(|_| mail.now.micros()),
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// Makes this transaction wait for every other one that counts mails to this address. SQLite has one writer anyway.
pub(crate) async fn lock_address(conn: &mut Conn, key: &str) -> Result<(), Error> {
    match conn {
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => {}
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            use diesel_async::RunQueryDsl as _;
            let lock = diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 168))");
            lock.bind::<diesel::sql_types::Text, _>(key).execute(c).await?;
        }
    }
    #[cfg(not(feature = "postgres"))]
    let _ = key;
    Ok(())
}

/// How many mails to this address count on this limit since then. Cancelled ones went to nobody.
pub(crate) async fn count(conn: &mut Conn, key: &str, allowance: Allowance, since: Timestamp) -> Result<i64, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::address_key.eq(key))
        .filter(table::created_at.gt(since.micros()))
        .filter(table::allowance.eq(allowance.number()))
        .filter(table::state.ne(MailState::Cancelled.word()))
        .count()
        .get_result(c))?)
}

/// How many mails of this kind there are to this address since then; those with this content alone, if one is given.
pub(crate) async fn count_kind(
    conn: &mut Conn,
    mail: &NewMail,
    context: Option<&str>,
    since: Timestamp,
) -> Result<i64, Error> {
    let all: Vec<String> = on!(conn, c => table::table
        .filter(table::address_key.eq(mail.key()))
        .filter(table::created_at.gt(since.micros()))
        .filter(table::kind.eq(mail.kind))
        .filter(table::state.ne(MailState::Cancelled.word()))
        .select(table::context)
        .load(c))?;
    let equal = all.iter().filter(|other| context.is_none_or(|context| context == other.as_str()));
    Ok(i64::try_from(equal.count()).unwrap_or(i64::MAX))
}

/// What the mails of this one's kind say that went or go to its address since then.
pub(crate) async fn contents_of_kind(
    conn: &mut Conn,
    (kind, key): (&str, &str),
    since: Timestamp,
) -> Result<Vec<String>, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::address_key.eq(key))
        .filter(table::created_at.gt(since.micros()))
        .filter(table::kind.eq(kind))
        .filter(table::state.ne(MailState::Cancelled.word()))
        .select(table::context)
        .load(c))?)
}

/// A mail that may be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) address: String,
    pub(crate) context: String,
    pub(crate) token_id: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// Mails that nobody sends at the moment and whose time has come; those with a link or code first.
pub(crate) async fn due(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<Due>, Error> {
    type Kept = (String, String, Option<String>, String, String, Option<String>, i64);
    let free = table::lease_until.is_null().or(table::lease_until.le(now.micros()));
    let rows: Vec<Kept> = on!(conn, c => table::table
        .filter(table::ended_at.is_null())
        .filter(table::not_before.le(now.micros()))
        .filter(free)
        .order((table::urgent.desc(), table::not_before, table::id))
        .limit(most)
        .select((
            table::id,
            table::kind,
            table::account_id,
            table::address,
            table::context,
            table::token_id,
            table::created_at,
        ))
        .load(c))?;
    let due = rows.into_iter().map(|(id, kind, account, address, context, token_id, created_at)| Due {
        id,
        kind,
        account: account.map(AccountId::new),
        address,
        context,
        token_id,
        created_at: Timestamp::from_micros(created_at),
    });
    Ok(due.collect())
}

/// Takes a mail until the lease ends; `None` when somebody else has it. How often it was taken, this time included.
pub(crate) async fn take(
    conn: &mut Conn,
    id: &str,
    now: Timestamp,
    lease: Duration,
) -> Result<Option<(u32, Timestamp)>, Error> {
    let until = now.plus(lease);
    let free = table::lease_until.is_null().or(table::lease_until.le(now.micros()));
    let tries: Option<i64> = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::ended_at.is_null())
        .filter(table::not_before.le(now.micros()))
        .filter(free)
        .set((
            table::state.eq(MailState::Sending.word()),
            table::lease_until.eq(Some(until.micros())),
            table::tries.eq(table::tries + 1),
        ))
        .returning(table::tries)
        .get_result(c))
    .optional()?;
    Ok(tries.map(|tries| (u32::try_from(tries).unwrap_or(u32::MAX), until)))
}

/// What became of a mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What the server said, if the host knows.
    Sent(Option<String>),
    /// Again at this moment; what the server said.
    Again(Timestamp, String),
    Failed(String),
    Cancelled(String),
}

/// Notes what became of a mail, unless its lease has ended and somebody else has it.
pub(crate) async fn settle(
    conn: &mut Conn,
    id: &str,
    lease_until: Timestamp,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool, Error> {
    let (state, said, again) = match outcome {
        Outcome::Sent(reply) => (MailState::Sent, reply.as_ref(), None),
        Outcome::Again(at, why) => (MailState::Waiting, Some(why), Some(*at)),
        Outcome::Failed(why) => (MailState::Failed, Some(why), None),
        Outcome::Cancelled(why) => (MailState::Cancelled, Some(why), None),
    };
    let ended = again.is_none().then_some(now.micros());
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::lease_until.eq(Some(lease_until.micros())))
        .filter(table::ended_at.is_null())
        .set((
            table::state.eq(state.word()),
            table::lease_until.eq(None::<i64>),
            table::last_error.eq(said),
            table::not_before.eq(again.unwrap_or(now).micros()),
            table::ended_at.eq(ended),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// How many mails were given up and are still kept.
pub(crate) async fn count_failed(conn: &mut Conn) -> Result<i64, Error> {
    let failed = MailState::Failed.word();
    Ok(on!(conn, c => table::table.filter(table::state.eq(failed)).count().get_result(c))?)
}

/// A part of the mails of the outbox; those in one state, if one is given.
pub(crate) async fn some(conn: &mut Conn, state: Option<MailState>, span: &RowSpan) -> Result<Vec<MailRecord>, Error> {
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = table::table.select(Row::as_select()).filter(table::id.gt(&span.after)).into_boxed();
        if let Some(state) = state {
            query = query.filter(table::state.eq(state.word()));
        }
        if let Some(before) = &span.before {
            query = query.filter(table::id.lt(before));
        }
        query = match span.oldest_first {
            true => query.order(table::id.asc()),
            false => query.order(table::id.desc()),
        };
        query.limit(span.most).load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One mail of the outbox.
pub(crate) async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<MailRecord>, Error> {
    let row: Option<Row> = on!(conn, c => table::table.find(id).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(Into::into))
}

/// Lets a mail that waits or was given up be sent at once; false for all others.
pub(crate) async fn retry(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::state.eq_any([MailState::Waiting.word(), MailState::Failed.word()]))
        .set((
            table::state.eq(MailState::Waiting.word()),
            table::not_before.eq(now.micros()),
            table::ended_at.eq(None::<i64>),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// Cancels a mail that waits or was given up, for this reason; false for all others.
pub(crate) async fn cancel(conn: &mut Conn, id: &str, why: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::state.eq_any([MailState::Waiting.word(), MailState::Failed.word()]))
        .set((
            table::state.eq(MailState::Cancelled.word()),
            table::last_error.eq(Some(why)),
            table::ended_at.eq(Some(now.micros())),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// The last mail to this address that was refused for good, if no later one arrived.
pub(crate) async fn refused_at(conn: &mut Conn, address: &str) -> Result<Option<Timestamp>, Error> {
    let last: Option<(String, Option<i64>)> = on!(conn, c => table::table
        .filter(table::address_key.eq(address.to_lowercase()))
        .filter(table::state.eq_any([MailState::Sent.word(), MailState::Failed.word()]))
        .order(table::created_at.desc())
        .select((table::state, table::ended_at))
        .first(c))
    .optional()?;
    let failed = last.filter(|(state, _)| state == MailState::Failed.word());
    Ok(failed.and_then(|(_, at)| at).map(Timestamp::from_micros))
}

/// When a mail of this kind to an address was last asked for.
pub(crate) async fn last_asked(conn: &mut Conn, address: &str, kind: &str) -> Result<Option<Timestamp>, Error> {
    let last: Option<i64> = on!(conn, c => table::table
        .filter(table::address_key.eq(address.trim().to_lowercase()))
        .filter(table::kind.eq(kind))
        .order(table::created_at.desc())
        .select(table::created_at)
        .first(c))
    .optional()?;
    Ok(last.map(Timestamp::from_micros))
}
