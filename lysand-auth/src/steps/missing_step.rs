//! What a sign-in that waits still lacks, decided anew each time (FAC-1).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::factors::{FactorKind, Usable};
use crate::model::proofs::{ProofKind, Proofs};
use crate::model::strength::Acr;
use crate::steps::enrolment::{self, Enrolment};
use crate::steps::host_rules::{Proven, Vouched};
use crate::steps::pending::Open;
use crate::steps::sign_in::{self, BeforeSession};
use crate::steps::{second_step, strength};

/// What a sign-in that waits lacks now (FAC-1).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn lacks(auth: &Auth, open: &Open) -> Result<Option<BeforeSession>, Error> {
    let Some((earlier, last)) = open.pending.proofs.split_last() else { return Ok(Some(BeforeSession::Factor)) };
    sign_in::lacks_before_session(auth, &proven(auth, open, &earlier, &last.kind), open.known).await
}

/// What can be the second proof of a sign-in that waits; nothing when it waits for something else (FAC-174).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn usable(auth: &Auth, open: &Open) -> Result<Usable, Error> {
    let first = open.pending.proofs.first().map_or(&ProofKind::Password, |proof| &proof.kind);
    let mut usable = second_step::usable(auth, (&open.account, open.known), first).await?;
    let Some((earlier, last)) = open.pending.proofs.split_last() else {
        return first_proofs(auth, open, usable).await;
    };
    // A native client is asked for a second proof where a browser is done with a passkey (factors section 20).
    let is_asked = open.pending.dialect().is_some() && !open.pending.proofs.are_two();
    if !is_asked && lacks(auth, open).await? != Some(BeforeSession::Factor) {
        usable.kinds.clear();
    }
    let proven = proven(auth, open, &earlier, &last.kind);
    second_step::keep_what_the_host_demands(auth, &proven, &mut usable).await?;
    strength::keep_what_is_wanted(auth, (&proven, open.known), &mut usable).await?;
    Ok(usable)
}

/// What can be set up here, and what there is to say of it: what the operator demands, or what an app wants beyond all that
/// the account can prove (FAC-92, FAC-103).
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn enrolment(auth: &Auth, open: &Open) -> Result<(Vec<FactorKind>, Enrolment), Error> {
    if enrolment::demanded(auth, &open.account, open.known).await?.is_none()
        && let Some(acr) = unreachable(auth, open).await?
    {
        let offered = Enrolment { later_until: None, has_factor: false, wanted: Some(acr) };
        return Ok((strength::can_bring(auth, acr), offered));
    }
    enrolment::offered(auth, &open.account, open.known).await
}

/// Whether an app wants more than the account can prove, and nothing else is demanded.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn is_unreachable(auth: &Auth, open: &Open) -> Result<bool, Error> {
    Ok(unreachable(auth, open).await?.is_some())
}

async fn unreachable(auth: &Auth, open: &Open) -> Result<Option<Acr>, Error> {
    let Some((earlier, last)) = open.pending.proofs.split_last() else { return Ok(None) };
    strength::unreachable(auth, &proven(auth, open, &earlier, &last.kind), open.known).await
}

/// What can be the first proof of a session that has to be proven anew: a passkey that verifies its owner, or the password.
async fn first_proofs(auth: &Auth, open: &Open, usable: Usable) -> Result<Usable, Error> {
    let mut kinds: Vec<FactorKind> = usable.kinds.iter().copied().filter(|kind| *kind == FactorKind::Passkey).collect();
    if second_step::has_usable_password(auth, &open.account).await? {
        kinds.push(FactorKind::Password);
    }
    Ok(Usable { kinds, ..usable })
}

/// A provider's word that was not enough made the sign-in wait; one that was, a host that demands more.
fn proven<'a>(auth: &Auth, open: &'a Open, earlier: &'a Proofs, last: &'a ProofKind) -> Proven<'a> {
    let is_by_provider = open.pending.proofs.first().is_some_and(|proof| proof.kind == ProofKind::Provider);
    let is_enough = is_by_provider && auth.config().sso.are_enough(auth.config().factors.after_sso);
    let vouched = if is_enough { Vouched::Enough } else { Vouched::No };
    let acr_values = open.pending.acr_values();
    let steps_up = open.pending.steps_up.is_some();
    Proven { earlier: Some(earlier), vouched, acr_values, steps_up, ..Proven::new(&open.account, last) }
}
