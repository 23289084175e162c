//! What the checks share: the accounts that are known, those that are checked, and what was found.

use std::sync::Arc;

use crate::host::accounts::Accounts;
use crate::model::account::AccountId;
use crate::secret::Secret;

/// An account that is in the host's database when the suite begins, and what is known of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KnownAccount {
    /// The host's key.
    pub id: AccountId,
    /// The local name.
    pub username: String,
    /// The confirmed e-mail address, if it has one.
    pub email: Option<String>,
    /// The password, if it has one.
    pub password: Option<Secret>,
}

impl KnownAccount {
    /// An account without address and password.
    #[must_use]
    pub fn new(id: impl Into<String>, username: impl Into<String>) -> Self {
        Self { id: AccountId::new(id), username: username.into(), email: None, password: None }
    }

    /// The same with a confirmed e-mail address.
    #[must_use]
    pub fn with_email(self, address: impl Into<String>) -> Self {
        Self { email: Some(address.into()), ..self }
    }

    /// The same with a password.
    #[must_use]
    pub fn with_password(self, password: impl Into<String>) -> Self {
        Self { password: Some(Secret::new(password)), ..self }
    }

    /// What it is found by: its name, and its address.
    pub(super) fn identifiers(&self) -> impl Iterator<Item = &str> {
        [Some(self.username.as_str()), self.email.as_deref()].into_iter().flatten()
    }
}

/// The accounts that are checked, and what was found so far.
pub(super) struct Suite {
    pub(super) accounts: Arc<dyn Accounts>,
    faults: Vec<String>,
}

impl Suite {
    pub(super) fn new(accounts: Arc<dyn Accounts>) -> Self {
        Self { accounts, faults: Vec::new() }
    }

    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }

    pub(super) fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    pub(super) fn expect(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.fault(text());
        }
    }
}
