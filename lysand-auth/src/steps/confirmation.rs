//! The address of an account is confirmed: by whatever road, with the same consequences.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::rules::{self, email_key};
use crate::host::accounts::{AccountsError, Along, Change};
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId, Email, InactiveReason, Standing};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::FormError;
use crate::model::mail_token::{Link, Purpose};
use crate::model::rate_limit::Rule;
use crate::secret::Digest;
use crate::steps::mail::{self, Decoy, Outgoing};
use crate::steps::{events, mail_domain, review_notice, throttle};
use crate::store::{self, Conn, credentials, email_changes, mail_tokens, rate_limits, sign_ups, spent};
use crate::texts;

/// How long after a mail the next one may be asked for.
pub(crate) const RESEND_AFTER: Duration = Duration::from_secs(60);

/// The link and code that confirm an address.
pub(crate) fn confirmation(auth: &Auth, account: Option<AccountId>) -> Link {
    let ttl = auth.config().lifetimes.confirmation;
    Link { purpose: Purpose::Confirm, account, subject: None, ttl, has_code: true }
}

/// By what an address is known that wants no mail about sign-ups.
pub(crate) fn disowned_key(address: &str) -> Digest {
    Digest::of(email_key(address).as_bytes())
}

/// What a confirmation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// The address is the account's now.
    Now,
    /// Somebody was faster with the same link or code.
    Before,
}

/// What stands for the address of an account.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// The link or code of a mail: the key of its token, which is spent.
    Mail(String),
    /// The word of staff or of the operator.
    Staff(Actor),
}

/// Confirms the address of an account, and spends what proves it. Where staff decides, the review begins; where that was switched
/// off since, the account is approved (people PPL-75).
///
/// # Errors
/// `Conflict` when the address belongs to another account by now (people PPL-69).
pub(crate) async fn confirm(auth: &Auth, account: &Account, proof: Proof, caller: &Caller) -> Result<Confirmed, Error> {
    let Some(email) = account.email.clone() else { return Ok(Confirmed::Before) };
    let (now, lifetimes) = (auth.ambient().now(), &auth.config().lifetimes);
    let ends = now.plus(lifetimes.review);
    let is_pending = account.standing == Standing::Pending;
    let stays_pending = is_pending && (auth.signups().approval || review_stays(auth, &account.id).await?);
    let welcome = (!stays_pending).then(|| Outgoing::to_account(auth, account, Mail::Welcome)).flatten();
    let is_by_staff = matches!(proof, Proof::Staff(_));
    let (token_id, kind, actor) = match proof {
        Proof::Mail(token) => (Some(token), EventKind::Confirmed, Actor::Account(account.id.clone())),
        Proof::Staff(actor) => (None, EventKind::ConfirmedByStaff, actor),
    };
    let event = events::event(auth, kind, caller).by(actor).about(&account.id, &account.username);
    let (spent, held) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (was_spent, is_held, key) = (Arc::clone(&spent), Arc::clone(&held), email_key(&email.address));
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            if let Some(token) = token_id
                && !mail_tokens::spend(c, &token, now).await?
            {
                was_spent.store(false, Ordering::Release);
                return Err(Error::refused(Code::Conflict, "the link is spent"));
            }
            // After the address itself, which waits for another change of it that is under way.
            if email_changes::is_held(c, &key, &id, now).await? {
                is_held.store(true, Ordering::Release);
                return Err(Error::refused(Code::Conflict, texts::ADDRESS_TAKEN));
            }
            if is_by_staff {
                credentials::note_unproven_email(c, &id, &key).await?;
            }
            sign_ups::confirm(c, &id, (now, ends)).await?;
            if !stays_pending {
                sign_ups::decide(c, &id, now).await?;
            }
            mail_tokens::end_of_account(c, &id, &[Purpose::Confirm], now).await?;
            mail::enqueue_notice(c, welcome).await?;
            store::events::add(c, event).await
        })
    });
    let change = Change::Email(Email { confirmed: true, ..email });
    let changed = auth.accounts().change_along(&account.id, change, along).await;
    match changed {
        _ if !spent.load(Ordering::Acquire) => return Ok(Confirmed::Before),
        Ok(()) => {}
        Err(_) if held.load(Ordering::Acquire) => return Err(Error::refused(Code::Conflict, texts::ADDRESS_TAKEN)),
        Err(AccountsError::Taken(_)) => return Err(Error::refused(Code::Conflict, texts::ADDRESS_TAKEN)),
        // Its time was over, and it was removed in the same moment.
        Err(_) if auth.account(&account.id).await?.is_none() => return Ok(Confirmed::Before),
        Err(error) => return Err(error.into()),
    }
    mail::wake(auth);
    tracing::info!(account = %account.id, "address confirmed");
    match is_pending {
        true if stays_pending => review_notice::try_tell(auth).await,
        true => auth.accounts().set_standing(&account.id, Standing::Active).await?,
        false => {}
    }
    Ok(Confirmed::Now)
}

