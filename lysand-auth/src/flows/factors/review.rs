//! The owner's word on the other ways in to an account whose password a mailed link has set (people PPL-93, FAC-5).

use super::sign_in::{Finished, complete};
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::model::account::AccountId;
use crate::model::event::{Actor, EventKind};
use crate::model::session::Browser;
use crate::steps::factor_change::FactorChange;
use crate::steps::factor_removal::has_any;
use crate::steps::owner::Owner;
use crate::steps::pending::{self, Open};
use crate::steps::review::{self, OtherWayIn, OtherWayKind};
use crate::steps::sign_in::BeforeSession;
use crate::steps::{events, missing_step, notices, only_passkeys};
use crate::store::{self, Conn, credentials, factors, identities, recovery_codes};
use crate::texts;

/// The owner keeps the other ways in but those with the ids `removed`, and the sign-in goes on. Whatever was begun with one that is
/// removed ends with it, and so does everything else of the account but this sign-in.
///
/// # Errors
/// `SignInOver`; `NotOffered` when the sign-in waits for something else; 422 for an id that was not shown; `Conflict` when something
/// of the account was changed at the same moment; as an [`answer`](super::sign_in::answer) that was right.
pub async fn answer(
    auth: &Auth,
    claim: &PendingClaim,
    removed: &[String],
    browser: Browser,
) -> Result<Finished, Error> {
    let open = pending::open(auth, claim).await?;
    if missing_step::lacks(auth, &open).await? != Some(BeforeSession::Review) {
        return Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED));
    }
    let listed = review::listed(auth, &open.account.id).await?;
    if removed.iter().any(|id| listed.iter().all(|way| way.id != *id)) {
        return Err(Error::refused(Code::Validation, texts::CHANGED_MEANWHILE));
    }
    let goes: Vec<OtherWayIn> = listed.into_iter().filter(|way| removed.contains(&way.id)).collect();
    match goes.is_empty() {
        true => {
            let id = open.account.id.clone();
            auth.store().write(move |c| Box::pin(async move { credentials::note_reviewed(c, &id).await })).await?;
        }
        false => remove(auth, &open, goes, &browser).await?,
    }
    complete(auth, claim, browser).await
}

async fn remove(auth: &Auth, open: &Open, goes: Vec<OtherWayIn>, browser: &Browser) -> Result<(), Error> {
    let account = &open.account;
    let event = |kind| {
        let event = events::event(auth, kind, &browser.caller).by(Actor::Account(account.id.clone()));
        event.about(&account.id, &account.username)
    };
    let mut change = FactorChange::new(auth, &Owner::in_sign_in(auth, open), open.known, true);
    for way in &goes {
        change.events.push(match way.kind {
            OtherWayKind::Provider => event(EventKind::IdentityUnlinked).with("provider", way.name.clone()),
            kind => event(EventKind::FactorRemoved).with("type", kind.name()),
        });
    }
    change.notices.extend(notices::removed(auth, account, &browser.caller));
    let (id, domain, off) = (account.id.clone(), only_passkeys::domain(auth), event(EventKind::TwoStepOff));
    let off = open.known.two_step.then_some(off);
    let removed = change.make(auth, move |c| {
        Box::pin(async move {
            for way in &goes {
                remove_one(c, &id, way).await?;
            }
            only_passkeys::after_removal(c, &id, domain.as_deref()).await?;
            credentials::note_reviewed(c, &id).await?;
            if has_any(c, &id).await? {
                return Ok(());
            }
            recovery_codes::remove(c, &id).await?;
            credentials::set_two_step(c, &id, false).await?;
            match off {
                Some(off) => store::events::add(c, off).await,
                None => Ok(()),
            }
        })
    });
    removed.await?;
    tracing::info!(account = %account.id, "other ways to sign in were removed after a reset");
    Ok(())
}

async fn remove_one(c: &mut Conn, account: &AccountId, way: &OtherWayIn) -> Result<(), Error> {
    match way.kind {
        OtherWayKind::Passkey => store::passkeys::remove(c, account, &way.id).await.map(drop),
        OtherWayKind::Totp => factors::remove(c, account, &way.id).await.map(drop),
        OtherWayKind::Provider => identities::delete(c, &way.id).await,
    }
}
