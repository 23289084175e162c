//! A test kit for hosts: [`check_accounts`] holds any [`Accounts`] against what the library relies on.
//!
//! ```no_run
//! # async fn test(accounts: std::sync::Arc<dyn lysand_auth::host::accounts::Accounts>) {
//! use lysand_auth::host::testing::{KnownAccount, check_accounts};
//!
//! // `accounts` is the host's own, over a scratch database in which these two people are.
//! let known = [
//!     KnownAccount::new("1", "ada").with_email("ada@example.com").with_password("the engine weaves"),
//!     KnownAccount::new("2", "grace").with_password("nanoseconds matter"),
//! ];
//! check_accounts(accounts, &known).await.expect("what the library relies on");
//! # }
//! ```

mod along;
mod changing;
mod finding;
mod passwords;
mod settings;
mod suite;

use std::fmt;
use std::sync::Arc;

pub use self::suite::KnownAccount;
use self::suite::Suite;
use super::accounts::Accounts;

/// What a host's accounts do otherwise than the library relies on: one sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountsFaults(Vec<String>);

impl AccountsFaults {
    /// The sentences, in the order of the checks.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for AccountsFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults of the host's accounts:", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for AccountsFaults {}

/// Holds a host's accounts against what the library relies on: who is found, whose password is right, and, for what the host
/// offers beyond that, what is left after a change.
///
/// Give it a scratch database: accounts are created and changed there. `known` are at least two accounts with passwords that differ. It takes a few dozen password checks, so a host that hashes as it should needs some
/// seconds.
///
/// # Errors
/// All faults that were found.
///
/// # Panics
/// When `known` has too little to check with.
pub async fn check_accounts(accounts: Arc<dyn Accounts>, known: &[KnownAccount]) -> Result<(), AccountsFaults> {
    let with_passwords = known.iter().filter(|known| known.password.is_some()).count();
    assert!(with_passwords > 1, "two accounts with passwords are needed");
    let mut suite = Suite::new(accounts);
    finding::check(&mut suite, known).await;
    passwords::check(&mut suite, known).await;
    changing::check(&mut suite, known).await;
    along::check(&mut suite, known).await;
    let faults = suite.into_faults();
    if faults.is_empty() { Ok(()) } else { Err(AccountsFaults(faults)) }
}
