//! Which things may be tried how often, and how a source is named.

use std::net::IpAddr;
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::config::RateLimits;
use crate::secret::Digest;

/// What is counted. The names are those of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Failed sign-ins from one address (Mastodon §18).
    LoginAddress,
    /// Failed sign-ins to one account (Mastodon §18).
    LoginAccount,
    /// App registrations from one address (Mastodon §18).
    Apps,
    /// Failed token requests of one client from one address (DEV-25).
    TokenFailures,
    /// Journeys to identity providers from one address (Lysand §14).
    Sso,
}

/// So many times in a window of so long. Windows are aligned to multiples of their length since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How often.
    pub max: u32,
    /// In how long.
    pub per: Duration,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 5] = [Self::LoginAddress, Self::LoginAccount, Self::Apps, Self::TokenFailures, Self::Sso];

    /// The name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoginAddress => "login_address",
            Self::LoginAccount => "login_account",
            Self::Apps => "apps",
            Self::TokenFailures => "token_failures",
            Self::Sso => "sso",
        }
    }

    /// The limit unless the embedder says otherwise (Mastodon §18).
    #[must_use]
    pub const fn default_limit(self) -> Limit {
        let (max, minutes) = match self {
            Self::LoginAddress => (25, 5),
            Self::LoginAccount => (25, 60),
            Self::Apps => (5, 10),
            Self::TokenFailures => (60, 5),
            Self::Sso => (20, 1),
        };
        Limit { max, per: Duration::from_secs(minutes * 60) }
    }
}

impl Limit {
    /// The start of the window that `now` falls into.
    #[must_use]
    pub fn window(self, now: Timestamp) -> Timestamp {
        let length = i64::try_from(self.per.as_micros()).unwrap_or(i64::MAX).max(1);
        Timestamp::from_micros(now.micros().div_euclid(length).saturating_mul(length))
    }

    /// How long until the window that `now` falls into is over: one second at least.
    #[must_use]
    pub fn retry_after(self, now: Timestamp) -> Duration {
        self.window(now).plus(self.per).since(now).max(Duration::from_secs(1))
    }
}

/// The counters that one guess at a password touches: the same on every road that tests one. Each guess is counted before
/// the password is looked at, so that parallel guesses cannot slip through, and taken back when it was right (security ID-2).
#[derive(Clone, Copy, Debug)]
pub struct Guesses {
    /// What is counted, for whom, and how far.
    pub counters: [Option<(Rule, Digest, Limit)>; 2],
    /// When.
    pub now: Timestamp,
}

impl Guesses {
    /// The counters of an address and of an identifier.
    #[must_use]
    pub fn of(limits: &RateLimits, source: Option<IpAddr>, identifier: &str, now: Timestamp) -> Self {
        let by_address = source
            .zip(limits.of(Rule::LoginAddress))
            .map(|(source, limit)| (Rule::LoginAddress, Digest::of(source_of(source).as_bytes()), limit));
        let by_account =
            limits.of(Rule::LoginAccount).map(|limit| (Rule::LoginAccount, Digest::of(identifier.as_bytes()), limit));
        Self { counters: [by_address, by_account], now }
    }
}

/// An address as limits count it: IPv6 by its /64, IPv4 in IPv6 as IPv4 (security ID-2, ID-3).
#[must_use]
pub fn source_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_aligned_and_end() {
        let limit = Limit { max: 5, per: Duration::from_secs(600) };
        let now = Timestamp::from_micros(1_234_000_000);
        assert_eq!(limit.window(now).seconds(), 1_200);
        assert_eq!(limit.retry_after(now), Duration::from_secs(566));
    }

    #[test]
    fn sources_are_canonical() {
        assert_eq!(source_of("::ffff:10.0.0.1".parse().unwrap()), "10.0.0.1");
        assert_eq!(source_of("2001:db8:1:2:3::4".parse().unwrap()), source_of("2001:db8:1:2::".parse().unwrap()));
    }
}
