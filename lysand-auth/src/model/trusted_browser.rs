//! Browsers in which a second factor is not asked for again after the password (FAC-97).

use crate::ambient::Timestamp;

/// A browser that an account trusts, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustedBrowser {
    /// The row's key; not what the browser shows.
    pub id: String,
    /// What the browser said about itself when it was trusted.
    pub agent: Option<String>,
    /// Since when it is trusted.
    pub created_at: Timestamp,
    /// When somebody last signed in with it without a second factor; when it was trusted, until somebody does.
    pub last_used_at: Timestamp,
    /// Until when it is.
    pub expires_at: Timestamp,
}
