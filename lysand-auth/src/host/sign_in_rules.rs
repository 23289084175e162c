//! What a host may demand of a sign-in beyond what the library does (FAC-163).
//!
//! Give them to [`AuthBuilder::sign_in_rules`](crate::AuthBuilder::sign_in_rules): the dispatcher asks them at every sign-in,
//! whatever its road. Sessions that stand already, and one that its owner renews by a password, begin nothing and are not
//! asked about.

use async_trait::async_trait;

use crate::host::HostResult;
use crate::host::accounts::Account;
use crate::model::app::AppId;
pub use crate::model::proofs::{Proof, ProofKind, Proofs};

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
    /// Where a second proof is missing for that, and the account can give one, it is asked for; else the sign-in is refused.
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

    /// Somebody who lost their factors came to a stage of the way back
    /// ([`factors.way_back`](crate::config::Factors::way_back)). An error of this changes nothing.
    async fn way_back(&self, _account: &Account, _stage: Stage) -> HostResult<()> {
        Ok(())
    }
}
