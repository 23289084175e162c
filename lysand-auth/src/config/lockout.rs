//! What the dialects of native clients have in common: when a name is closed for a network, and what their settings can be.

use std::time::Duration;

use crate::model::host_scope::HostScope;
use crate::model::scope::Scopes;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// When a name is closed for a network: after so many failures, for so long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "steps and a time: there is no more to it")]
pub struct Lockout {
    /// Failures, and for how long the one that reaches the number closes; the fewest first. Beyond the last each failure closes.
    pub steps: Vec<(u32, Duration)>,
    /// Without a failure for so long, the former ones are forgotten.
    pub window: Duration,
}

impl Lockout {
    pub(super) fn problem(&self) -> Option<&'static str> {
        let rises = self.steps.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let in_bounds = |(failures, closed): &(u32, Duration)| {
            (1..=10_000).contains(failures) && (Duration::from_secs(1)..=DAY).contains(closed)
        };
        match rises && self.steps.len() <= 10 && self.steps.iter().all(in_bounds) {
            true => None,
            false => Some("must be at most ten pairs of a number and a time up to one day, with rising numbers"),
        }
    }
}

/// What is wrong with what stands before every route of a dialect.
pub(super) fn prefix_problem(prefix: &str) -> Option<&'static str> {
    let is_segment = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let name = prefix.strip_prefix('/').unwrap_or(if prefix.is_empty() { "x" } else { "" });
    (name.is_empty() || !name.bytes().all(is_segment))
        .then_some("must be empty or a slash and letters, digits, `-` or `_`: /native")
}

/// What is wrong with the scopes of a dialect's tokens.
pub(super) fn scopes_problem(scopes: &[String], of_host: &[HostScope]) -> Option<&'static str> {
    let words = scopes.join(" ");
    let is_for_staff = scopes.iter().any(|word| word.starts_with("admin"));
    (is_for_staff || (!words.is_empty() && Scopes::register(&words, of_host).is_err()))
        .then_some("must be scopes of this server, and none that is for staff")
}

/// What is wrong with how long something of a dialect lives.
pub(super) fn lifetime_problem(lifetime: Duration) -> Option<&'static str> {
    (!(MINUTE..=DAY * 3_650).contains(&lifetime)).then_some("must be one minute at least and 3650 days at most")
}
