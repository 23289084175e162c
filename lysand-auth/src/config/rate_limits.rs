//! How often things may be tried.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::ambient::Timestamp;
use crate::model::rate_limit::{FailedAttempts, Limit, Rule, source_of};
use crate::secret::Digest;

/// How often things may be tried.
#[derive(Clone, Debug)]
pub struct RateLimits {
    /// False switches all limits off: for tests and benchmarks.
    pub enabled: bool,
    /// Departures from [`Rule::default_limit`].
    pub overrides: BTreeMap<Rule, Limit>,
}

impl RateLimits {
    /// The limit of a rule; `None` when limits are off.
    #[must_use]
    pub fn of(&self, rule: Rule) -> Option<Limit> {
        self.enabled.then(|| self.overrides.get(&rule).copied().unwrap_or_else(|| rule.default_limit()))
    }

    /// The counters that one attempt to sign in with a password touches, from an address and to an identifier.
    #[must_use]
    pub fn failed_attempts(&self, source: Option<IpAddr>, identifier: &str, now: Timestamp) -> FailedAttempts {
        let of = |rule, subject: Digest| self.of(rule).map(|limit| (rule, subject, limit));
        let by_address = source.and_then(|source| of(Rule::LoginAddress, Digest::of(source_of(source).as_bytes())));
        let by_account = of(Rule::LoginAccount, Digest::of(identifier.as_bytes()));
        FailedAttempts { counters: [by_address, by_account], now }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { enabled: true, overrides: BTreeMap::new() }
    }
}
