//! How often things may be tried.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::ambient::Timestamp;
use crate::model::account::AccountId;
use crate::model::rate_limit::{Counter, FailedAttempts, Limit, Rule, source_of};
use crate::model::session::SessionId;
use crate::secret::Digest;

/// How often things may be tried.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    pub(crate) fn failed_attempts(&self, source: Option<IpAddr>, identifier: &str, now: Timestamp) -> FailedAttempts {
        let by_account = self.counter(Rule::LoginAccount, identifier);
        FailedAttempts { counters: [self.by_address(source), by_account, None], now }
    }

    /// The same for an account that is known: however it was named, it has one counter.
    pub(crate) fn failed_attempts_of(
        &self,
        source: Option<IpAddr>,
        account: &AccountId,
        now: Timestamp,
    ) -> FailedAttempts {
        // No identifier has a line break.
        self.failed_attempts(source, &format!("account\n{account}"), now)
    }

    /// The same for an account and a browser that it knows: nobody else's failures stand in the way of its owner there
    /// (security ID-4).
    pub(crate) fn failed_attempts_in(
        &self,
        source: Option<IpAddr>,
        browser: Digest,
        account: &AccountId,
        now: Timestamp,
    ) -> FailedAttempts {
        self.failed_attempts(source, &format!("browser\n{}\n{account}", browser.to_base64url()), now)
    }

    /// The counters that one more proof of the password touches in a live session, which has an allowance of its own.
    pub(crate) fn failed_proofs(&self, source: Option<IpAddr>, session: &SessionId, now: Timestamp) -> FailedAttempts {
        let by_session = self.counter(Rule::ProofSession, &session.to_string());
        FailedAttempts { counters: [self.by_address(source), by_session, None], now }
    }

    /// The counters that one answer with a second factor touches. A browser that the account knows has an allowance of its own,
    /// so that nobody else's failures shut the owner out there (FAC-117, FAC-118).
    pub(crate) fn failed_factors(
        &self,
        source: Option<IpAddr>,
        account: &AccountId,
        known: Option<Digest>,
        now: Timestamp,
    ) -> FailedAttempts {
        let by_address = source.and_then(|source| self.counter(Rule::FactorAddress, &source_of(source)));
        let (rule, subject) = match known {
            Some(browser) => (Rule::FactorKnown, format!("browser\n{}\n{account}", browser.to_base64url())),
            None => (Rule::FactorAccount, format!("account\n{account}")),
        };
        let counters = [by_address, self.counter(rule, &subject), self.counter(Rule::FactorDay, &subject)];
        FailedAttempts { counters, now }
    }

    /// The counters that one code of a device touches, typed by somebody who is signed in: as second factors, and counted apart
    /// from them (native §2.5).
    pub(crate) fn failed_device_codes(
        &self,
        source: Option<IpAddr>,
        account: &AccountId,
        now: Timestamp,
    ) -> FailedAttempts {
        let by_address =
            source.and_then(|source| self.counter(Rule::FactorAddress, &format!("device\n{}", source_of(source))));
        let subject = format!("device\n{account}");
        let counters =
            [by_address, self.counter(Rule::FactorAccount, &subject), self.counter(Rule::FactorDay, &subject)];
        FailedAttempts { counters, now }
    }

    /// The counter of failed sign-ins from an address.
    pub(crate) fn by_address(&self, source: Option<IpAddr>) -> Option<Counter> {
        source.and_then(|source| self.counter(Rule::LoginAddress, &source_of(source)))
    }

    /// The counter of a rule for a subject; `None` when limits are off.
    #[must_use]
    pub(crate) fn counter(&self, rule: Rule, subject: &str) -> Option<Counter> {
        self.of(rule).map(|limit| Counter { rule, subject: Digest::of(subject.as_bytes()), limit })
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { enabled: true, overrides: BTreeMap::new() }
    }
}
