//! How well somebody proved who they are, and how long ago (FAC-101, RFC 9470).

use std::fmt;
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::model::proofs::{MULTI_FACTOR, ProofKind};
use crate::model::session::Session;

/// How well somebody proved who they are: an authentication context class, the weakest first. Each is worth those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Acr {
    /// By one proof: a password, a provider's word.
    One,
    /// By two proofs of different kinds, or a provider's word that the operator trusts as such.
    Two,
    /// By a passkey that verified its owner, or a passkey beside another proof: no other site can ask for it.
    PhishingResistant,
}

impl Acr {
    /// Every class, the weakest first.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::PhishingResistant];

    /// The value of `acr` for it; the last is that of OpenID Connect Extended Authentication Profile ACR Values 1.0.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "urn:lysand-auth:loa:1",
            Self::Two => "urn:lysand-auth:loa:2",
            Self::PhishingResistant => "phr",
        }
    }

    /// The class of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acr| acr.name() == name)
    }

    /// The class of a session whose owner gave these proofs: the words of RFC 8176.
    #[must_use]
    pub fn of_methods(methods: &[String]) -> Self {
        let has = |word: &str| methods.iter().any(|method| method == word);
        match (has(MULTI_FACTOR), has(&ProofKind::Passkey.method())) {
            (true, true) => Self::PhishingResistant,
            (true, false) => Self::Two,
            (false, _) => Self::One,
        }
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How well somebody proved who they are, and when the latest proof was given: what a session began with, and what the tokens
/// keep that came from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authentication {
    /// How well.
    pub acr: Acr,
    /// When (`auth_time`).
    pub at: Timestamp,
}

impl Authentication {
    /// What the owner of a session proved.
    #[must_use]
    pub fn of_session(session: &Session) -> Self {
        let at = session.authenticated_at;
        Self { acr: Acr::of_methods(&session.methods), at }
    }

    /// As the database keeps it.
    pub(crate) fn stored(self) -> String {
        format!("{} {}", self.acr as u8, self.at.micros())
    }

    /// As the database kept it; none of a grant from before there was such a thing.
    pub(crate) fn read(stored: &str) -> Option<Self> {
        let (acr, at) = stored.split_once(' ')?;
        let acr = *Acr::ALL.get(acr.parse::<usize>().ok()?)?;
        Some(Self { acr, at: Timestamp::from_micros(at.parse().ok()?) })
    }
}

/// By what the owner of a session proved who they are, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProvenBy {
    /// Words of RFC 8176.
    pub(crate) methods: Vec<String>,
    /// When the latest proof was given.
    pub(crate) at: Timestamp,
}

impl ProvenBy {
    /// The value of `amr` (RFC 8176). A passkey is a proof of possession in the presence of its owner.
    pub(crate) fn amr(&self) -> Vec<&str> {
        let words = self.methods.iter().flat_map(|method| match *method == ProofKind::Passkey.method() {
            true => vec![method.as_str(), "user"],
            false => vec![method.as_str()],
        });
        words.collect()
    }

    /// How well that is.
    pub(crate) fn authentication(&self) -> Authentication {
        Authentication { acr: Acr::of_methods(&self.methods), at: self.at }
    }
}

/// How well, and how recently, somebody must have proven who they are for what a handler does (RFC 9470).
///
/// ```
/// use std::time::Duration;
///
/// use lysand_auth::web::{Acr, Strength};
///
/// let for_payments = Strength::of(Acr::Two).no_older_than(Duration::from_secs(600));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Strength {
    /// How well at least.
    pub acr: Acr,
    /// How long ago at most; none for any time.
    pub max_age: Option<Duration>,
}

impl Strength {
    /// This class, whenever it was proven.
    #[must_use]
    pub const fn of(acr: Acr) -> Self {
        Self { acr, max_age: None }
    }

    /// The same, proven no longer ago than this.
    #[must_use]
    pub const fn no_older_than(self, max_age: Duration) -> Self {
        Self { max_age: Some(max_age), ..self }
    }

    /// Whether this is enough; what nothing is known of is not.
    #[must_use]
    pub fn is_met_by(self, proven: Option<Authentication>, now: Timestamp) -> bool {
        let is_recent = |at: Timestamp| self.max_age.is_none_or(|max_age| now.since(at) <= max_age);
        proven.is_some_and(|proven| proven.acr >= self.acr && is_recent(proven.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn acr_follows_from_the_proofs_of_a_sign_in() {
        for (words, acr) in [
            (&["pwd"][..], Acr::One),
            (&["fed"], Acr::One),
            (&["otp"], Acr::One),
            (&["pwd", "otp", "mfa"], Acr::Two),
            (&["fed", "mfa"], Acr::Two),
            (&["pwd", "pop", "mfa"], Acr::PhishingResistant),
            (&["pop", "mfa"], Acr::PhishingResistant),
            (&[], Acr::One),
        ] {
            assert_eq!(Acr::of_methods(&methods(words)), acr, "{words:?}");
        }
        for acr in Acr::ALL {
            assert_eq!(Acr::named(acr.name()), Some(acr));
        }
        assert!(Acr::One < Acr::Two && Acr::Two < Acr::PhishingResistant);
    }

    #[test]
    fn proven_strength_is_read_as_it_was_stored() {
        for acr in Acr::ALL {
            let proven = Authentication { acr, at: Timestamp::from_micros(1_700_000_000_000_000) };
            assert_eq!(Authentication::read(&proven.stored()), Some(proven));
        }
        for nothing in ["", "1", "3 5", "-1 5", "0 x"] {
            assert_eq!(Authentication::read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn strength_is_met_by_as_much_as_recently() {
        let (then, now) = (Timestamp::from_micros(1_000_000_000), Timestamp::from_micros(1_100_000_000));
        let two = Some(Authentication { acr: Acr::Two, at: then });
        for (strength, is_met) in [
            (Strength::of(Acr::One), true),
            (Strength::of(Acr::Two), true),
            (Strength::of(Acr::PhishingResistant), false),
            (Strength::of(Acr::Two).no_older_than(Duration::from_secs(100)), true),
            (Strength::of(Acr::Two).no_older_than(Duration::from_secs(99)), false),
        ] {
            assert_eq!(strength.is_met_by(two, now), is_met, "{strength:?}");
        }
        assert!(!Strength::of(Acr::One).is_met_by(None, now));
    }
}
