//! Changes of an account, each in the transaction of what it costs (people PPL-211).

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{ExpressionMethods, QueryDsl};
use lysand_auth::error::Error;
use lysand_auth::host::accounts::{AccountsError, Email, Field, Role, Standing, rules};
use lysand_auth::on;
use lysand_auth::store::Conn;

use super::closed_names::ClosedNames;
use super::rows::{account, role_name, standing_name};
use super::statements::{close, is_last_admin, lock_admins, no_such_account};

/// A change whose slow part, the hash, is done.
pub(super) enum Prepared {
    Password(Option<String>),
    Email(Email),
    Standing(Standing),
    Role(Role),
    DisplayName(String),
    Language(Option<String>),
    /// With what keeps its name from others; nothing where names are used again.
    Delete(Option<ClosedNames>),
}

/// Makes the change, unless something stands in its way. When it fails because somebody was given the same address in the same
/// moment, `taken` says so: on PostgreSQL the transaction is lost with it.
pub(super) async fn make(
    c: &mut Conn,
    id: &str,
    change: Prepared,
    now: i64,
    taken: &AtomicBool,
) -> Result<Result<(), AccountsError>, Error> {
    let row = account::table.find(id.to_owned());
    let changed = match change {
        Prepared::Password(hash) => {
            let change = diesel::update(row).set(account::password_hash.eq(hash));
            on!(c, c => change.execute(c))?
        }
        Prepared::Email(email) => return set_email(c, id, &email, taken).await,
        Prepared::Standing(standing) => {
            lock_admins(c).await?;
            if standing != Standing::Active && is_last_admin(c, id).await? {
                return Ok(Err(AccountsError::LastAdmin));
            }
            let change = diesel::update(row).set(account::standing.eq(standing_name(standing)));
            on!(c, c => change.execute(c))?
        }
        Prepared::Role(role) => {
            lock_admins(c).await?;
            if role != Role::Admin && is_last_admin(c, id).await? {
                return Ok(Err(AccountsError::LastAdmin));
            }
            let change = diesel::update(row).set(account::role.eq(role_name(role)));
            on!(c, c => change.execute(c))?
        }
        Prepared::DisplayName(name) => {
            let change = diesel::update(row).set(account::display_name.eq(name));
            on!(c, c => change.execute(c))?
        }
        Prepared::Language(language) => {
            let change = diesel::update(row).set(account::language.eq(language));
            on!(c, c => change.execute(c))?
        }
        Prepared::Delete(names) => {
            lock_admins(c).await?;
            if is_last_admin(c, id).await? {
                return Ok(Err(AccountsError::LastAdmin));
            }
            usize::from(close(c, id.to_owned(), now, names).await?)
        }
    };
    Ok(if changed == 0 { Err(no_such_account()) } else { Ok(()) })
}

/// Gives the account an address. A confirmed one belongs to one account alone; others may wait with the same one.
async fn set_email(
    c: &mut Conn,
    id: &str,
    email: &Email,
    taken: &AtomicBool,
) -> Result<Result<(), AccountsError>, Error> {
    let key = rules::email_key(&email.address);
    if email.confirmed {
        let owners = account::table.filter(account::email_key.eq(key.clone())).filter(account::id.ne(id)).count();
        let owners: i64 = on!(c, c => owners.get_result(c))?;
        if owners > 0 {
            return Ok(Err(AccountsError::Taken(Field::Email)));
        }
    }
    let (confirmed, unconfirmed) = if email.confirmed { (Some(key), None) } else { (None, Some(key)) };
    let change = diesel::update(account::table.find(id.to_owned())).set((
        account::email.eq(Some(&email.address)),
        account::email_key.eq(confirmed),
        account::unconfirmed_key.eq(unconfirmed),
        account::email_confirmed.eq(i16::from(email.confirmed)),
    ));
    let changed = on!(c, c => change.execute(c));
    if matches!(&changed, Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) {
        taken.store(true, Ordering::Release);
    }
    let changed = changed?;
    Ok(if changed == 0 { Err(no_such_account()) } else { Ok(()) })
}
