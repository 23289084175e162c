//! What the library asks a host to change about an account.

use crate::model::account::{Email, Role, Standing};
use crate::model::language::Language;
use crate::secret::Secret;

/// One change of an account (PPL-211).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// A new password.
    Password(Secret),
    /// No password any more: the account signs in by other means.
    NoPassword,
    /// Another address, or the same one confirmed.
    Email(Email),
    /// Whether it may act.
    Standing(Standing),
    /// What it may do beyond its own affairs.
    Role(Role),
    /// The name to show; empty for none.
    DisplayName(String),
    /// The language in which its owner reads pages; `None` leaves it to the browser.
    Language(Option<Language>),
    /// The account is removed for good.
    Delete,
}

/// What a moderator does to an account that only the host can mean something by (PPL-214).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Its posts are shown to those alone who follow it.
    Silence,
    /// They are shown to everybody again.
    Unsilence,
    /// Its media are hidden behind a warning.
    MarkSensitive,
    /// They are shown as their author marked them.
    UnmarkSensitive,
}
