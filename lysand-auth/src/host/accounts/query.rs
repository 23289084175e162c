//! Which accounts a list shows.

use crate::model::account::{AccountId, Role, Standing};

/// Which accounts are looked for, the newest first (PPL-213). What is `None` excludes nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountQuery {
    /// Part of the user name, the name to show or the address, in any case of letters.
    pub text: Option<String>,
    /// How the user name begins, in any case of letters.
    pub username: Option<String>,
    /// How the name to show begins, in any case of letters.
    pub display_name: Option<String>,
    /// How the address begins, in any case of letters.
    pub email: Option<String>,
    /// Whether it may act: one of these; empty for any.
    pub standings: Vec<Standing>,
    /// What it may do: one of these; empty for any.
    pub roles: Vec<Role>,
    /// Whether its address is confirmed.
    pub confirmed: Option<bool>,
    /// Only these accounts.
    pub among: Option<Vec<AccountId>>,
    /// Only accounts older than this one.
    pub older_than: Option<AccountId>,
    /// Only accounts newer than this one; the newest of them, or with `nearest` those that come next after it.
    pub newer_than: Option<AccountId>,
    /// With `newer_than`: those that come next after it.
    pub nearest: bool,
    /// How many at most; 0 leaves it to the host.
    pub limit: usize,
}

impl AccountQuery {
    /// All accounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Part of the user name, the name to show or the address.
    #[must_use]
    pub fn with_text(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self }
    }

    /// Whether it may act; said several times, any of these.
    #[must_use]
    pub fn with_standing(mut self, standing: Standing) -> Self {
        self.standings.push(standing);
        self
    }

    /// What it may do; said several times, any of these.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// Only these accounts.
    #[must_use]
    pub fn with_among(self, ids: Vec<AccountId>) -> Self {
        Self { among: Some(ids), ..self }
    }

    /// Whether its address is confirmed.
    #[must_use]
    pub fn with_confirmed(self, confirmed: bool) -> Self {
        Self { confirmed: Some(confirmed), ..self }
    }

    /// Only accounts older than this one.
    #[must_use]
    pub fn with_older_than(self, id: AccountId) -> Self {
        Self { older_than: Some(id), ..self }
    }

    /// Only accounts newer than this one, the newest first.
    #[must_use]
    pub fn with_newer_than(self, id: AccountId) -> Self {
        Self { newer_than: Some(id), ..self }
    }

    /// How many at most.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it, in the order of the list.
    pub items: Vec<T>,
    /// Whether there is a page after it.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// A page.
    #[must_use]
    pub fn new(items: Vec<T>, has_more: bool) -> Self {
        Self { items, has_more }
    }
}
