//! Whether somebody who proved who they are may sign in, and what they are told if not.

use crate::error::{Code, Error};
use crate::model::account::{Account, InactiveReason};
use crate::texts;

/// Refuses an account that may not act, and says why: only to somebody who proved to be its owner (people PPL-194, faults B6).
///
/// # Errors
/// `access_denied` with the reason.
pub(crate) fn may_sign_in(account: &Account) -> Result<(), Error> {
    let Some(reason) = account.inactive_reason() else { return Ok(()) };
    tracing::info!(account = %account.id, ?reason, "sign-in refused: the account may not act");
    let why = match reason {
        InactiveReason::Unconfirmed => texts::ACCOUNT_UNCONFIRMED,
        InactiveReason::Pending => texts::ACCOUNT_PENDING,
        InactiveReason::Disabled => texts::ACCOUNT_DISABLED,
    };
    Err(Error::refused(Code::AccountInactive, why))
}
