//! The way back of people who lost their second factors.

use std::time::Duration;

use super::problem::ConfigProblem;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whether people who lost their second factors can have them removed by password and mailbox alone, after a wait of which they
/// are told (FAC-112). Whoever has both, unnoticed for as long, gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WayBack {
    /// Whether they can.
    pub enabled: bool,
    /// How long they wait: three days at least.
    pub wait: Duration,
    /// How long they can come back after that.
    pub claim: Duration,
    /// Whether admins can, too.
    pub admins: bool,
    /// How long nobody can whose password a mailed link has set: the mailbox alone would be enough.
    pub after_reset: Duration,
}

impl Default for WayBack {
    fn default() -> Self {
        Self { enabled: false, wait: 7 * DAY, claim: 7 * DAY, admins: false, after_reset: 30 * DAY }
    }
}

impl WayBack {
    pub(super) fn check(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        for (name, time, least, most) in [
            ("factors.way_back.wait", self.wait, 3, 90),
            ("factors.way_back.claim", self.claim, 1, 90),
            ("factors.way_back.after_reset", self.after_reset, 0, 400),
        ] {
            if !(DAY * least..=DAY * most).contains(&time) {
                problems.push(ConfigProblem::new(name, format!("must be {least} to {most} days")));
            }
        }
        problems
    }
}
