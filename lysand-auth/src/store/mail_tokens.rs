//! Tokens of mails: digests of links and keyed digests of codes, single use by one conditional update (security ONE-1).

use std::time::Duration;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, Queryable,
    Selectable, SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_mail_token as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::mail_token::{CodeCheck, Link, MOST_WRONG_CODES, MailToken, Purpose};
use crate::on;
use crate::secret::Digest;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    purpose: String,
    account_id: Option<String>,
    address: Option<String>,
    subject: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
    spent_at: Option<i64>,
    ended_at: Option<i64>,
}

impl Row {
    /// The token; `None` for a purpose that this program does not know.
    fn into_token(self) -> Option<MailToken> {
        Some(MailToken {
            id: self.id,
            purpose: Purpose::named(&self.purpose)?,
            account: self.account_id.map(AccountId::new),
            address: self.address,
            subject: self.subject,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: self.expires_at.map(Timestamp::from_micros),
            spent_at: self.spent_at.map(Timestamp::from_micros),
            ended_at: self.ended_at.map(Timestamp::from_micros),
        })
    }
}

/// Keeps a token that opens nothing yet: its secrets are made when the mail is sent.
pub(crate) async fn insert(conn: &mut Conn, id: &str, link: &Link, address: &str, now: Timestamp) -> Result<(), Error> {
    let lifetime = i64::try_from(link.ttl.as_micros()).unwrap_or(i64::MAX);
    on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::purpose.eq(link.purpose.name()),
            table::account_id.eq(link.account.as_ref().map(AccountId::as_str)),
            table::address.eq(Some(address)),
            table::subject.eq(link.subject.as_deref()),
            table::lifetime.eq(lifetime),
            table::has_code.eq(i16::from(link.has_code)),
            table::wrong_codes.eq(0),
            table::created_at.eq(now.micros()),
        ))
        .execute(c))?;
    Ok(())
}

/// Keeps a token that no mail carries, and that opens something at once. One with the same secret stays as it is.
pub(crate) async fn insert_armed(
    conn: &mut Conn,
    id: &str,
    link: &Link,
    secret: Digest,
    now: Timestamp,
) -> Result<(), Error> {
    let lifetime = i64::try_from(link.ttl.as_micros()).unwrap_or(i64::MAX);
    on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::purpose.eq(link.purpose.name()),
            table::account_id.eq(link.account.as_ref().map(AccountId::as_str)),
            table::subject.eq(link.subject.as_deref()),
            table::lifetime.eq(lifetime),
            table::has_code.eq(0),
            table::link_digest.eq(Some(secret.as_bytes())),
            table::wrong_codes.eq(0),
            table::created_at.eq(now.micros()),
            table::expires_at.eq(Some(now.plus(link.ttl).micros())),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Keeps a code that nobody knows and no mail carries: whoever guesses at it is answered as at any other.
pub(crate) async fn insert_decoy(
    conn: &mut Conn,
    id: &str,
    link: &Link,
    code: Digest,
    now: Timestamp,
) -> Result<(), Error> {
    let lifetime = i64::try_from(link.ttl.as_micros()).unwrap_or(i64::MAX);
    on!(conn, c => diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::purpose.eq(link.purpose.name()),
            table::account_id.eq(link.account.as_ref().map(AccountId::as_str)),
            table::subject.eq(link.subject.as_deref()),
            table::lifetime.eq(lifetime),
            table::has_code.eq(1),
            table::code_digest.eq(Some(code.as_bytes())),
            table::wrong_codes.eq(0),
            table::created_at.eq(now.micros()),
            table::expires_at.eq(Some(now.plus(link.ttl).micros())),
        ))
        .execute(c))?;
    Ok(())
}

/// The token of a link, living or dead; none for one that never was, or that another try of the mail has replaced.
pub(crate) async fn by_link(conn: &mut Conn, link: Digest) -> Result<Option<MailToken>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .filter(table::link_digest.eq(link.as_bytes()))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.and_then(Row::into_token))
}

/// A token by its key.
pub(crate) async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<MailToken>, Error> {
    let row: Option<Row> = on!(conn, c => table::table.find(id).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.and_then(Row::into_token))
}

