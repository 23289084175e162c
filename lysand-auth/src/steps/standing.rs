//! Whether an account may act: to sign in, and to be spoken for.

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId, InactiveReason};
use crate::texts;

/// Refuses an account that may not act, and says why: only to somebody who proved to be its owner (people PPL-194, faults B6).
///
/// # Errors
/// `access_denied` with the reason.
pub(crate) fn may_sign_in(account: &Account) -> Result<(), Error> {
    let Some(reason) = account.inactive_reason() else { return Ok(()) };
    tracing::info!(account = %account.id, ?reason, "the account may not act");
    let why = match reason {
        InactiveReason::Unconfirmed => texts::ACCOUNT_UNCONFIRMED,
        InactiveReason::Pending => texts::ACCOUNT_PENDING,
        InactiveReason::Disabled => texts::ACCOUNT_DISABLED,
    };
    Err(Error::refused(Code::AccountInactive, why))
}

/// Whether the account was switched off, or is no more.
pub(crate) async fn is_disabled(auth: &Auth, account: &AccountId) -> Result<bool, Error> {
    let account = auth.account(account).await?;
    Ok(account.is_none_or(|account| account.inactive_reason() == Some(InactiveReason::Disabled)))
}
