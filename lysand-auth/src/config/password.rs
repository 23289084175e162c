//! How people recover and change passwords and addresses.

use std::time::Duration;

use super::problem::ConfigProblem;

/// What a changed password ends (people PPL-97).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeEnds {
    /// Everything but the session or token that changes it.
    #[default]
    Everything,
    /// Sessions and what is refreshed; tokens that no refresh replaces live on if the person wants it.
    Sessions,
}

/// How people recover and change passwords and addresses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PasswordRules {
    /// A link that chooses a new password, from its sending.
    pub reset_ttl: Duration,
    /// What a changed password ends. One that is chosen by a link ends everything.
    pub change_ends: ChangeEnds,
    /// How long a change of the address can be undone from the former one; zero for never.
    pub undo_for: Duration,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            reset_ttl: Duration::from_secs(3600),
            change_ends: ChangeEnds::default(),
            undo_for: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

impl PasswordRules {
    pub(super) fn check(self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if !(Duration::from_secs(60)..=Duration::from_secs(3600)).contains(&self.reset_ttl) {
            problems.push(ConfigProblem::new("password.reset_ttl", "must be one minute at least and one hour at most"));
        }
        if self.undo_for > Duration::from_secs(90 * 24 * 3600) {
            problems.push(ConfigProblem::new("email.undo_for", "must be 90 days at most"));
        }
        problems
    }
}
