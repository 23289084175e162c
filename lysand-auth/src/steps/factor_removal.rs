//! All second factors of an account, or those of one kind, go. In the transaction of what takes them away.

use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::factors::FactorKind;
use crate::store::{Conn, credentials, factors, passkeys, recovery_codes};

/// Whether the account has something of its own that can be the second proof.
pub(crate) async fn has_any(c: &mut Conn, account: &AccountId) -> Result<bool, Error> {
    Ok(!factors::proven(c, account).await?.is_empty() || passkeys::count(c, account).await? > 0)
}

/// Removes those of one kind, or all; how many passkeys and apps there were. With the last of those two-step sign-in goes off, and
/// recovery codes are void. [`advance`](credentials::advance) must have come first.
pub(crate) async fn remove(c: &mut Conn, account: &AccountId, only: Option<FactorKind>) -> Result<usize, Error> {
    let goes = |kind| only.is_none_or(|only| only == kind);
    let mut removed = 0;
    if goes(FactorKind::Totp) {
        removed += factors::remove_all(c, account).await?;
    }
    if goes(FactorKind::Passkey) {
        removed += passkeys::remove_all(c, account).await?;
        credentials::set_only_passkeys(c, account, false).await?;
    }
    let is_nothing_left = !has_any(c, account).await?;
    if goes(FactorKind::Recovery) || is_nothing_left {
        recovery_codes::remove(c, account).await?;
    }
    if goes(FactorKind::Email) || is_nothing_left {
        credentials::set_mail_factor(c, account, false).await?;
    }
    if is_nothing_left {
        credentials::set_two_step(c, account, false).await?;
    }
    Ok(removed)
}
