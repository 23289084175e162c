//! A change of the address of an account.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::model::account::AccountId;

/// A change of the address of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmailChange {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    /// The confirmed address before it.
    pub(crate) old: Option<String>,
    pub(crate) new: String,
    /// In what session, or with what token, it was asked for: there alone its code counts.
    pub(crate) asked_in: String,
    /// Whether the former address is given up.
    pub(crate) is_final: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) undo_until: Option<Timestamp>,
    /// It was stopped, replaced, voided or undone.
    pub(crate) is_over: bool,
}

impl EmailChange {
    /// Whether it still waits to be confirmed.
    pub(crate) fn is_pending(&self) -> bool {
        self.confirmed_at.is_none() && !self.is_over
    }

    /// Whether it was confirmed and can be undone.
    pub(crate) fn can_be_undone(&self, now: Timestamp) -> bool {
        !self.is_over && self.confirmed_at.is_some() && self.undo_until.is_some_and(|until| until > now)
    }

    /// Until when people are told that it waits.
    pub(crate) fn expires_at(&self, ttl: Duration) -> Timestamp {
        self.created_at.plus(ttl)
    }
}