/// Whether staff reviews this request whether they review all or not.
async fn review_stays(auth: &Auth, account: &AccountId) -> Result<bool, Error> {
    let id = account.clone();
    let made = auth.store().look_up(move |c| Box::pin(async move { sign_ups::of_account(c, &id).await })).await?;
    Ok(made.is_some_and(|made| made.review_stays))
}

/// Sends the mail that confirms an address once more, at most once a minute (people PPL-72, PPL-188).
///
/// # Errors
/// 429 when one was sent a moment ago, or when there were too many.
pub(crate) async fn send_again(auth: &Auth, account: &Account, caller: &Caller) -> Result<(), Error> {
    let Some(email) = account.email.as_ref().filter(|_| is_unconfirmed(account)) else { return Ok(()) };
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let wait = resend_after(auth, &account.id).await?;
    if !wait.is_zero() {
        return Err(Error::later(Code::TooManyRequests, texts::RESENT_TOO_SOON, wait));
    }
    let of_network = caller.limited_as().and_then(|network| limits.counter(Rule::ConfirmAddress, &network));
    let counters = [of_network, limits.counter(Rule::ConfirmAccount, account.id.as_str())];
    let owner = auth.accounts().by_email(&email.address).await.map_err(Error::from_host)?;
    let owner =
        owner.filter(|owner| owner.id != account.id && owner.email.as_ref().is_some_and(|email| email.confirmed));
    let mail = match &owner {
        Some(owner) => Outgoing::to_account(auth, owner, Mail::SignupExisting),
        None => Outgoing::to_account(auth, account, Mail::Confirm)
            .map(|mail| mail.with_link(confirmation(auth, Some(account.id.clone())))),
    };
    let (disowned, decoy) =
        (disowned_key(&email.address), Decoy::new(auth, confirmation(auth, Some(account.id.clone()))));
    let counted = auth.store().write(move |c| {
        Box::pin(async move {
            for counter in counters.into_iter().flatten() {
                if rate_limits::count(c, counter, now).await? > i64::from(counter.limit.max) {
                    return Ok(Some(counter));
                }
            }
            enqueue_wanted(c, mail, (disowned, decoy), now).await?;
            Ok(None)
        })
    });
    match counted.await? {
        Some(counter) => Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await),
        None => {
            mail::wake(auth);
            Ok(())
        }
    }
}

/// Puts the mail of a sign-up into the outbox; where its address wants none, it goes to nobody. Unless it has a link and a code,
/// the decoy stands for them: who waits cannot tell (people PPL-191).
pub(crate) async fn enqueue_wanted(
    c: &mut Conn,
    mail: Option<Outgoing>,
    (disowned, decoy): (Digest, Decoy),
    now: Timestamp,
) -> Result<(), Error> {
    let Some(mail) = mail else { return Ok(()) };
    let is_unwanted = spent::is_spent(c, spent::Kind::Disowned, disowned, now).await?;
    let mail = if is_unwanted { mail.without_link().cancelled(DISOWNED) } else { mail };
    if !mail.has_link() {
        decoy.keep(c).await?;
    }
    mail::enqueue(c, mail).await.map(drop)
}

