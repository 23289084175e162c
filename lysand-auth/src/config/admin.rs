//! What the people who run the server can do where.

use std::time::Duration;

/// What the people who run the server can do where (people PPL-135, PPL-205).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdminRules {
    /// Whether there are pages for them.
    pub pages: bool,
    /// Whether apps for Mastodon's admin API can delete accounts.
    pub api_delete: bool,
    /// How long an account must have been suspended before such an app can delete it.
    pub api_delete_after: Duration,
}

impl Default for AdminRules {
    fn default() -> Self {
        Self { pages: true, api_delete: true, api_delete_after: Duration::from_secs(24 * 3600) }
    }
}
