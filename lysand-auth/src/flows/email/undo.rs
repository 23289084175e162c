//! The former address takes the account back (people PPL-104, PPL-105).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::links::{AddressLink, find};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountsError, Along, Change};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, Email};
use crate::model::caller::Caller;
use crate::model::credentials::Demand;
use crate::model::email_change::EmailChange;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::secret::Secret;
use crate::steps::ending::{self, Spared};
use crate::steps::mail::{self, Outgoing};
use crate::steps::{events, recovery, revocation};
use crate::store::{self, Conn, credentials, email_changes, identities, mail_tokens};
use crate::texts;

/// All that belongs to it, in the transaction that restores the address.
#[derive(Clone)]
struct Undoing {
    token: String,
    change: EmailChange,
    mails: Vec<Outgoing>,
    event: NewEvent,
    now: Timestamp,
    lost: Arc<AtomicBool>,
}

impl Undoing {
    async fn run(self, c: &mut Conn) -> Result<(), Error> {
        let (account, now) = (&self.change.account, self.now);
        credentials::advance(c, account).await?;
        let later = email_changes::later(c, &self.change).await?;
        if !mail_tokens::spend(c, &self.token, now).await? || !email_changes::undo(c, &self.change, now).await? {
            self.lost.store(true, Ordering::Release);
            return Err(recovery::dead_link());
        }
        for change in later {
            mail_tokens::end_of_subject(c, &change, now).await?;
        }
        ending::end_rest(c, account, &Spared::default(), now).await?;
        ending::end_mailed_links(c, account, now).await?;
        // Whoever changed the address may know the password, and may have added a way in of their own.
        credentials::demand(c, account, Some(Demand::Now)).await?;
        identities::delete_linked_since(c, account, self.change.created_at).await?;
        for mail in self.mails {
            mail::enqueue(c, mail).await?;
        }
        store::events::add(c, self.event).await
    }
}

/// Makes the former address the one of the account again. Everything ends, no password signs in until a new one is chosen, for
/// which a link goes there, and ways to sign in that were added since are removed.
///
/// # Errors
/// `DeadLink` for a link that is over; `Conflict` when somebody else has the address.
pub async fn undo(auth: &Auth, token: &Secret, caller: &Caller) -> Result<(), Error> {
    recovery::count_link(auth, caller).await?;
    let (token, change, account) = find(auth, token, AddressLink::Undo).await?.ok_or_else(recovery::dead_link)?;
    let Some(old) = change.old.clone() else { return Err(recovery::dead_link()) };
    let restored = Email { address: old.clone(), confirmed: true };
    let owner = account.clone().with_email(restored.clone());
    let event = events::event(auth, EventKind::EmailUndone, caller).by(Actor::Nobody);
    let lost = Arc::new(AtomicBool::new(false));
    let work = Undoing {
        token: token.id,
        mails: mails(auth, &owner, &account),
        change,
        event: event.about(&account.id, &account.username),
        now: auth.ambient().now(),
        lost: Arc::clone(&lost),
    };
    let first = work.clone();
    let along = Along::new(move |c, _| Box::pin(async move { first.run(c).await }));
    let made = auth.accounts().change_along(&account.id, Change::Email(restored.clone()), along).await;
    if lost.load(Ordering::Acquire) {
        return Err(recovery::dead_link());
    }
    let made = match made {
        Err(AccountsError::NotOffered) => {
            // For hosts whose accounts are elsewhere: the token is spent first.
            auth.store().write(move |c| Box::pin(async move { work.run(c).await })).await?;
            auth.accounts().set_email(&account.id, &restored).await
        }
        made => made,
    };
    match made {
        Ok(()) => {}
        Err(AccountsError::Taken(_)) => return Err(Error::refused(Code::Conflict, texts::ADDRESS_TAKEN)),
        Err(error) => return Err(error.into()),
    }
    mail::wake(auth);
    revocation::notify(auth, &Revoked::Account(account.id.clone())).await;
    tracing::info!(account = %account.id, "change of address undone");
    Ok(())
}

/// A notice to both addresses, and to the restored one a link to a new password, where passwords sign in.
fn mails(auth: &Auth, owner: &Account, before: &Account) -> Vec<Outgoing> {
    let notices = [owner, before].into_iter().filter_map(|to| Outgoing::to_account(auth, to, Mail::EmailUndone));
    let reset = Outgoing::to_account(auth, owner, Mail::Reset).filter(|_| !auth.config().sso.forced);
    let reset = reset.map(|mail| mail.with_link(recovery::reset_link(auth, owner)).from_proven_person());
    notices.chain(reset).collect()
}
