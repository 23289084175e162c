//! Clients that speak Resonite's API (native section 0.1).

use std::time::Duration;

use super::lockout::{Lockout, lifetime_problem, prefix_problem, scopes_problem};
use super::problem::ConfigProblem;
use crate::model::host_scope::HostScope;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Clients of Resonite: whether there are any, and how long their sessions live.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resonite {
    /// Whether the routes exist.
    pub enabled: bool,
    /// What stands before every route: nothing, or a path such as `/resonite`.
    pub prefix: String,
    /// What their sign-ins are for beside their own routes; never what is for staff.
    pub scopes: Vec<String>,
    /// How long a session lives that nobody uses.
    pub session_ttl: Duration,
    /// The same where its owner wants to be remembered.
    pub remembered_ttl: Duration,
    /// How long a session lives, used or not.
    pub session_max: Duration,
    /// The same where its owner wants to be remembered.
    pub remembered_max: Duration,
    /// When a name is closed for a network.
    pub lockout: Lockout,
    /// Whether a session is good on the machine alone where it began, as far as a machine says which one it is.
    pub machine_bound: bool,
    /// Whether a host serves a stream at `/hub`, if it has none of its own: the reference server has one that says nothing.
    pub stream: bool,
}

impl Default for Resonite {
    fn default() -> Self {
        Self {
            enabled: false,
            prefix: String::new(),
            scopes: vec!["profile".to_owned()],
            session_ttl: DAY,
            remembered_ttl: DAY * 30,
            session_max: DAY * 30,
            remembered_max: DAY * 180,
            lockout: Lockout { steps: vec![(5, MINUTE), (10, MINUTE * 5), (15, MINUTE * 15)], window: MINUTE * 15 },
            machine_bound: false,
            stream: true,
        }
    }
}

impl Resonite {
    /// How long a session lives unused, and how long it lives at all; longer where its owner wants to be remembered.
    pub(crate) fn lifetimes(&self, is_remembered: bool) -> (Duration, Duration) {
        match is_remembered {
            true => (self.remembered_ttl, self.remembered_max),
            false => (self.session_ttl, self.session_max),
        }
    }

    pub(super) fn check(&self, scopes: &[HostScope]) -> Vec<ConfigProblem> {
        let window = (!(Duration::from_secs(1)..=DAY).contains(&self.lockout.window))
            .then_some("must be one second at least and one day at most");
        [
            ("native.resonite.prefix", prefix_problem(&self.prefix)),
            ("native.resonite.scopes", scopes_problem(&self.scopes, scopes)),
            ("native.resonite.session_ttl", lifetime_problem(self.session_ttl)),
            ("native.resonite.remembered_ttl", lifetime_problem(self.remembered_ttl)),
            ("native.resonite.session_max", lifetime_problem(self.session_max)),
            ("native.resonite.remembered_max", lifetime_problem(self.remembered_max)),
            ("native.resonite.lockout", self.lockout.problem()),
            ("native.resonite.lockout_window", window),
        ]
        .into_iter()
        .filter_map(|(field, problem)| problem.map(|why| ConfigProblem::new(field, why)))
        .collect()
    }
}
