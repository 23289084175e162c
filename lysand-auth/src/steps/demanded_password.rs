//! A new password that a sign-in lacks: staff or the host demand it (FAC-5, FAC-25, Lysand §12.6).

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Error, PendingClaim};
use crate::model::mail_token::{Link, Purpose};
use crate::model::proofs::ProofKind;
use crate::secret::{Digest, Secret};
use crate::steps::host_rules::Proven;
use crate::steps::pending::Open;
use crate::store::mail_tokens;

/// Whether the password with which a sign-in began has to be replaced first. Not asked where it began with something else.
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn is_missing(auth: &Auth, proven: &Proven<'_>, demanded: bool) -> Result<bool, Error> {
    let proofs = proven.proofs(auth.ambient().now());
    if proofs.first().is_none_or(|proof| proof.kind != ProofKind::Password) {
        return Ok(false);
    }
    if demanded {
        return Ok(true);
    }
    auth.accounts().must_change_password(&proven.account.id).await.map_err(Error::from_host)
}

/// The token that sets the new password, for the browser whose sign-in this is: the same one each time, as long as the sign-in
/// waits. Only what the browser shows makes it, so that it is kept as a digest alone.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn token(auth: &Auth, open: &Open, claim: &PendingClaim) -> Result<Secret, Error> {
    let token = token_of(claim);
    let (digest, now, id) = (token.digest(), auth.ambient().now(), auth.ambient().id());
    let left = open.pending.expires_at.micros().saturating_sub(now.micros());
    let link = Link {
        purpose: Purpose::Reset,
        account: Some(open.account.id.clone()),
        subject: Some(open.pending.id.clone()),
        ttl: Duration::from_micros(u64::try_from(left).unwrap_or(0)),
        has_code: false,
    };
    let kept = auth.store().look_up(move |c| Box::pin(mail_tokens::by_link(c, digest))).await?;
    if kept.is_none() {
        let made = auth
            .store()
            .write(move |c| Box::pin(async move { mail_tokens::insert_armed(c, &id, &link, digest, now).await }));
        made.await?;
    }
    Ok(token)
}

/// 64 hexadecimal digits (Lysand §12.6).
fn token_of(claim: &PendingClaim) -> Secret {
    let made_of = format!("new password\n{}\n{}", claim.id, claim.browser.expose());
    let digest = Digest::of(made_of.as_bytes());
    Secret::new(digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