/// Why a mail went to nobody.
const DISOWNED: &str = "the owner of the address wants no mail about sign-ups";

/// Gives an account whose address is not confirmed another one, and sends the mail there; earlier links are over (people PPL-72).
///
/// # Errors
/// 429 beyond the limits; the field when the address cannot be taken.
pub(crate) async fn replace_address(
    auth: &Auth,
    account: &Account,
    address: &str,
    caller: &Caller,
) -> Result<Result<(), FormError>, Error> {
    let address = address.trim();
    if address.is_empty() {
        return Ok(Err(FormError::blank("email")));
    }
    let Ok(address) = rules::email(address) else { return Ok(Err(FormError::invalid("email"))) };
    if let Some(problem) = mail_domain::problem(auth, &address).await? {
        return Ok(Err(problem));
    }
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let of_network = caller.limited_as().and_then(|network| limits.counter(Rule::ConfirmAddress, &network));
    let counters = [of_network, limits.counter(Rule::ConfirmAccount, account.id.as_str())];
    let owner = auth.accounts().by_email(&address).await.map_err(Error::from_host)?;
    let owner =
        owner.filter(|owner| owner.id != account.id && owner.email.as_ref().is_some_and(|email| email.confirmed));
    let new = Email { address: address.clone(), confirmed: false };
    let mail = match &owner {
        Some(owner) => Outgoing::to_account(auth, owner, Mail::SignupExisting),
        None => Outgoing::to_account(auth, &account.clone().with_email(new.clone()), Mail::Confirm)
            .map(|mail| mail.with_link(confirmation(auth, Some(account.id.clone())))),
    };
    let (disowned, exceeded) = (disowned_key(&address), Arc::new(Mutex::new(None)));
    let decoy = Decoy::new(auth, confirmation(auth, Some(account.id.clone())));
    let (told, too_late) = (Arc::clone(&exceeded), Arc::new(AtomicBool::new(false)));
    let was_late = Arc::clone(&too_late);
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            // After the address itself, which waits for a confirmation that is under way.
            if sign_ups::of_account(c, &id).await?.is_some_and(|made| made.confirmed_at.is_some()) {
                was_late.store(true, Ordering::Release);
                return Err(Error::refused(Code::Conflict, texts::DECIDED_ALREADY));
            }
            for counter in counters.into_iter().flatten() {
                if rate_limits::count(c, counter, now).await? > i64::from(counter.limit.max) {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(counter);
                    return Err(Error::refused(Code::TooManyRequests, texts::TOO_MANY_REQUESTS));
                }
            }
            mail_tokens::end_of_account(c, &id, &[Purpose::Confirm], now).await?;
            enqueue_wanted(c, mail, (disowned, decoy), now).await
        })
    });
    let changed = auth.accounts().change_along(&account.id, Change::Email(new), along).await;
    let exceeded = exceeded.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(counter) = exceeded {
        return Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await);
    }
    if too_late.load(Ordering::Acquire) {
        // It was confirmed in the same moment, and is nothing to be changed like this any more.
        return Ok(Ok(()));
    }
    changed?;
    mail::wake(auth);
    Ok(Ok(()))
}

/// How long until whoever waits for this account may ask for another mail. What others ask for does not count: it would tell
/// whether the address belongs to somebody (people PPL-191).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn resend_after(auth: &Auth, account: &AccountId) -> Result<Duration, Error> {
    if !auth.config().rate_limits.enabled {
        return Ok(Duration::ZERO);
    }
    let account = account.clone();
    let last = auth
        .store()
        .look_up(move |c| Box::pin(async move { mail_tokens::last_made(c, &account, Purpose::Confirm).await }));
    let since = last.await?.map(|last| auth.ambient().now().since(last));
    Ok(since.map_or(Duration::ZERO, |since| RESEND_AFTER.saturating_sub(since)))
}

/// Whether the address of an account waits to be confirmed.
pub(crate) fn is_unconfirmed(account: &Account) -> bool {
    account.inactive_reason() == Some(InactiveReason::Unconfirmed)
}
