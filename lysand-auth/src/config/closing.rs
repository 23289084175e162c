//! What happens to accounts whose owners close them.

use std::time::Duration;

use super::problem::ConfigProblem;

/// What happens to accounts whose owners close them (people PPL-202).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closing {
    /// How long a closed account is kept, for its owner to come back to; zero deletes it at once.
    pub grace: Duration,
}

impl Default for Closing {
    fn default() -> Self {
        Self { grace: Duration::from_secs(14 * 24 * 3600) }
    }
}

impl Closing {
    pub(super) fn check(self) -> Option<ConfigProblem> {
        let is_too_long = self.grace > Duration::from_secs(365 * 24 * 3600);
        is_too_long.then(|| ConfigProblem::new("accounts.closing_grace", "must be 365 days at most"))
    }
}
