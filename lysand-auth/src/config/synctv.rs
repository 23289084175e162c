//! Clients of SyncTV (native section 1).

use std::time::Duration;

use super::lockout::{Lockout, lifetime_problem, prefix_problem, scopes_problem};
use super::problem::ConfigProblem;
use crate::model::host_scope::HostScope;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// How the names of members are spelled in answers to SyncTV clients (native 1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Names {
    /// As the request has them, else as the sign-in was begun, else in `snake_case`.
    #[default]
    Mirror,
    /// In `snake_case`.
    Snake,
    /// In `camelCase`.
    Camel,
}

/// Clients of SyncTV: whether there are any, and how they sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Synctv {
    /// Whether the routes exist.
    pub enabled: bool,
    /// What stands before every route: nothing, or a path such as `/synctv`.
    pub prefix: String,
    /// What their tokens may do on the social API; never what is for staff.
    pub scopes: Vec<String>,
    /// How long an access token lives.
    pub access_token_ttl: Duration,
    /// How long a refresh token lives that nobody uses.
    pub refresh_token_ttl: Duration,
    /// How long a sign-in lives, used or not.
    pub sign_in_ttl: Duration,
    /// When a name is closed for a network.
    pub lockout: Lockout,
    /// How names of members are spelled in answers.
    pub names: Names,
    /// Whether a mailed code takes the place of the password.
    pub email_login: bool,
}

impl Default for Synctv {
    fn default() -> Self {
        Self {
            enabled: false,
            prefix: String::new(),
            scopes: vec!["profile".to_owned()],
            access_token_ttl: Duration::from_secs(3600),
            refresh_token_ttl: DAY * 30,
            sign_in_ttl: DAY * 365,
            lockout: Lockout { steps: vec![(5, MINUTE), (10, MINUTE * 5), (15, MINUTE * 15)], window: MINUTE * 15 },
            names: Names::Mirror,
            email_login: true,
        }
    }
}

impl Synctv {
    pub(super) fn check(&self, scopes: &[HostScope]) -> Vec<ConfigProblem> {
        let window = (!(Duration::from_secs(1)..=DAY).contains(&self.lockout.window))
            .then_some("must be one second at least and one day at most");
        [
            ("native.synctv.prefix", prefix_problem(&self.prefix)),
            ("native.synctv.scopes", scopes_problem(&self.scopes, scopes)),
            ("native.synctv.access_token_ttl", lifetime_problem(self.access_token_ttl)),
            ("native.synctv.refresh_token_ttl", lifetime_problem(self.refresh_token_ttl)),
            ("native.synctv.sign_in_ttl", lifetime_problem(self.sign_in_ttl)),
            ("native.synctv.lockout", self.lockout.problem()),
            ("native.synctv.lockout_window", window),
        ]
        .into_iter()
        .filter_map(|(field, problem)| problem.map(|why| ConfigProblem::new(field, why)))
        .collect()
    }
}
