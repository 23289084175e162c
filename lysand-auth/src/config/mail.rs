//! How mail is sent, and where the links in it lead.

use std::time::Duration;

use super::problem::ConfigProblem;

/// How mail is sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MailRules {
    /// How long a mail that cannot be sent is tried again.
    pub retry_for: Duration,
}

impl Default for MailRules {
    fn default() -> Self {
        Self { retry_for: Duration::from_secs(3 * 24 * 3600) }
    }
}

impl MailRules {
    pub(super) fn check(self) -> Option<ConfigProblem> {
        let too_short = self.retry_for < Duration::from_secs(60);
        too_short.then(|| ConfigProblem::new("smtp.retry_for", "must be one minute at least"))
    }
}
