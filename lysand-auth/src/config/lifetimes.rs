//! How long codes, tokens and sessions live.

use std::time::Duration;

use super::problem::ConfigProblem;
use crate::model::app::App;

/// How long things live (security AS-7).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Lifetimes {
    /// A code, from consent to redemption.
    pub authorization_code: Duration,
    /// A code that a person copies by hand.
    pub out_of_band_code: Duration,
    /// A code that waits for consent.
    pub pending_code: Duration,
    /// A browser session.
    pub session: Duration,
    /// How long after its redemption a code may come back without ending the token that it bought: for clients that
    /// try again when an answer is lost (security ONE-3). The same grace holds for a used refresh token (ONE-4).
    pub replay_grace: Duration,
    /// For how long a refresh token whose answer was lost is answered once more, as long as nobody used what the first answer
    /// brought (faults A9). Zero is never; ten minutes at most.
    pub refresh_retry: Duration,
    /// An access token of any app; `None` when only apps that ask for it get tokens that expire (Mastodon §11.4). A
    /// value demands it of all apps, which then get refresh tokens as well.
    pub access_token: Option<Duration>,
    /// An access token of an app that asked for tokens that expire.
    pub expiring_access_token: Duration,
    /// A refresh token that nobody uses (security AS-8).
    pub refresh_token_idle: Duration,
    /// A family of refresh tokens, used or not, from consent on (security AS-8).
    pub refresh_token: Duration,
    /// An app that nobody approved and that had no token (faults D14).
    pub unused_app: Duration,
    /// A link or code that confirms an address, from its sending (people PPL-200).
    pub confirmation: Duration,
    /// An account whose address nobody confirms.
    pub unconfirmed_account: Duration,
    /// A request to join that nobody decides.
    pub review: Duration,
    /// An event.
    pub event: Duration,
    /// From where an event came, and with what program.
    pub event_network: Duration,
}

impl Lifetimes {
    /// How long an access token of `app` lives; `None` is until it is revoked.
    #[must_use]
    pub fn access_token_of(&self, app: &App) -> Option<Duration> {
        self.access_token.or(app.expiring.then_some(self.expiring_access_token))
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authorization_code: Duration::from_secs(60),
            out_of_band_code: Duration::from_secs(600),
            pending_code: Duration::from_secs(600),
            session: Duration::from_secs(7 * 24 * 3600),
            replay_grace: Duration::ZERO,
            refresh_retry: Duration::from_secs(600),
            access_token: None,
            expiring_access_token: Duration::from_secs(3600),
            refresh_token_idle: Duration::from_secs(30 * 24 * 3600),
            refresh_token: Duration::from_secs(365 * 24 * 3600),
            unused_app: Duration::from_secs(90 * 24 * 3600),
            confirmation: Duration::from_secs(3600),
            unconfirmed_account: Duration::from_secs(7 * 24 * 3600),
            review: Duration::from_secs(30 * 24 * 3600),
            event: Duration::from_secs(400 * 24 * 3600),
            event_network: Duration::from_secs(90 * 24 * 3600),
        }
    }
}

impl Lifetimes {
    pub(super) fn check(&self) -> Vec<ConfigProblem> {
        let named = [
            ("lifetimes.authorization_code", self.authorization_code),
            ("lifetimes.out_of_band_code", self.out_of_band_code),
            ("lifetimes.pending_code", self.pending_code),
            ("lifetimes.session", self.session),
            ("lifetimes.access_token", self.access_token.unwrap_or(Duration::MAX)),
            ("lifetimes.expiring_access_token", self.expiring_access_token),
            ("lifetimes.refresh_token_idle", self.refresh_token_idle),
            ("lifetimes.refresh_token", self.refresh_token),
        ];
        let mut problems = Vec::new();
        if !(Duration::from_secs(60)..=Duration::from_secs(3600)).contains(&self.confirmation) {
            problems
                .push(ConfigProblem::new("lifetimes.confirmation", "must be one minute at least and one hour at most"));
        }
        let too_short = named.into_iter().filter(|(_, lifetime)| *lifetime < Duration::from_secs(1));
        problems.extend(too_short.map(|(name, _)| ConfigProblem::new(name, "must be one second at least")));
        problems
    }
}
