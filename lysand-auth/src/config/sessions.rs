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
    /// How many accounts a browser can be signed in to, up to ten; with 1 a sign-in to another account ends the first one's session
    /// (FAC-121).
    pub accounts_per_browser: u32,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self {
            idle_ttl: Duration::from_secs(3 * 24 * 3600),
            new_sign_in_mail: true,
            networks: Networks::default(),
            accounts_per_browser: 5,
        }
    }
}

impl SessionRules {
    pub(super) fn check(self) -> impl Iterator<Item = ConfigProblem> {
        // The last use is written every five minutes.
        let too_short = self.idle_ttl < Duration::from_secs(600);
        let too_short = too_short.then(|| ConfigProblem::new("sessions.idle_ttl", "must be ten minutes at least"));
        let is_number = (1..=10).contains(&self.accounts_per_browser);
        let why = "must be a number from 1 to 10";
        let accounts = (!is_number).then(|| ConfigProblem::new("sessions.accounts_per_browser", why));
        too_short.into_iter().chain(accounts)
    }
}
