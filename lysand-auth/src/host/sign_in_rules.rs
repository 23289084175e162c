//! What a host may demand of a sign-in beyond what the library does (FAC-163).
//!
//! Give them to [`AuthBuilder::sign_in_rules`](crate::AuthBuilder::sign_in_rules): the dispatcher asks them at every sign-in,
//! whatever its road. Sessions that stand already, and one that its owner renews by a password, begin nothing and are not
//! asked about.

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
    /// A [factor](super::factor::Factor) of the host's own by its kind, or a road of its own by its name
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

    /// Whether they are as much as is demanded.
    pub(crate) fn meet(&self, demand: Demand) -> bool {
        match demand {
            Demand::Usual => true,
            Demand::TwoProofs => self.0.iter().any(|proof| self.0.iter().any(|other| other.kind != proof.kind)),
            Demand::PhishingResistant => self.has(&ProofKind::Passkey),
        }
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
    ///
    /// This version has no second factor to ask for: a sign-in that does not meet the demand is refused.
    async fn demands(&self, _account: &Account, _proofs: &Proofs) -> HostResult<Demand> {
        Ok(Demand::Usual)
    }

    /// Whether a session may begin, once everything is proven. An error, and an answer that takes more than five seconds,
    /// refuse.
    async fn before_session(&self, _account: &Account, _proofs: &Proofs, _app: Option<&AppId>) -> HostResult<Verdict> {
        Ok(Verdict::Allow)
    }

    /// A session has begun. An error of this changes nothing; the answer waits five seconds at most.
    async fn after_session(&self, _account: &Account, _proofs: &Proofs, _app: Option<&AppId>) -> HostResult<()> {
        Ok(())
    }

    /// Somebody who lost their factors came to a stage of the way back. This version has no such way, and does not ask.
    async fn way_back(&self, _account: &Account, _stage: Stage) -> HostResult<()> {
        Ok(())
    }
}
