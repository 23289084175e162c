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
    /// An identity at a provider was linked to the account and signs in to it from now on. Not sent for an identity with
    /// which the account began.
    IdentityLinked {
        /// How people know the provider; the operator's word.
        provider: String,
    },
    /// An identity at a provider is no longer linked to the account.
    IdentityUnlinked {
        /// How people know the provider; the operator's word.
        provider: String,
    },
}

/// Sends mail to an account.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends `mail` to the address of `to`; does nothing when the account has none.
    ///
    /// The library waits a few seconds at most. What the mail is about has happened already: a mail that cannot be sent is
    /// logged and changes nothing, so a host that wants to try again later keeps the mail itself.
    async fn send(&self, to: &Account, mail: Mail) -> HostResult<()>;
}