/// Spends a token, its code with it; false when somebody was faster, or its time is over (security ONE-1, ONE-3).
pub(crate) async fn spend(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .set(table::spent_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// Whose code is typed, and for what.
#[derive(Clone, Debug)]
pub(crate) struct CodeOf {
    pub(crate) purpose: Purpose,
    pub(crate) account: AccountId,
    /// What it is about, where an account may have several; else any.
    pub(crate) subject: Option<String>,
}

/// Checks the code of an account's newest living token of this purpose. Five wrong ones end the code and not the link
/// (PPL-70). A wrong one is counted here, so the transaction must be committed whatever the answer is.
pub(crate) async fn check_code(conn: &mut Conn, of: &CodeOf, code: Digest, now: Timestamp) -> Result<CodeCheck, Error> {
    let id: Option<String> = newest_with_code(conn, of, now).await?;
    let Some(id) = id else { return Ok(CodeCheck::Ended) };
    // Counted before it is compared, so that guesses at the same moment are as many as guesses one after the other.
    let counted = on!(conn, c => diesel::update(table::table.find(&id))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .filter(table::wrong_codes.lt(MOST_WRONG_CODES))
        .set(table::wrong_codes.eq(table::wrong_codes + 1))
        .returning(table::code_digest)
        .get_result::<Option<Vec<u8>>>(c))
    .optional()?;
    let Some(stored) = counted else { return Ok(CodeCheck::Ended) };
    // One whose mail is still on its way has no code yet: no guess at it is right.
    if !stored.is_some_and(|stored| code.matches(&stored)) {
        return Ok(CodeCheck::Wrong);
    }
    on!(conn, c => diesel::update(table::table.find(&id)).set(table::wrong_codes.eq(table::wrong_codes - 1)).execute(c))?;
    Ok(by_id(conn, &id).await?.map_or(CodeCheck::Ended, CodeCheck::Right))
}

/// The living token about one thing whose code this is. It is not spent, and a wrong code is not counted here.
pub(crate) async fn with_code(
    conn: &mut Conn,
    (account, purpose, subject): (&AccountId, Purpose, &str),
    code: Digest,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    type Kept = (String, Option<Vec<u8>>);
    let living: Vec<Kept> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::purpose.eq(purpose.name()))
        .filter(table::subject.eq(subject))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .order(table::id.desc())
        .select((table::id, table::code_digest))
        .limit(10)
        .load(c))?;
    let is_it = |kept: &Kept| kept.1.as_ref().is_some_and(|stored| code.matches(stored));
    Ok(living.into_iter().find(is_it).map(|(id, _)| id))
}

/// When a token about one thing was last made.
pub(crate) async fn last_about(
    conn: &mut Conn,
    (purpose, subject): (Purpose, &str),
) -> Result<Option<Timestamp>, Error> {
    let last: Option<i64> = on!(conn, c => table::table
        .filter(table::purpose.eq(purpose.name()))
        .filter(table::subject.eq(subject))
        .order(table::created_at.desc())
        .select(table::created_at)
        .first(c))
    .optional()?;
    Ok(last.map(Timestamp::from_micros))
}

/// The newest token with a living code; else the newest whose mail is still on its way.
async fn newest_with_code(conn: &mut Conn, of: &CodeOf, now: Timestamp) -> Result<Option<String>, Error> {
    type Kept = (String, Option<String>, Option<i64>);
    let mut of_purpose: Vec<Kept> = on!(conn, c => table::table
        .filter(table::account_id.eq(of.account.as_str()))
        .filter(table::purpose.eq(of.purpose.name()))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .filter(table::has_code.eq(1))
        .filter(table::expires_at.is_null().or(table::expires_at.assume_not_null().gt(now.micros())))
        .order((table::expires_at.desc(), table::id.desc()))
        .select((table::id, table::subject, table::expires_at))
        .load(c))?;
    of_purpose.sort_by_key(|(_, _, expires_at)| expires_at.is_none());
    let is_it = |subject: &Option<String>| of.subject.is_none() || *subject == of.subject;
    Ok(of_purpose.into_iter().find(|(_, subject, _)| is_it(subject)).map(|(id, ..)| id))
}

/// When a token with a code was last made for an account, for a mail that was sent or for none.
pub(crate) async fn last_made(
    conn: &mut Conn,
    account: &AccountId,
    purpose: Purpose,
) -> Result<Option<Timestamp>, Error> {
    let last: Option<i64> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::purpose.eq(purpose.name()))
        .filter(table::has_code.eq(1))
        .order(table::created_at.desc())
        .select(table::created_at)
        .first(c))
    .optional()?;
    Ok(last.map(Timestamp::from_micros))
}

/// Ends all tokens of an account for these purposes, those of mails that wait included.
pub(crate) async fn end_of_account(
    conn: &mut Conn,
    account: &AccountId,
    purposes: &[Purpose],
    now: Timestamp,
) -> Result<(), Error> {
    let names: Vec<&str> = purposes.iter().map(|purpose| purpose.name()).collect();
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::purpose.eq_any(&names))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}

/// Ends all tokens about one thing, such as a change of address that was replaced.
pub(crate) async fn end_of_subject(conn: &mut Conn, subject: &str, now: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::subject.eq(subject))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}

/// Ends one token.
pub(crate) async fn end(conn: &mut Conn, id: &str, now: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}

/// What a mail that is about to be sent carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digests {
    pub(crate) link: Digest,
    /// Used where the token has a code.
    pub(crate) code: Digest,
}

