//! What else signs in to an account whose password a mailed link has set: its owner says at the next sign-in with that password
//! what of it stays, so that nothing that a stranger added goes unseen (people PPL-93, FAC-5).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::credentials::Credentials;
use crate::model::proofs::ProofKind;
use crate::steps::host_rules::Proven;
use crate::store::{credentials, factors, identities, passkeys};

/// Something that signs in to an account, or helps to, beside its password.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OtherWayIn {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: OtherWayKind,
    /// How its owner named it, or the name of the provider.
    pub name: String,
    /// Who the person is at the provider.
    pub label: Option<String>,
    /// Since when it is there.
    pub since: Timestamp,
    /// When it was last used; not known of providers.
    pub last_used_at: Option<Timestamp>,
}

/// The kind of another way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherWayKind {
    /// A passkey.
    Passkey,
    /// An authenticator app: it signs nobody in by itself, but keeps the owner out.
    Totp,
    /// An account at a provider.
    Provider,
}

impl OtherWayKind {
    /// The word for programs: a method of the sign-in.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::Provider => "provider",
        }
    }
}

/// Whether a sign-in lacks the owner's word on the other ways in. Whoever signs in with one of those is not asked: it might be a
/// stranger's. Where there is none, nobody is asked, now or later.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn is_missing(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> Result<bool, Error> {
    if !known.review_due {
        return Ok(false);
    }
    let proofs = proven.proofs(auth.ambient().now());
    if proofs.first().is_none_or(|proof| proof.kind != ProofKind::Password) {
        return Ok(false);
    }
    if !listed(auth, &proven.account.id).await?.is_empty() {
        return Ok(true);
    }
    let id = proven.account.id.clone();
    auth.store().write(move |c| Box::pin(async move { credentials::note_reviewed(c, &id).await })).await?;
    Ok(false)
}

/// The other ways in of an account, the oldest of each kind first.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn listed(auth: &Auth, account: &AccountId) -> Result<Vec<OtherWayIn>, Error> {
    let id = account.clone();
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let (keys, apps) = (passkeys::of_account(c, &id).await?, factors::proven(c, &id).await?);
            Ok((keys, apps, identities::of_account(c, &id).await?))
        })
    });
    let (keys, apps, linked) = found.await?;
    let keys = keys.into_iter().map(|key| OtherWayIn {
        id: key.id,
        kind: OtherWayKind::Passkey,
        name: key.name,
        label: None,
        since: key.created_at,
        last_used_at: key.last_used_at,
    });
    let apps = apps.into_iter().map(|app| OtherWayIn {
        id: app.id,
        kind: OtherWayKind::Totp,
        name: app.name,
        label: None,
        since: app.created_at,
        last_used_at: app.last_used_at,
    });
    // One of a provider that is not configured would sign in again with the configuration of before.
    let linked = linked.into_iter().map(|linked| {
        let provider = auth.config().sso.provider_of_issuer(&linked.identity.issuer);
        OtherWayIn {
            id: linked.id,
            kind: OtherWayKind::Provider,
            name: provider.map_or(linked.identity.issuer, |provider| provider.name.clone()),
            label: linked.label,
            since: linked.linked_at,
            last_used_at: None,
        }
    });
    Ok(keys.chain(apps).chain(linked).collect())
}
