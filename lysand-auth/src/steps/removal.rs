//! A sign-up comes to nothing: taken back, disowned, declined, or never finished. The account goes, and what it took is free
//! again (people PPL-66, PPL-74, PPL-77, PPL-80).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{Along, Change};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::event::NewEvent;
use crate::model::mail_token::Purpose;
use crate::model::sign_up::WaitingState;
use crate::steps::confirmation::disowned_key;
use crate::steps::mail::{self, Outgoing};
use crate::steps::revocation;
use crate::store::spent::Kind;
use crate::store::{
    self, Conn, credentials, email_changes, invitations, known_browsers, mail_tokens, passkeys, recovery_codes,
    sessions, sign_ups, spent, tokens, trusted_browsers, waiting,
};
use crate::texts;

/// How long no mail about sign-ups goes to an address whose owner wants none (people PPL-66).
const DISOWNED: Duration = Duration::from_secs(24 * 3600);

/// Why a sign-up comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// The person took it back.
    Withdrawn,
    /// The owner of the address knows nothing of it.
    Disowned,
    /// Staff declined, and may say something about it.
    Rejected(Option<String>),
    /// Nobody confirmed it, or decided it, in time. One that was confirmed meanwhile stays.
    Expired,
}

impl Removal {
    /// What those who wait for it are told; nothing where they are not to know more than that it is gone.
    fn told(&self) -> Option<WaitingState> {
        match self {
            Self::Withdrawn | Self::Disowned => None,
            Self::Rejected(_) => Some(WaitingState::Rejected),
            Self::Expired => Some(WaitingState::Expired),
        }
    }

    fn mail(&self) -> Option<Mail> {
        match self {
            Self::Withdrawn | Self::Disowned => None,
            Self::Rejected(message) => Some(Mail::Rejected { message: message.clone() }),
            Self::Expired => Some(Mail::RequestExpired),
        }
    }
}

/// Removes the account of a sign-up that nobody has decided; false when somebody was faster.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn remove(auth: &Auth, account: &Account, removal: Removal, event: NewEvent) -> Result<bool, Error> {
    let now = auth.ambient().now();
    let is_confirmed = account.email.as_ref().is_some_and(|email| email.confirmed);
    let notice = removal.mail().filter(|_| is_confirmed).and_then(|mail| Outgoing::to_account(auth, account, mail));
    let address = account.email.as_ref().map(|email| disowned_key(&email.address));
    let was_first = Arc::new(AtomicBool::new(true));
    let first = Arc::clone(&was_first);
    let (over, event) = (account.id.clone(), event.about(&account.id, &account.username));
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            let is_ours = match removal {
                Removal::Expired => sign_ups::expire(c, &id, now).await?,
                Removal::Rejected(_) => sign_ups::reject(c, &id, now).await?,
                _ => sign_ups::decide(c, &id, now).await?,
            };
            if !is_ours {
                first.store(false, Ordering::Release);
                return Err(Error::refused(Code::Conflict, texts::DECIDED_ALREADY));
            }
            if let Some(address) = address {
                spent::release(c, Kind::AppAddress, address).await?;
                if removal == Removal::Disowned {
                    spent::spend(c, Kind::Disowned, address, now.plus(DISOWNED)).await?;
                }
            }
            if let Some(invitation) = sign_ups::of_account(c, &id).await?.and_then(|record| record.invitation) {
                invitations::give_back(c, &invitation).await?;
            }
            match removal.told() {
                None => waiting::delete_of_account(c, &id).await?,
                Some(state) => {
                    let message = match &removal {
                        Removal::Rejected(message) => message.as_deref(),
                        _ => None,
                    };
                    waiting::tell(c, &id, state, message).await?;
                }
            }
            forget(c, &id, now).await?;
            mail::enqueue_notice(c, notice).await?;
            store::events::add(c, event).await
        })
    });
    let removed = auth.accounts().change_along(&account.id, Change::Delete, along).await;
    if !was_first.load(Ordering::Acquire) {
        return Ok(false);
    }
    if let Err(error) = removed {
        // Of two removals at once the second finds no account.
        return match auth.account(&over).await? {
            None => Ok(false),
            Some(_) => Err(error.into()),
        };
    }
    mail::wake(auth);
    revocation::notify(auth, &Revoked::Account(over)).await;
    Ok(true)
}

/// Ends and forgets what the library keeps of an account that is being removed before it was ever usable.
async fn forget(c: &mut Conn, id: &AccountId, now: Timestamp) -> Result<(), Error> {
    let purposes = [
        Purpose::Confirm,
        Purpose::Reset,
        Purpose::FirstPassword,
        Purpose::EmailConfirm,
        Purpose::EmailStop,
        Purpose::EmailUndo,
    ];
    mail_tokens::end_of_account(c, id, &purposes, now).await?;
    sessions::end_all(c, id, now).await?;
    tokens::revoke_all_of_account(c, id, now).await?;
    known_browsers::forget_account(c, id).await?;
    trusted_browsers::forget_account(c, id).await?;
    credentials::forget(c, id).await?;
    passkeys::forget(c, id).await?;
    recovery_codes::remove(c, id).await?;
    email_changes::forget(c, id).await?;
    store::identities::delete_all_of_account(c, id).await?;
    sign_ups::delete(c, id).await
}
