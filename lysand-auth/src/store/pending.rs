//! Sign-ins that still lack something. What the browser shows is kept as a digest.

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_pending as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::factors::PendingSignIn;
use crate::model::proofs::{ProofKind, Proofs};
use crate::model::session::SessionId;
use crate::on;
use crate::secret::Digest;

/// Sign-ins of one account that can wait at a time; the oldest makes room (FAC-18).
const MOST: i64 = 20;
/// More than there can be beyond that.
const MANY: i64 = 100;
const SIGN_IN: &str = "sign_in";
/// Of a sign-in that waits for its first proof, a code by mail.
const CODE: &str = "code";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    purpose: String,
    account_id: String,
    browser_digest: Vec<u8>,
    proof: String,
    proven_at: i64,
    generation: i64,
    request: String,
    tries: i64,
    created_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    session_id: Option<String>,
    second_proof: Option<String>,
    second_proven_at: Option<i64>,
    stepping_up: Option<String>,
}

impl Row {
    fn read(self) -> Option<PendingSignIn> {
        let first = (ProofKind::named(&self.proof), Timestamp::from_micros(self.proven_at));
        let first = Some(first).filter(|_| !self.proof.is_empty());
        let second = self.second_proof.zip(self.second_proven_at);
        let second = second.map(|(kind, at)| (ProofKind::named(&kind), Timestamp::from_micros(at)));
        Some(PendingSignIn {
            id: self.id,
            account: AccountId::new(self.account_id),
            browser: Digest::stored(&self.browser_digest)?,
            steps_up: self.stepping_up.map(SessionId::new),
            proofs: Proofs::new(first.into_iter().chain(second)),
            generation: self.generation,
            request: serde_json::from_str(&self.request).ok()?,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: Timestamp::from_micros(self.expires_at),
            ended_at: self.ended_at.map(Timestamp::from_micros),
            session: self.session_id.map(SessionId::new),
        })
    }
}

/// Keeps a sign-in that waits: for its first proof, a code by mail, when nothing is proven yet.
pub(crate) async fn insert(conn: &mut Conn, pending: &PendingSignIn) -> Result<(), Error> {
    let first = pending.proofs.first();
    let row = Row {
        id: pending.id.clone(),
        purpose: if first.is_some() || pending.steps_up.is_some() { SIGN_IN } else { CODE }.to_owned(),
        account_id: pending.account.as_str().to_owned(),
        browser_digest: pending.browser.as_bytes().to_vec(),
        proof: first.map_or("", |proof| proof.kind.name()).to_owned(),
        proven_at: first.map_or(pending.created_at, |proof| proof.at).micros(),
        generation: pending.generation,
        request: serde_json::to_string(&pending.request).map_err(Error::failed)?,
        tries: 0,
        created_at: pending.created_at.micros(),
        expires_at: pending.expires_at.micros(),
        ended_at: None,
        session_id: None,
        second_proof: None,
        second_proven_at: None,
        stepping_up: pending.steps_up.as_ref().map(|session| session.as_str().to_owned()),
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    end_oldest(conn, &pending.account, pending.created_at).await
}

async fn end_oldest(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    let open = table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .order((table::created_at.desc(), table::id.desc()))
        .select(table::id)
        .offset(MOST)
        .limit(MANY);
    let beyond: Vec<String> = on!(conn, c => open.load(c))?;
    if beyond.is_empty() {
        return Ok(());
    }
    let rows = table::table.filter(table::id.eq_any(beyond)).filter(table::ended_at.is_null());
    on!(conn, c => diesel::update(rows).set(table::ended_at.eq(Some(now.micros()))).execute(c))?;
    Ok(())
}

/// A sign-in by its id.
pub(crate) async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<PendingSignIn>, Error> {
    of_purpose(conn, id, SIGN_IN).await
}

/// A sign-in that waits, or waited, for its first proof.
pub(crate) async fn code_by_id(conn: &mut Conn, id: &str) -> Result<Option<PendingSignIn>, Error> {
    of_purpose(conn, id, CODE).await
}

async fn of_purpose(conn: &mut Conn, id: &str, purpose: &str) -> Result<Option<PendingSignIn>, Error> {
    let row: Option<Row> =
        on!(conn, c => table::table.find(id).filter(table::purpose.eq(purpose)).select(Row::as_select()).get_result(c))
            .optional()?;
    Ok(row.and_then(Row::read))
}

/// The sign-ins of an account that wait for their first proof, a code by mail, which a native client asked for.
#[cfg(feature = "native")]
pub(crate) async fn codes_of_native(
    conn: &mut Conn,
    account: &AccountId,
    now: Timestamp,
) -> Result<Vec<PendingSignIn>, Error> {
    let open = table::table
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::purpose.eq(CODE))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .order((table::created_at, table::id))
        .limit(MANY);
    let rows: Vec<Row> = on!(conn, c => open.select(Row::as_select()).load(c))?;
    Ok(rows.into_iter().filter_map(Row::read).filter(|row| row.dialect().is_some()).collect())
}

