//! Statements that several methods of the accounts run inside a transaction.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use lysand_auth::error::Error;
use lysand_auth::host::accounts::{AccountsError, InactiveReason};
use lysand_auth::on;
use lysand_auth::store::Conn;

use super::closed_names::{ClosedName, ClosedNames};
use super::error::CreateError;
use super::rows::{ADMIN, COLUMNS, NewRow, Row, account, account_turn, setup_token};
use lysand_auth::host::accounts::Field;

/// Makes this transaction wait for every other one that changes admins, and those after it wait for this one
/// (security ONE-6). SQLite has one writer anyway; on PostgreSQL the row's lock does it.
pub(super) async fn lock_admins(c: &mut Conn) -> Result<(), Error> {
    let lock = diesel::update(account_turn::table).set(account_turn::taken.eq(account_turn::taken + 1));
    on!(c, c => lock.execute(c))?;
    Ok(())
}

/// Inserts an account unless its name or a name that looks like it belongs or belonged to somebody, or its address belongs to
/// somebody. `name` is what a name that belonged to somebody was kept as; nothing where names are used again.
pub(super) async fn insert(
    c: &mut Conn,
    new: NewRow,
    name: Option<ClosedName>,
) -> Result<Result<Row, CreateError>, Error> {
    let (id, email_key) = (new.id.clone(), new.email_key.clone());
    let statement = diesel::insert_into(account::table).values(new).on_conflict_do_nothing();
    if on!(c, c => statement.execute(c))? == 1 {
        // After the insert, which waits for a removal that is under way.
        if let Some(name) = name
            && name.is_closed(c).await?
        {
            on!(c, c => diesel::delete(account::table.find(id)).execute(c))?;
            return Ok(Err(CreateError::Taken(Field::Username)));
        }
        let row =
            row(c, id).await?.ok_or_else(|| Error::failed("an account is gone in the transaction that made it"))?;
        return Ok(Ok(row));
    }
    let by_address = account::table.filter(account::email_key.eq(email_key)).count();
    let taken: i64 = on!(c, c => by_address.get_result(c))?;
    Ok(Err(CreateError::Taken(if taken > 0 { Field::Email } else { Field::Username })))
}

/// Removes an account, and keeps its name from others, unless nobody was ever known by it, or names are used again, which no
/// `names` say: then it is free (people PPL-74, PPL-124); false when there is none.
pub(super) async fn close(c: &mut Conn, id: String, now: i64, names: Option<ClosedNames>) -> Result<bool, Error> {
    let name = account::table.find(id.clone()).select((account::username_key, COLUMNS));
    let found: Option<(String, Row)> = on!(c, c => name.get_result(c)).optional()?;
    let Some((name_key, row)) = found else { return Ok(false) };
    on!(c, c => diesel::delete(account::table.find(id)).execute(c))?;
    let never_usable = [Some(InactiveReason::Unconfirmed), Some(InactiveReason::Pending)];
    if let Some(names) = names
        && !never_usable.contains(&row.into_account().inactive_reason())
    {
        names.of(&name_key).insert(c, now).await?;
    }
    Ok(true)
}

pub(super) async fn row(c: &mut Conn, id: String) -> Result<Option<Row>, Error> {
    let query = account::table.find(id).select(COLUMNS);
    Ok(on!(c, c => query.get_result(c)).optional()?)
}

/// Whether this account is the only admin who can act (security OPS-1).
pub(super) async fn is_last_admin(c: &mut Conn, id: &str) -> Result<bool, Error> {
    let admins = account::table.filter(account::role.eq(ADMIN)).select(COLUMNS);
    let rows: Vec<Row> = on!(c, c => admins.load(c))?;
    let mut acting =
        rows.into_iter().map(Row::into_account).filter(|account| account.inactive_reason().is_none()).peekable();
    let alone = acting.peek().is_some_and(|account| account.id.as_str() == id);
    Ok(alone && acting.count() == 1)
}

pub(super) async fn admin_exists(c: &mut Conn) -> Result<bool, Error> {
    let admins = account::table.filter(account::role.eq(ADMIN)).select(COLUMNS);
    let first: Option<Row> = on!(c, c => admins.first(c)).optional()?;
    Ok(first.is_some())
}

/// Ends every set-up link, in the transaction that makes an admin.
pub(super) async fn delete_setup_tokens(c: &mut Conn) -> Result<(), Error> {
    on!(c, c => diesel::delete(setup_token::table).execute(c))?;
    Ok(())
}

pub(super) fn no_such_account() -> AccountsError {
    AccountsError::Invalid("There is no such account".to_owned())
}
