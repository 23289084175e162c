//! Whether an account may still be spoken for.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::{AccountId, InactiveReason};

/// Whether the account was switched off, or is no more.
pub(crate) async fn is_disabled(auth: &Auth, account: &AccountId) -> Result<bool, Error> {
    let account = auth.account(account).await?;
    Ok(account.is_none_or(|account| account.inactive_reason() == Some(InactiveReason::Disabled)))
}
