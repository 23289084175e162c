//! What is kept of a sign-in, how long it lasts unused, and whether its owner is told.

use std::time::Duration;

use super::problem::ConfigProblem;
pub use crate::model::caller::Networks;

/// What is kept of sign-ins with browsers, and when they end (people PPL-203).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SessionRules {
    /// A session that nobody uses, to within five minutes; [`Lifetimes::session`](super::Lifetimes::session) ends one that is used
    /// (people PPL-112).
    pub idle_ttl: Duration,
    /// Whether people are told by mail of a sign-in with a browser that their account does not know.
    pub new_sign_in_mail: bool,
    /// How much of an address is kept: with sessions and events, and told in mails.
    pub networks: Networks,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self { idle_ttl: Duration::from_secs(3 * 24 * 3600), new_sign_in_mail: true, networks: Networks::default() }
    }
}

impl SessionRules {
    pub(super) fn check(self) -> Option<ConfigProblem> {
        // The last use is written every five minutes.
        let too_short = self.idle_ttl < Duration::from_secs(600);
        too_short.then(|| ConfigProblem::new("sessions.idle_ttl", "must be ten minutes at least"))
    }
}
