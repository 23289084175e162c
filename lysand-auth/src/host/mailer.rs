//! The host's mail.

use async_trait::async_trait;

use crate::host::HostResult;
use crate::model::account::Account;

/// A mail that the library wants sent; the host decides on words and transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mail {
    /// The password was changed and all sessions ended (security ID-7).
    PasswordChanged,
}

/// Sends mail to an account.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends `mail` to the address of `to`; does nothing when the account has none.
    async fn send(&self, to: &Account, mail: Mail) -> HostResult<()>;
}
