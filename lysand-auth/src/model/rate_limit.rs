//! Which things may be tried how often, and how a source is named.

use std::net::IpAddr;
use std::time::Duration;

use crate::ambient::Timestamp;
pub(crate) use crate::error::Allowance;
use crate::error::{Code, Error, Refusal};
use crate::secret::Digest;

/// What is counted. The names are those of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Failed sign-ins from one address (Mastodon §18).
    LoginAddress,
    /// Failed sign-ins to one account (Mastodon §18).
    LoginAccount,
    /// Failed proofs of a password in one live session (faults F5).
    ProofSession,
    /// Wrong passwords in one session or with one token, where somebody acts on the own account (people PPL-25).
    LoginSession,
    /// App registrations from one address (Mastodon §18).
    Apps,
    /// Failed token requests of one client from one address (DEV-25).
    TokenFailures,
    /// Journeys to identity providers from one address (Lysand §14).
    Sso,
    /// Requests to the API of one account (Mastodon §18).
    ApiUser,
    /// Requests to the API with one token (Mastodon §18).
    ApiToken,
    /// Requests to the API of one address that speaks for nobody (Mastodon §18).
    ApiAddress,
    /// Requests below `/oauth` of one address (faults F3).
    OauthAddress,
    /// Sign-ups from one address (people PPL-185).
    SignupAddress,
    /// Sign-ups from one address without the proof of work that was due (people PPL-186).
    SignupUnprovenAddress,
    /// The same on the whole server.
    SignupUnprovenTotal,
    /// Refused sign-ups from one address (people PPL-187).
    SignupTries,
    /// Challenges made for one address.
    Challenges,
    /// Confirmation mails and codes of one address (people PPL-188).
    ConfirmAddress,
    /// Confirmation mails of one account.
    ConfirmAccount,
    /// Mailed links and codes that one address tries (people PPL-189).
    TokenLinks,
    /// Mails with a link to a new password that one address asks for (people PPL-189).
    ForgotAddress,
    /// Codes to sign in with that one address asks for (FAC-86).
    CodeRequest,
    /// Codes for devices that one address asks for (native §2.5).
    DeviceCode,
    /// Invitations that one account makes.
    Invitations,
    /// Personal tokens that one account makes (people PPL-190).
    PersonalTokens,
    /// How often one account takes a copy of all that is kept about it.
    Export,
    /// What one member of the staff changes, by routes and pages together (people PPL-190).
    AdminWrites,
    /// Wrong second factors of one account, of all kinds together (FAC-117).
    FactorAccount,
    /// The same in a day.
    FactorDay,
    /// Wrong second factors in one browser that the account knows (FAC-118).
    FactorKnown,
    /// Wrong second factors from one address.
    FactorAddress,
    /// Challenges for a passkey that one address asks for.
    PasskeyStart,
    /// Requests of one address to sign in, up or on with a SyncTV client (native 1.3).
    SynctvAuth,
    /// Refresh tokens of one account that SyncTV clients use (native 1.3).
    SynctvRefresh,
}

/// So many times in a window of so long. Windows are aligned to multiples of their length since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a number and a time: there is no more to it")]
pub struct Limit {
    /// How often.
    pub max: u32,
    /// In how long.
    pub per: Duration,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 33] = [
        Self::LoginAddress,
        Self::LoginAccount,
        Self::ProofSession,
        Self::LoginSession,
        Self::Apps,
        Self::TokenFailures,
        Self::Sso,
        Self::ApiUser,
        Self::ApiToken,
        Self::ApiAddress,
        Self::OauthAddress,
        Self::SignupAddress,
        Self::SignupUnprovenAddress,
        Self::SignupUnprovenTotal,
        Self::SignupTries,
        Self::Challenges,
        Self::ConfirmAddress,
        Self::ConfirmAccount,
        Self::TokenLinks,
        Self::ForgotAddress,
        Self::CodeRequest,
        Self::DeviceCode,
        Self::Invitations,
        Self::PersonalTokens,
        Self::Export,
        Self::AdminWrites,
        Self::FactorAccount,
        Self::FactorDay,
        Self::FactorKnown,
        Self::FactorAddress,
        Self::PasskeyStart,
        Self::SynctvAuth,
        Self::SynctvRefresh,
    ];

    /// The name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoginAddress => "login_address",
            Self::LoginAccount => "login_account",
            Self::ProofSession => "proof_session",
            Self::LoginSession => "login_session",
            Self::Apps => "apps",
            Self::TokenFailures => "token_failures",
            Self::Sso => "sso",
            Self::ApiUser => "api_user",
            Self::ApiToken => "api_token",
            Self::ApiAddress => "api_address",
            Self::OauthAddress => "oauth_address",
            Self::SignupAddress => "signup_address",
            Self::SignupUnprovenAddress => "signup_unproven_address",
            Self::SignupUnprovenTotal => "signup_unproven_total",
            Self::SignupTries => "signup_tries",
            Self::Challenges => "challenges",
            Self::ConfirmAddress => "confirm_address",
            Self::ConfirmAccount => "confirm_account",
            Self::TokenLinks => "token_links",
            Self::ForgotAddress => "forgot_address",
            Self::CodeRequest => "code_request",
            Self::DeviceCode => "device_code",
            Self::Invitations => "invitations",
            Self::PersonalTokens => "personal_tokens",
            Self::Export => "export",
            Self::AdminWrites => "admin_writes",
            Self::FactorAccount => "factor_account",
            Self::FactorDay => "factor_day",
            Self::FactorKnown => "factor_known",
            Self::FactorAddress => "factor_address",
            Self::PasskeyStart => "passkey_start",
            Self::SynctvAuth => "synctv_auth",
            Self::SynctvRefresh => "synctv_refresh",
        }
    }

    /// The limit unless the embedder says otherwise (Mastodon §18).
    #[must_use]
    pub const fn default_limit(self) -> Limit {
        let (max, minutes) = match self {
            Self::LoginAddress => (25, 5),
            Self::LoginAccount | Self::ProofSession => (25, 60),
            Self::LoginSession | Self::FactorAccount | Self::FactorKnown => (10, 15),
            Self::FactorDay => (30, 24 * 60),
            Self::FactorAddress => (30, 5),
            Self::Apps => (5, 10),
            Self::DeviceCode => (20, 10),
            Self::TokenFailures | Self::PasskeyStart => (60, 5),
            Self::Sso => (20, 1),
            Self::SynctvAuth => (60, 1),
            Self::SynctvRefresh => (10, 1),
            Self::ApiUser => (1_500, 5),
            Self::ApiToken | Self::ApiAddress | Self::OauthAddress | Self::AdminWrites => (300, 5),
            Self::SignupAddress | Self::ConfirmAccount => (5, 30),
            Self::SignupUnprovenAddress => (2, 24 * 60),
            Self::SignupUnprovenTotal => (30, 60),
            Self::SignupTries => (30, 10),
            Self::Challenges => (30, 5),
            Self::ConfirmAddress => (25, 5),
            Self::TokenLinks => (60, 10),
            Self::ForgotAddress | Self::CodeRequest => (10, 30),
            Self::Invitations => (30, 60),
            Self::PersonalTokens => (20, 60),
            Self::Export => (5, 24 * 60),
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
        self.reset(now).since(now).max(Duration::from_secs(1))
    }

    /// The end of the window that `now` falls into.
    fn reset(self, now: Timestamp) -> Timestamp {
        self.window(now).plus(self.per)
    }

    /// What is left after `count` in the window that `now` falls into.
    #[must_use]
    pub fn allowance(self, count: i64, now: Timestamp) -> Allowance {
        let remaining = u32::try_from(i64::from(self.max).saturating_sub(count).max(0)).unwrap_or(self.max);
        Allowance { max: self.max, remaining, reset: self.reset(now) }
    }

    /// The refusal of what goes beyond this limit.
    #[must_use]
    pub fn exceeded(self, why: &'static str, now: Timestamp) -> Error {
        Error::Refused(Refusal {
            retry_after: Some(self.retry_after(now)),
            allowance: Some(Box::new(Allowance { max: self.max, remaining: 0, reset: self.reset(now) })),
            ..Refusal::new(Code::TooManyRequests, why)
        })
    }
}

