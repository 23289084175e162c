//! How things are, in numbers (people PPL-151).

use crate::auth::Auth;
use crate::error::Error;
use crate::host::accounts::{AccountQuery, AccountsError};
use crate::model::account::Standing;
use crate::store::{mails, sign_ups};

/// How things are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Accounts, whatever their state; 0 where the host does not count them.
    pub accounts: u64,
    /// Disabled and suspended ones.
    pub stopped: u64,
    /// Mails that were given up and are still remembered.
    pub failed_mails: u64,
}

/// How things are.
///
/// # Errors
/// When host or database do not answer.
pub async fn counts(auth: &Auth) -> Result<Counts, Error> {
    let stopped = AccountQuery::new().with_standing(Standing::Disabled).with_standing(Standing::Suspended);
    let failed_mails = auth.store().read(move |c| Box::pin(mails::count_failed(c))).await?;
    Ok(Counts {
        accounts: counted(auth, &AccountQuery::new()).await?,
        stopped: counted(auth, &stopped).await?,
        failed_mails: u64::try_from(failed_mails).unwrap_or_default(),
    })
}

/// How many requests to join wait for a decision; those whose address is not confirmed do not count.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(auth: &Auth) -> Result<u64, Error> {
    let waiting = auth.store().read(move |c| Box::pin(sign_ups::waiting_since(c))).await?;
    Ok(u64::try_from(waiting.len()).unwrap_or(u64::MAX))
}

async fn counted(auth: &Auth, query: &AccountQuery) -> Result<u64, Error> {
    match auth.accounts().count(query).await {
        Ok(number) => Ok(number),
        Err(AccountsError::NotOffered) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
