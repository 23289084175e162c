//! The host's accounts: the one question to whoever keeps them is "who is this?".

mod along;
mod candidate;
mod change;
mod entity;
mod error;
mod new_account;
mod query;

use async_trait::async_trait;
/// JSON, as [`Accounts::entity`] and [`Accounts::export`] answer it.
pub use serde_json::{Map, Value};

pub use self::along::Along;
pub use self::candidate::{Candidate, FieldProblem, ProblemKind};
pub use self::change::{Action, Change};
pub use self::error::AccountsError;
pub use self::new_account::{NewAccount, Profile};
pub use self::query::{AccountQuery, Page};
use crate::config::BaseUrl;
use crate::host::HostResult;
pub use crate::model::account::{Account, AccountId, Email, InactiveReason, Role, Standing};
/// What a name, an address and a password must be.
pub use crate::model::account_rules as rules;
pub use crate::model::account_rules::Field;
pub use crate::model::language::Language;
use crate::secret::Secret;

/// The host's accounts. Only the first three methods are needed to sign people in; what the others are needed for is not
/// offered where they are left out (PPL-218).
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

    /// The account that has this address: the one that confirmed it, else the newest that carries it (PPL-208). The default
    /// asks [`by_identifier`](Self::by_identifier).
    async fn by_email(&self, address: &str) -> HostResult<Option<Account>> {
        let key = rules::email_key(address);
        let found = self.by_identifier(address).await?;
        Ok(found.filter(|account| account.email.as_ref().is_some_and(|email| rules::email_key(&email.address) == key)))
    }

    /// All addresses of the account that are confirmed, for mails that must not be missed. The default is the one of
    /// [`Account::email`].
    async fn addresses(&self, id: &AccountId) -> HostResult<Vec<String>> {
        let email = self.by_id(id).await?.and_then(|account| account.email).filter(|email| email.confirmed);
        Ok(email.map(|email| email.address).into_iter().collect())
    }

    /// Whether the account must set a new password at its next sign-in.
    async fn must_change_password(&self, _id: &AccountId) -> HostResult<bool> {
        Ok(false)
    }

    /// Where the account's public face is (Mastodon §8). The default follows Mastodon's paths.
    fn profile(&self, account: &Account, base_url: &BaseUrl) -> Profile {
        Profile::new(&account.username, base_url)
    }

    /// The account in Mastodon's API. The default has what the library knows, and zeros.
    fn entity(&self, account: &Account, base_url: &BaseUrl) -> Map<String, Value> {
        entity::entity(account, &self.profile(account, base_url))
    }

    /// What the host keeps about an account, for a person who asks for it all.
    async fn export(&self, _id: &AccountId) -> HostResult<Value> {
        Ok(Value::Object(Map::new()))
    }

    /// All that is wrong with what somebody typed who wants an account. The default asks the library's own rules; a host
    /// with other names or passwords answers here, and again in [`create_along`](Self::create_along).
    async fn check_new(&self, candidate: &Candidate) -> HostResult<Vec<FieldProblem>> {
        Ok(candidate.problems())
    }

    /// Creates an account.
    async fn create(&self, _account: NewAccount) -> Result<Account, AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Creates an account and does `along`, in one transaction of the library's store: for hosts whose accounts are kept
    /// there. Needed for accounts that people sign up for: with a password, with a passkey, and by a provider.
    async fn create_along(&self, _account: NewAccount, _along: Along) -> Result<Account, AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Changes an account and does `along`, in one transaction of the library's store: for hosts whose accounts are kept
    /// there. For the others the library falls back to the methods below, after what the change costs is spent.
    ///
    /// Refuse with [`Taken`](AccountsError::Taken) an address that is confirmed for another account, and with
    /// [`LastAdmin`](AccountsError::LastAdmin) what would leave nobody to administer the instance.
    async fn change_along(&self, _id: &AccountId, _change: Change, _along: Along) -> Result<(), AccountsError> {
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

    /// Sets another address, or confirms the one that the account has. Refuse with [`Taken`](AccountsError::Taken) an address
    /// that is confirmed for another account.
    async fn set_email(&self, _id: &AccountId, _email: &Email) -> Result<(), AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Sets what the account may do beyond its own affairs. Refuse with [`LastAdmin`](AccountsError::LastAdmin) what would
    /// leave nobody to administer the instance.
    async fn set_role(&self, _id: &AccountId, _role: Role) -> Result<(), AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// One page of the accounts that are looked for, the newest first.
    async fn search(&self, _query: &AccountQuery) -> Result<Page<Account>, AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// How many accounts are looked for; pages and limits do not count.
    async fn count(&self, _query: &AccountQuery) -> Result<u64, AccountsError> {
        Err(AccountsError::NotOffered)
    }

    /// Does what only the host can mean something by.
    async fn moderate(&self, _id: &AccountId, _action: Action) -> Result<(), AccountsError> {
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
