//! Passkeys, and by what they know their owners.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_passkey as table;
use super::schema::auth_passkey_user as users;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::passkeys::StoredPasskey;
use crate::on;
use crate::passkey::Used;

/// More than one account can have.
const MANY: i64 = 200;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    account_id: String,
    credential_id: String,
    rp_id: String,
    public_key: String,
    counter: i64,
    backup_eligible: i16,
    backed_up: i16,
    verified: i16,
    transports: String,
    model: Option<String>,
    name: String,
    copied_at: Option<i64>,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl From<Row> for StoredPasskey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account: AccountId::new(row.account_id),
            credential: URL_SAFE_NO_PAD.decode(&row.credential_id).unwrap_or_default(),
            rp_id: row.rp_id,
            key: row.public_key,
            counter: u32::try_from(row.counter).unwrap_or(u32::MAX),
            backup_eligible: row.backup_eligible != 0,
            backed_up: row.backed_up != 0,
            verified: row.verified != 0,
            transports: row.transports.split_whitespace().map(str::to_owned).collect(),
            model: row.model,
            name: row.name,
            copied_at: row.copied_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
        }
    }
}

/// Keeps one; false when somebody has it already (FAC-77).
pub(crate) async fn insert(conn: &mut Conn, passkey: &StoredPasskey) -> Result<bool, Error> {
    let row = Row {
        id: passkey.id.clone(),
        account_id: passkey.account.as_str().to_owned(),
        credential_id: URL_SAFE_NO_PAD.encode(&passkey.credential),
        rp_id: passkey.rp_id.clone(),
        public_key: passkey.key.clone(),
        counter: passkey.counter.into(),
        backup_eligible: passkey.backup_eligible.into(),
        backed_up: passkey.backed_up.into(),
        verified: passkey.verified.into(),
        transports: passkey.transports.join(" "),
        model: passkey.model.clone(),
        name: passkey.name.clone(),
        copied_at: None,
        created_at: passkey.created_at.micros(),
        last_used_at: None,
    };
    let statement = diesel::insert_into(table::table).values(&row).on_conflict_do_nothing();
    Ok(on!(conn, c => statement.execute(c))? == 1)
}

/// Those of an account, the oldest first.
pub(crate) async fn of_account(conn: &mut Conn, account: &AccountId) -> Result<Vec<StoredPasskey>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .order(table::id)
        .select(Row::as_select())
        .limit(MANY)
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many an account has.
pub(crate) async fn count(conn: &mut Conn, account: &AccountId) -> Result<i64, Error> {
    Ok(on!(conn, c => table::table.filter(table::account_id.eq(account.as_str())).count().get_result(c))?)
}

/// Whether an account has one that can take the place of name and password on this domain.
pub(crate) async fn is_way_in(conn: &mut Conn, account: &AccountId, rp_id: &str) -> Result<bool, Error> {
    let verifies = table::verified.ne(0).and(table::copied_at.is_null());
    let own = table::table.filter(table::account_id.eq(account.as_str())).filter(table::rp_id.eq(rp_id));
    let found: i64 = on!(conn, c => own.filter(verifies).count().get_result(c))?;
    Ok(found > 0)
}

/// Whoever has the passkey that an authenticator calls so, and the handle by which it knows them.
pub(crate) async fn by_credential(
    conn: &mut Conn,
    credential: &[u8],
) -> Result<Option<(StoredPasskey, Vec<u8>)>, Error> {
    let id = URL_SAFE_NO_PAD.encode(credential);
    let row: Option<Row> =
        on!(conn, c => table::table.filter(table::credential_id.eq(&id)).select(Row::as_select()).get_result(c))
            .optional()?;
    let Some(row) = row else { return Ok(None) };
    let handle: Option<String> =
        on!(conn, c => users::table.find(&row.account_id).select(users::handle).get_result(c)).optional()?;
    let handle = handle.and_then(|handle| URL_SAFE_NO_PAD.decode(handle).ok());
    Ok(handle.map(|handle| (row.into(), handle)))
}

/// The handle of an account as base64url, if there is one.
pub(crate) async fn handle_of(conn: &mut Conn, account: &AccountId) -> Result<Option<String>, Error> {
    Ok(on!(conn, c => users::table.find(account.as_str()).select(users::handle).get_result(c)).optional()?)
}

/// The handle of an account; `new` becomes it when there is none.
pub(crate) async fn handle(conn: &mut Conn, account: &AccountId, new: &[u8]) -> Result<Vec<u8>, Error> {
    let row = (users::account_id.eq(account.as_str()), users::handle.eq(URL_SAFE_NO_PAD.encode(new)));
    let statement = diesel::insert_into(users::table).values(row).on_conflict_do_nothing();
    on!(conn, c => statement.execute(c))?;
    let kept: String = on!(conn, c => users::table.find(account.as_str()).select(users::handle).get_result(c))?;
    URL_SAFE_NO_PAD.decode(kept).map_err(Error::failed)
}

/// One was used; false when its counter did not rise, or it is gone. A passkey that does not count stays at zero.
pub(crate) async fn note_use(
    conn: &mut Conn,
    account: &AccountId,
    (id, used): (&str, Used),
    now: Timestamp,
) -> Result<bool, Error> {
    let counter = i64::from(used.counter);
    let rises = table::counter.lt(counter).or(table::counter.eq(0).and(table::counter.eq(counter)));
    let row = table::table.find(id).filter(table::account_id.eq(account.as_str())).filter(rises);
    let noted = (
        table::counter.eq(counter),
        table::backed_up.eq(i16::from(used.backed_up)),
        table::last_used_at.eq(Some(now.micros())),
    );
    Ok(on!(conn, c => diesel::update(row).set(noted).execute(c))? == 1)
}

/// Marks one whose counter did not rise; false when it was marked already.
pub(crate) async fn mark_copied(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::copied_at.is_null());
    Ok(on!(conn, c => diesel::update(row).set(table::copied_at.eq(Some(now.micros()))).execute(c))? == 1)
}

/// Gives one another name; false when it is not there, or another's.
pub(crate) async fn rename(conn: &mut Conn, account: &AccountId, id: &str, name: &str) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::account_id.eq(account.as_str()));
    Ok(on!(conn, c => diesel::update(row).set(table::name.eq(name)).execute(c))? == 1)
}

/// Removes one; false when it is not there, or another's.
pub(crate) async fn remove(conn: &mut Conn, account: &AccountId, id: &str) -> Result<bool, Error> {
    let row = table::table.find(id).filter(table::account_id.eq(account.as_str()));
    Ok(on!(conn, c => diesel::delete(row).execute(c))? == 1)
}

/// Removes all of an account; how many there were.
pub(crate) async fn remove_all(conn: &mut Conn, account: &AccountId) -> Result<usize, Error> {
    let own = table::table.filter(table::account_id.eq(account.as_str()));
    Ok(on!(conn, c => diesel::delete(own).execute(c))?)
}

/// Removes all of an account that is being removed, and by what they know their owner.
pub(crate) async fn forget(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    remove_all(conn, account).await?;
    on!(conn, c => diesel::delete(users::table.find(account.as_str())).execute(c))?;
    Ok(())
}

/// How many are for another domain than this one: they stopped working (FAC-71).
pub(crate) async fn of_other_domains(conn: &mut Conn, rp_id: &str) -> Result<i64, Error> {
    Ok(on!(conn, c => table::table.filter(table::rp_id.ne(rp_id)).count().get_result(c))?)
}
