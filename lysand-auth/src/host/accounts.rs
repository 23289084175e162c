//! The host's accounts: the one question to whoever keeps them is "who is this?".

use std::fmt;

use async_trait::async_trait;

use crate::config::BaseUrl;
use crate::error::{Code, Error};
use crate::host::HostResult;
use crate::model::account::{Account, AccountId, Standing};
use crate::secret::Secret;
use crate::store::{Conn, Work};

/// An account to be created.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The local name, already checked.
    pub username: String,
    /// The e-mail address, if there is one.
    pub email: Option<crate::model::account::Email>,
    /// The password; `None` for an account that signs in by other means.
    pub password: Option<Secret>,
    /// Whether the account may administer the instance.
    pub role: crate::model::account::Role,
    /// Whether it may act at once.
    pub standing: Standing,
}

/// What of an account belongs to one account alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// The local name.
    Username,
    /// The e-mail address.
    Email,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Username => "Username",
            Self::Email => "E-mail address",
        })
    }
}

/// What a host can refuse to do.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The host does not offer this operation.
    #[error("this host does not offer that operation")]
    NotOffered,
    /// The user name or the e-mail address belongs to somebody.
    #[error("{0} has already been taken")]
    Taken(Field),
    /// The value breaks a rule of the host.
    #[error("{0}")]
    Invalid(String),
    /// Everything else: the host's failure.
    #[error(transparent)]
    Failed(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl From<AccountsError> for Error {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Failed(source) => Self::from_host(source),
            refused => Self::refused(Code::Validation, refused.to_string()),
        }
    }
}

/// What must happen in the transaction that creates an account; when it fails, no account is created.
pub struct Along(AlongWork);

type AlongWork = Box<dyn for<'c> FnOnce(&'c mut Conn, &AccountId) -> Work<'c, ()> + Send>;

impl Along {
    pub(crate) fn new(work: impl for<'c> FnOnce(&'c mut Conn, &AccountId) -> Work<'c, ()> + Send + 'static) -> Self {
        Self(Box::new(work))
    }

    /// Does it, for the account that is being created on this connection.
    ///
    /// # Errors
    /// When the transaction must be rolled back. Pass the error on as [`AccountsError::Failed`].
    pub async fn run(self, conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
        (self.0)(conn, account).await
    }
}

/// Where an account's public face is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The URI of the actor document: unique across servers.
    pub uri: String,
    /// The page for people.
    pub url: String,
    /// The avatar, also the default one.
    pub picture: String,
}

/// The host's accounts. Only the first three methods are needed to sign people in.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account with this key.
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>>;

    /// The account whose user name or e-mail address this is, in any case of letters.
    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>>;

    /// The account, when the password is its own; `None` in every other case.
    ///
    /// An unknown identifier and an account without a password must cost the same time as a wrong password
    /// (security ID-1): use [`Passwords::verify`](crate::password::Passwords::verify), which does the same work
    /// for them. Errors [`Busy`](crate::password::Busy) may be passed on as they are: the caller answers 503.
    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>>;

    /// Where the account's public face is (Mastodon §8). The default follows Mastodon's paths.
    fn profile(&self, account: &Account, base_url: &BaseUrl) -> Profile {
        Profile {
            uri: base_url.join(&format!("/users/{}", account.username)),
            url: base_url.join(&format!("/@{}", account.username)),
            picture: base_url.join("/avatars/original/missing.png"),
        }
    }

    /// Creates an account.
    async fn create(&self, _account: NewAccount) -> Result<Account, AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Creates an account and does `along`, in one transaction of the library's store: for hosts whose accounts are kept
    /// there. Needed for accounts that sign-in with a provider creates.
    async fn create_along(&self, _account: NewAccount, _along: Along) -> Result<Account, AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Whether the account has a password. Where it has none, its last link to a provider cannot be removed; that is also
    /// what holds for a host that does not tell.
    async fn has_password(&self, _id: &AccountId) -> HostResult<bool> {
        Ok(false)
    }

    /// Sets a new password.
    async fn set_password(&self, _id: &AccountId, _password: &Secret) -> Result<(), AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Lets an account act or stops it.
    async fn set_standing(&self, _id: &AccountId, _standing: Standing) -> Result<(), AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// All accounts, oldest first.
    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Removes an account for good.
    async fn delete(&self, _id: &AccountId) -> Result<(), AccountsError> {
        Err(AccountsError::NotOffered)
    }
}