/// A token whose mail is about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Armed {
    pub(crate) purpose: Purpose,
    pub(crate) has_code: bool,
}

/// Keeps the token of a mail that is about to be sent for this transaction, with all that its sending may end. False when another
/// transaction is just spending or ending one of them: the mail waits for its next turn then, and nobody waits for one another in
/// a circle. On SQLite there is one writer.
pub(crate) async fn try_lock(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    match conn {
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => {
            let _ = id;
            Ok(true)
        }
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let whose = table::table.find(id).select((table::account_id, table::subject));
            let whose: Option<(Option<String>, Option<String>)> =
                diesel_async::RunQueryDsl::get_result(whose, c).await.optional()?;
            let Some((account, subject)) = whose else { return Ok(true) };
            let related = table::table
                .filter(table::spent_at.is_null().and(table::ended_at.is_null()))
                .filter(table::id.eq(id).or(table::account_id.eq(account)).or(table::subject.eq(subject)))
                .select(table::id);
            let all: Vec<String> = diesel_async::RunQueryDsl::load(related.clone(), c).await?;
            let free: Vec<String> = diesel_async::RunQueryDsl::load(related.for_update().skip_locked(), c).await?;
            Ok(free.len() >= all.len())
        }
    }
}

/// Gives a token its secrets, in place of those that an earlier try has sent, and ends the older ones of the same account,
/// or of the same thing, and purpose. `None` when it was spent or ended meanwhile, so that the mail has lost its purpose.
pub(crate) async fn arm(conn: &mut Conn, id: &str, digests: Digests, now: Timestamp) -> Result<Option<Armed>, Error> {
    type Kept = (String, Option<String>, Option<String>, i64, i16, i64);
    let kept: Option<Kept> = on!(conn, c => table::table
        .find(id)
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .select((
            table::purpose,
            table::account_id,
            table::subject,
            table::lifetime,
            table::has_code,
            table::created_at,
        ))
        .get_result(c))
    .optional()?;
    let Some((word, account, subject, lifetime, has_code, created_at)) = kept else { return Ok(None) };
    let Some(purpose) = Purpose::named(&word) else { return Ok(None) };
    let lifetime = Duration::from_micros(u64::try_from(lifetime).unwrap_or(0));
    let has_code = has_code != 0;
    let code = has_code.then(|| digests.code.as_bytes());
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .set((
            table::link_digest.eq(Some(digests.link.as_bytes())),
            table::code_digest.eq(code),
            table::wrong_codes.eq(0),
            table::expires_at.eq(Some(now.plus(lifetime).micros())),
        ))
        .execute(c))?;
    if changed == 0 {
        return Ok(None);
    }
    let older = (id, created_at, now.micros());
    match (account, subject) {
        // Each former address keeps its own link (PPL-105).
        _ if purpose == Purpose::EmailUndo => {}
        // Each mail about a way back stops it (FAC-113).
        _ if purpose == Purpose::WayBackStop => {}
        // Whoever asks for it need not be who waits: it leaves alone what that one has (PPL-193).
        _ if purpose == Purpose::Confirm && !has_code => {}
        // Each sign-in has its own code: somebody else's voids none.
        (Some(account), Some(subject)) if purpose.is_of_one_sign_in() => {
            end_older_of_sign_in(conn, (&account, &subject), &word, older).await?;
        }
        (Some(account), _) => end_older_of_account(conn, &account, &word, older).await?,
        (None, Some(subject)) => end_older_of_subject(conn, &subject, &word, older).await?,
        (None, None) => {}
    }
    Ok(Some(Armed { purpose, has_code }))
}

type Older<'a> = (&'a str, i64, i64);

async fn end_older_of_account(
    conn: &mut Conn,
    account: &str,
    purpose: &str,
    (id, created_at, now): Older<'_>,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account))
        .filter(table::purpose.eq(purpose))
        .filter(table::id.ne(id))
        .filter(table::created_at.le(created_at))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now)))
        .execute(c))?;
    Ok(())
}

async fn end_older_of_sign_in(
    conn: &mut Conn,
    (account, subject): (&str, &str),
    purpose: &str,
    (id, created_at, now): Older<'_>,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account))
        .filter(table::subject.eq(subject))
        .filter(table::purpose.eq(purpose))
        .filter(table::id.ne(id))
        .filter(table::created_at.le(created_at))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now)))
        .execute(c))?;
    Ok(())
}

async fn end_older_of_subject(
    conn: &mut Conn,
    subject: &str,
    purpose: &str,
    (id, created_at, now): Older<'_>,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.is_null())
        .filter(table::subject.eq(subject))
        .filter(table::purpose.eq(purpose))
        .filter(table::id.ne(id))
        .filter(table::created_at.le(created_at))
        .filter(table::spent_at.is_null())
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now)))
        .execute(c))?;
    Ok(())
}