/// It came to something, once: a session, if one began. False when it was over.
pub(crate) async fn spend(
    conn: &mut Conn,
    id: &str,
    session: Option<&SessionId>,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::ended_at.is_null()).filter(table::expires_at.gt(now.micros()));
    let ended = (
        table::ended_at.eq(Some(now.micros())),
        table::session_id.eq(session.map(|session| session.as_str().to_owned())),
    );
    Ok(on!(conn, c => diesel::update(row).set(ended).execute(c))? == 1)
}

/// A second proof was given, and more is missing. False when the sign-in is over, or had a second one.
pub(crate) async fn note_second_proof(
    conn: &mut Conn,
    id: &str,
    kind: &ProofKind,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::ended_at.is_null()).filter(table::expires_at.gt(now.micros()));
    let noted = (table::second_proof.eq(Some(kind.name().to_owned())), table::second_proven_at.eq(Some(now.micros())));
    let row = diesel::update(row.filter(table::second_proof.is_null()));
    Ok(on!(conn, c => row.set(noted).execute(c))? == 1)
}

/// Whether it waits. Until this transaction is over, it does not end.
pub(crate) async fn lock_open(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::ended_at.is_null()).filter(table::expires_at.gt(now.micros()));
    let unchanged = table::tries.eq(table::tries);
    Ok(on!(conn, c => diesel::update(row).set(unchanged).execute(c))? == 1)
}

/// Goes on with what its own owner changed of the account.
pub(crate) async fn follow(conn: &mut Conn, id: &str, generation: i64) -> Result<(), Error> {
    let row = diesel::update(table::table.find(id));
    on!(conn, c => row.set(table::generation.eq(generation)).execute(c))?;
    Ok(())
}

/// Counts an answer before it is looked at; how many there are now. None when the sign-in is over, or bears no more (FAC-15).
pub(crate) async fn count_answer(conn: &mut Conn, id: &str, most: i64, now: Timestamp) -> Result<Option<i64>, Error> {
    let row = table::table
        .find(id)
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .filter(table::tries.lt(most));
    let counted = diesel::update(row).set(table::tries.eq(table::tries + 1)).returning(table::tries);
    Ok(on!(conn, c => counted.get_result(c)).optional()?)
}

/// Takes an answer back that came to no verdict.
pub(crate) async fn uncount_answer(conn: &mut Conn, id: &str) -> Result<(), Error> {
    let row = diesel::update(table::table.find(id).filter(table::tries.gt(0)));
    on!(conn, c => row.set(table::tries.eq(table::tries - 1)).execute(c))?;
    Ok(())
}

/// Forgets those that ended an hour ago; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => table::table
        .filter(table::expires_at.lt(before.micros()))
        .order((table::expires_at, table::id))
        .select(table::id)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::id.eq_any(&ids))).execute(c))?)
}
