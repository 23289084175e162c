//! The mails about an act of staff: to the owner of the account, and about another member of the staff to all admins (people
//! PPL-21).

use crate::auth::Auth;
use crate::error::Error;
use crate::host::accounts::{AccountQuery, AccountsError};
use crate::host::mailer::Mail;
use crate::model::account::{Account, Role};
use crate::model::event::EventKind;
use crate::steps::mail::Outgoing;

/// How many people of a role are told at most.
const MOST_TOLD: usize = 100;

/// Those of the staff with this role who can be told something: none where the host has no lists of accounts.
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn staff(auth: &Auth, role: Role) -> Result<Vec<Account>, Error> {
    let query = AccountQuery::new().with_role(role).with_confirmed(true).with_limit(MOST_TOLD);
    match auth.accounts().search(&query).await {
        Ok(page) => Ok(page.items.into_iter().filter(|account| account.inactive_reason().is_none()).collect()),
        Err(AccountsError::NotOffered) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The mails about something that is done to an account. Its owner is told when `tells_owner` says so, and always if the owner is
/// one of the staff.
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn about(
    auth: &Auth,
    account: &Account,
    kind: Option<EventKind>,
    message: Option<&str>,
    tells_owner: bool,
) -> Result<Vec<Outgoing>, Error> {
    let is_staff = account.role >= Role::Moderator;
    let mail = |to_staff| Mail::StaffAction {
        account: account.username.clone(),
        to_staff,
        what: kind.and_then(EventKind::words).map(str::to_owned),
        message: message.map(str::to_owned),
    };
    let mut mails = Vec::new();
    if tells_owner || is_staff {
        mails.extend(Outgoing::to_confirmed(auth, account, mail(false)));
    }
    if is_staff {
        let admins = staff(auth, Role::Admin).await?;
        let others = admins.iter().filter(|admin| admin.id != account.id);
        mails.extend(others.filter_map(|admin| Outgoing::to_confirmed(auth, admin, mail(true))));
    }
    Ok(mails)
}
