//! What a sign-in that waits still lacks, decided anew each time (FAC-1).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::factors::Usable;
use crate::model::proofs::{ProofKind, Proofs};
use crate::steps::host_rules::Proven;
use crate::steps::pending::Open;
use crate::steps::second_step;
use crate::steps::sign_in::{self, BeforeSession};

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
    if lacks(auth, open).await? != Some(BeforeSession::Factor) {
        usable.kinds.clear();
    }
    if let Some((earlier, last)) = open.pending.proofs.split_last() {
        second_step::keep_what_the_host_demands(auth, &proven(auth, open, &earlier, &last.kind), &mut usable).await?;
    }
    Ok(usable)
}

/// A provider's word that was not enough made the sign-in wait; one that was, a host that demands more.
fn proven<'a>(auth: &Auth, open: &'a Open, earlier: &'a Proofs, last: &'a ProofKind) -> Proven<'a> {
    let is_by_provider = open.pending.proofs.first().is_some_and(|proof| proof.kind == ProofKind::Provider);
    let vouched = is_by_provider && auth.config().sso.are_enough(auth.config().factors.after_sso);
    Proven { earlier: Some(earlier), vouched, ..Proven::new(&open.account, last) }
}
