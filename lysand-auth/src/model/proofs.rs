//! By what somebody proved who they are.

use crate::ambient::Timestamp;

/// The word for two proofs of different kinds among the methods of a session (RFC 8176).
pub(crate) const MULTI_FACTOR: &str = "mfa";
/// The word for a passkey whose key is on several devices of its owner (RFC 8176: secured by software).
pub(crate) const SYNCED: &str = "swk";

/// By what somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofKind {
    /// A password.
    Password,
    /// An identity provider's word.
    Provider,
    /// A passkey.
    Passkey,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    Recovery,
    /// A code that was sent by mail.
    Email,
    /// A [factor](crate::host::factor::Factor) of the host's own by its kind, or a road of its own by its name
    /// ([`sessions::begin`](crate::flows::sessions::begin)).
    Host(String),
}

impl ProofKind {
    /// The word for it among the methods of a session (RFC 8176; it has none for a provider).
    pub(crate) fn method(&self) -> String {
        match self {
            Self::Password => "pwd".to_owned(),
            Self::Provider => "fed".to_owned(),
            Self::Passkey => "pop".to_owned(),
            Self::Totp | Self::Recovery | Self::Email => "otp".to_owned(),
            Self::Host(name) => name.split_whitespace().collect::<Vec<_>>().join("_"),
        }
    }

    /// The word for it where another proof came before: a code that was mailed came by a channel of its own (RFC 8176).
    pub(crate) fn second_method(&self) -> String {
        match self {
            Self::Email => "mca".to_owned(),
            _ => self.method(),
        }
    }

    /// The kind of this word, as a pending sign-in keeps it.
    pub(crate) fn named(word: &str) -> Self {
        match word {
            "password" => Self::Password,
            "provider" => Self::Provider,
            "passkey" => Self::Passkey,
            "totp" => Self::Totp,
            "recovery" => Self::Recovery,
            "email" => Self::Email,
            name => Self::Host(name.to_owned()),
        }
    }

    /// A word for it, in the record of events.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Password => "password",
            Self::Provider => "provider",
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::Recovery => "recovery",
            Self::Email => "email",
            Self::Host(name) => name,
        }
    }
}

/// One proof, and when it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// By what.
    pub kind: ProofKind,
    /// When.
    pub at: Timestamp,
}

/// All proofs of a sign-in so far, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proofs(Vec<Proof>);

impl Proofs {
    /// These proofs.
    #[must_use]
    pub fn new(proofs: impl IntoIterator<Item = (ProofKind, Timestamp)>) -> Self {
        Self(proofs.into_iter().map(|(kind, at)| Proof { kind, at }).collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Proof> {
        self.0.iter()
    }

    /// The first of them.
    pub(crate) fn first(&self) -> Option<&Proof> {
        self.0.first()
    }

    /// The last of them, and those before it.
    pub(crate) fn split_last(&self) -> Option<(Self, &Proof)> {
        let (last, earlier) = self.0.split_last()?;
        Some((Self(earlier.to_vec()), last))
    }

    /// These, and then one more.
    pub(crate) fn and(&self, kind: ProofKind, at: Timestamp) -> Self {
        Self(self.0.iter().cloned().chain([Proof { kind, at }]).collect())
    }

    /// Whether two of them are of different kinds: one alone never counts as two (security ID-9).
    #[must_use]
    pub fn are_two(&self) -> bool {
        self.0.iter().any(|proof| self.0.iter().any(|other| other.kind != proof.kind))
    }

    /// Whether one of this kind is among them.
    #[must_use]
    pub fn has(&self, kind: &ProofKind) -> bool {
        self.0.iter().any(|proof| proof.kind == *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_of_proof_never_counts_as_two() {
        let proofs = |kinds: &[ProofKind]| {
            Proofs::new(kinds.iter().map(|kind| (kind.clone(), Timestamp::from_micros(0)))).are_two()
        };
        assert!(proofs(&[ProofKind::Password, ProofKind::Totp]));
        for one in [&[][..], &[ProofKind::Password], &[ProofKind::Password, ProofKind::Password]] {
            assert!(!proofs(one), "{one:?}");
        }
        for kind in [ProofKind::Password, ProofKind::Email, ProofKind::Host("ldap".to_owned())] {
            assert_eq!(ProofKind::named(kind.name()), kind);
        }
    }
}