impl Allowance {
    /// The one that is nearer to exhaustion; this one, when they are equally near.
    #[must_use]
    pub fn nearer(self, other: Self) -> Self {
        if other.remaining < self.remaining { other } else { self }
    }

    /// Names and values of the headers: two integers, and the end of the window (Mastodon §18).
    #[must_use]
    pub fn headers(self) -> [(&'static str, String); 3] {
        [
            ("x-ratelimit-limit", self.max.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-reset", self.reset.to_iso8601_micros()),
        ]
    }
}

/// One counter: what is counted, for whom, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    /// What.
    pub rule: Rule,
    /// For whom.
    pub subject: Digest,
    /// How far.
    pub limit: Limit,
}

impl Counter {
    /// When its present window began, and the id of what is recorded of that window once, whichever process does it.
    pub(crate) fn window_id(self, now: Timestamp) -> (Timestamp, String) {
        let window = self.limit.window(now);
        let of = [self.rule.name().as_bytes(), self.subject.as_bytes(), &window.micros().to_be_bytes()].concat();
        let mut rest = [0; 10];
        rest.copy_from_slice(&Digest::of(&of).as_bytes()[..10]);
        (window, window.id(&rest))
    }
}

/// The counters that one attempt at a password touches: the same on every road that tests one. Each attempt is counted
/// before the password is looked at, so that parallel attempts cannot slip through, and taken back when it was right
/// (security ID-2). Made by [`RateLimits::failed_attempts`](crate::config::RateLimits::failed_attempts).
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAttempts {
    /// That of the address first: what it refuses does not count for the other.
    pub counters: [Option<Counter>; 3],
    /// When.
    pub now: Timestamp,
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
    fn rate_limit_window_is_aligned_and_gives_retry_after() {
        let limit = Limit { max: 5, per: Duration::from_secs(600) };
        let now = Timestamp::from_micros(1_234_000_000);
        assert_eq!(limit.window(now).seconds(), 1_200);
        assert_eq!(limit.retry_after(now), Duration::from_secs(566));
    }

    #[test]
    fn rate_limit_headers_show_limit_remaining_and_reset_time() {
        let limit = Limit { max: 5, per: Duration::from_secs(600) };
        let now = Timestamp::from_micros(1_795_294_800_000_001);
        let told = limit.allowance(2, now).headers().map(|(_, value)| value);
        assert_eq!(told, ["5", "3", "2026-11-21T21:10:00.000000Z"]);
        assert_eq!(limit.allowance(6, now).remaining, 0);
        let other = Limit { max: 100, ..limit };
        assert_eq!(other.allowance(1, now).nearer(limit.allowance(1, now)).max, 5);
        let Error::Refused(refusal) = limit.exceeded("x", now) else { panic!("a refusal") };
        assert_eq!(refusal.allowance.map(|left| (left.max, left.remaining)), Some((5, 0)));
    }

    #[test]
    fn rate_limit_source_address_maps_ipv4_and_groups_ipv6_prefix() {
        assert_eq!(source_of("::ffff:10.0.0.1".parse().unwrap()), "10.0.0.1");
        assert_eq!(source_of("2001:db8:1:2:3::4".parse().unwrap()), source_of("2001:db8:1:2::".parse().unwrap()));
    }
}
