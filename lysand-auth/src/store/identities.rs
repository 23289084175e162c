//! Identities at providers and the accounts that they belong to. The unique constraints are the arbiter (security RP-6).

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_identity as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::identity::{Identity, LinkedIdentity};
use crate::on;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    issuer: String,
    subject: String,
    account_id: String,
    label: Option<String>,
    linked_at: i64,
}

impl From<Row> for LinkedIdentity {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account_id: AccountId::new(row.account_id),
            identity: Identity { issuer: row.issuer, subject: row.subject },
            label: row.label,
            linked_at: Timestamp::from_micros(row.linked_at),
        }
    }
}

/// Links an identity; false when it belongs to somebody, or the account has another one of that issuer.
pub(crate) async fn insert(conn: &mut Conn, linked: &LinkedIdentity) -> Result<bool, Error> {
    let row = Row {
        id: linked.id.clone(),
        issuer: linked.identity.issuer.clone(),
        subject: linked.identity.subject.clone(),
        account_id: linked.account_id.as_str().to_owned(),
        label: linked.label.clone(),
        linked_at: linked.linked_at.micros(),
    };
    let statement = diesel::insert_into(table::table).values(&row).on_conflict_do_nothing();
    Ok(on!(conn, c => statement.execute(c))? == 1)
}

/// Whose an identity is.
pub(crate) async fn by_identity(conn: &mut Conn, identity: &Identity) -> Result<Option<LinkedIdentity>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .filter(table::issuer.eq(&identity.issuer))
        .filter(table::subject.eq(&identity.subject))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.map(Into::into))
}

/// The identities of an account, the oldest first.
pub(crate) async fn of_account(conn: &mut Conn, account: &AccountId) -> Result<Vec<LinkedIdentity>, Error> {
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .order((table::linked_at, table::id))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Makes this transaction wait for every other one that changes the links of this account, and those after it wait for
/// this one (security ONE-6). SQLite has one writer anyway; on PostgreSQL the rows' locks do it.
pub(crate) async fn lock_owner(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()))
        .set(table::account_id.eq(account.as_str()))
        .execute(c))?;
    Ok(())
}

/// Removes one link.
pub(crate) async fn delete(conn: &mut Conn, id: &str) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.find(id)).execute(c))?;
    Ok(())
}

/// Removes the links of an account that were made since then.
pub(crate) async fn delete_linked_since(conn: &mut Conn, account: &AccountId, since: Timestamp) -> Result<(), Error> {
    let of_account = table::account_id.eq(account.as_str());
    let later = table::table.filter(of_account).filter(table::linked_at.ge(since.micros()));
    on!(conn, c => diesel::delete(later).execute(c))?;
    Ok(())
}

/// Removes every link of an account.
pub(crate) async fn delete_all_of_account(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.filter(table::account_id.eq(account.as_str()))).execute(c))?;
    Ok(())
}
