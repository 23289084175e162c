//! What a host may demand of a sign-in beyond what the library does (FAC-163).
//!
//! Nothing in this version asks a host yet: the shape is here so that a host can be written for it.

use async_trait::async_trait;

use crate::ambient::Timestamp;
use crate::host::HostResult;
use crate::host::accounts::Account;
use crate::model::app::AppId;

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
    /// A [factor](super::factor::Factor) of the host's own, by its kind.
    Host(String),
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

    /// Whether one of this kind is among them.
    #[must_use]
    pub fn has(&self, kind: &ProofKind) -> bool {
        self.0.iter().any(|proof| proof.kind == *kind)
    }
}

/// How much a sign-in must prove. The greater demand of host and library counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Demand {
    /// What the library demands anyway.
    #[default]
    Usual,
    /// Two proofs of different kinds.
    TwoProofs,
    /// A proof that cannot be given to a site which only looks like this one.
    PhishingResistant,
}

/// Whether a session may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It may.
    Allow,
    /// It may not; the person reads this sentence.
    Refuse(String),
}

/// How far somebody is who lost their factors and asked for a way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// It was asked for.
    Asked,
    /// The time to wait is over.
    Ripe,
    /// The account's owner stopped it.
    Stopped,
    /// It was used: the factors are gone.
    Claimed,
    /// It was not used in time.
    Lapsed,
}

/// What a host demands of sign-ins. Nothing here can make one need less than the library asks.
#[async_trait]
pub trait SignInRules: Send + Sync {
    /// How much this account must prove.
    async fn demands(&self, _account: &Account, _proofs: &Proofs) -> HostResult<Demand> {
        Ok(Demand::Usual)
    }

    /// Whether a session may begin, once everything is proven. An error, and an answer that takes more than five seconds,
    /// refuse.
    async fn before_session(&self, _account: &Account, _proofs: &Proofs, _app: Option<&AppId>) -> HostResult<Verdict> {
        Ok(Verdict::Allow)
    }

    /// A session has begun.
    async fn after_session(&self, _account: &Account, _proofs: &Proofs, _app: Option<&AppId>) -> HostResult<()> {
        Ok(())
    }

    /// Somebody who lost their factors came to a stage of the way back.
    async fn way_back(&self, _account: &Account, _stage: Stage) -> HostResult<()> {
        Ok(())
    }
}
