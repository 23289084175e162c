//! Personal tokens.

use std::time::Duration;

use super::problem::ConfigProblem;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whether people make tokens for programs of their own, and how long those live (people PPL-204).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonalTokens {
    /// Whether there are any. Where there are not, those that were made before open nothing.
    pub enabled: bool,
    /// How long one lives when nobody says otherwise.
    pub default_ttl: Duration,
    /// How long one lives at most.
    pub max_ttl: Duration,
    /// Whether one can live until it is ended.
    pub never: bool,
}

impl Default for PersonalTokens {
    fn default() -> Self {
        Self { enabled: true, default_ttl: DAY * 90, max_ttl: DAY * 365, never: false }
    }
}

impl PersonalTokens {
    pub(super) fn check(self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if !(Duration::from_secs(60)..=DAY * 3_650).contains(&self.max_ttl) {
            let why = "must be one minute at least and 3650 days at most";
            problems.push(ConfigProblem::new("personal_tokens.max_ttl", why));
        }
        if self.default_ttl < Duration::from_secs(60) || self.default_ttl > self.max_ttl {
            let why = "must be one minute at least and personal_tokens.max_ttl at most";
            problems.push(ConfigProblem::new("personal_tokens.default_ttl", why));
        }
        problems
    }
}
