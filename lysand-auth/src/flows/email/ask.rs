//! Asking for another address; the same answer whether it is free or not (people PPL-100 to PPL-103, PPL-193).

use std::time::Duration;

use super::links::link;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::rules::{self, email_key};
use crate::host::mailer::Mail;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::email_change::EmailChange;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::FormError;
use crate::model::mail_token::Purpose;
use crate::model::rate_limit::{Counter, Rule};
use crate::secret::Secret;
use crate::steps::ending::end_change_of_address;
use crate::steps::mail::{self, Decoy, Outgoing};
use crate::steps::owner::Owner;
use crate::steps::{confirmation, events, mail_domain, recovery, throttle};
use crate::store::{self, Conn, email_changes, rate_limits};
use crate::texts;

/// Another address, as the owner of the account typed it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NewAddress {
    /// The address.
    pub email: String,
    /// The password, where nobody signed in a moment ago.
    pub password: Option<Secret>,
    /// Whether the old address is given up: it cannot undo the change then. Only somebody who has just given two proofs can say so
    /// (people PPL-106).
    pub gives_up_old: bool,
}

impl NewAddress {
    /// An address.
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self { email: email.into(), password: None, gives_up_old: false }
    }
}

/// Why no change was asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum AddressError {
    /// What is wrong with a field.
    Field(FormError),
    /// Everything else: `WrongPassword`, `ProofRequired`, a limit.
    Refused(Error),
}

impl From<Error> for AddressError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// A change that waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// The new address.
    pub email: String,
    /// The same, as programs are told it: hardly more than its domain.
    pub masked: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// How it stands with the address of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressState {
    /// The address that is in force.
    pub email: Option<String>,
    /// Whether it is confirmed.
    pub confirmed: bool,
    /// The one that waits to be confirmed.
    pub pending: Option<Pending>,
    /// Until when the last change can be undone from the former address.
    pub undo_until: Option<Timestamp>,
}

/// Demands that addresses can be changed here.
///
/// # Errors
/// 404 where the host cannot (people PPL-212).
pub async fn require(auth: &Auth) -> Result<(), Error> {
    recovery::require_addresses(auth).await
}

/// How it stands with the address of an account.
///
/// # Errors
/// 404 where addresses cannot be changed; when the database does not answer.
pub async fn state(auth: &Auth, account: &Account) -> Result<AddressState, Error> {
    require(auth).await?;
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let found = auth.store().look_up(move |c| {
        Box::pin(
            async move { Ok((email_changes::pending(c, &id).await?, email_changes::undo_until(c, &id, now).await?)) },
        )
    });
    let (pending, undo_until) = found.await?;
    Ok(AddressState {
        email: account.email.as_ref().map(|email| email.address.clone()),
        confirmed: account.email.as_ref().is_some_and(|email| email.confirmed),
        pending: pending.map(|change| shown(auth, &change)).filter(|pending| pending.expires_at > now),
        undo_until,
    })
}

fn shown(auth: &Auth, change: &EmailChange) -> Pending {
    let masked = match change.new.rsplit_once('@') {
        Some((local, domain)) => {
            format!("{}…@{domain}", local.chars().next().map(String::from).unwrap_or_default())
        }
        None => String::new(),
    };
    let expires_at = change.expires_at(auth.config().lifetimes.confirmation);
    Pending { email: change.new.clone(), masked, expires_at }
}

/// Asks for another address. The one so far stays in force until the new one is confirmed; it is told, and can stop it.
///
/// # Errors
/// What is wrong with the address; `WrongPassword` and `ProofRequired`; 429 when too many were asked for.
pub async fn ask(auth: &Auth, owner: &Owner, new: &NewAddress, caller: &Caller) -> Result<Pending, AddressError> {
    require(auth).await?;
    let address = fit(&owner.account, &new.email).map_err(AddressError::Field)?;
    owner.present.require(auth, &owner.account, new.password.as_ref()).await?;
    if new.gives_up_old && !owner.may_give_up_address() {
        return Err(Error::refused(Code::ProofRequired, texts::CONFIRM_IT_IS_YOU).into());
    }
    // After the proof: it may ask a name server.
    if let Some(problem) = mail_domain::problem(auth, &address).await? {
        return Err(AddressError::Field(problem));
    }
    let (account, now) = (&owner.account, auth.ambient().now());
    let change = EmailChange {
        id: auth.ambient().id(),
        account: account.id.clone(),
        old: account.email.as_ref().filter(|email| email.confirmed).map(|email| email.address.clone()),
        new: address,
        asked_in: owner.asked_in.clone(),
        is_final: new.gives_up_old,
        created_at: now,
        confirmed_at: None,
        undo_until: None,
        is_over: false,
    };
    let letter = NewLetter::prepare(auth, account, &change).await?;
    let stop = Mail::EmailChangeAsked { new: change.new.clone() };
    let stop = Outgoing::to_confirmed(auth, account, stop)
        .map(|mail| mail.with_link(link(auth, account, &change, Purpose::EmailStop)));
    let event = events::event(auth, EventKind::EmailChangeAsked, caller).by(Actor::Account(account.id.clone()));
    let event = event.about(&account.id, &account.username);
    let (counters, id, kept) = (counters(auth, account, caller), account.id.clone(), change.clone());
    let exceeded = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(counter) = first_exceeded(c, counters, now).await? {
                return Ok(Some(counter));
            }
            end_change_of_address(c, &id, now).await?;
            email_changes::insert(c, kept).await?;
            letter.send(c).await?;
            mail::enqueue_notice(c, stop).await?;
            store::events::add(c, event).await?;
            Ok(None)
        })
    });
    match exceeded.await? {
        Some(counter) => Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await.into()),
        None => {
            mail::wake(auth);
            Ok(shown(auth, &change))
        }
    }
}

/// The address as it is kept, if it can be one.
fn fit(account: &Account, typed: &str) -> Result<String, FormError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(FormError::blank("email"));
    }
    if typed.chars().count() > 254 {
        return Err(FormError::too_long("email", 254));
    }
    let address = rules::email(typed).map_err(|_| FormError::invalid("email"))?;
    let own = account.email.as_ref().filter(|email| email.confirmed).map(|email| email_key(&email.address));
    match own.is_some_and(|own| own == email_key(&address)) {
        true => Err(FormError::new("email", "ERR_INVALID", texts::SAME_PASSWORD)),
        false => Ok(address),
    }
}

fn counters(auth: &Auth, account: &Account, caller: &Caller) -> [Option<Counter>; 2] {
    let limits = &auth.config().rate_limits;
    let of_network = caller.limited_as().and_then(|network| limits.counter(Rule::ConfirmAddress, &network));
    [of_network, limits.counter(Rule::ConfirmAccount, account.id.as_str())]
}

async fn first_exceeded(
    c: &mut Conn,
    counters: [Option<Counter>; 2],
    now: Timestamp,
) -> Result<Option<Counter>, Error> {
    for counter in counters.into_iter().flatten() {
        if rate_limits::count(c, counter, now).await? > i64::from(counter.limit.max) {
            return Ok(Some(counter));
        }
    }
    Ok(None)
}

/// The mail to the new address: with link and code where it is free, and without either to whoever has it.
struct NewLetter {
    mail: Outgoing,
    decoy: Option<Decoy>,
}

impl NewLetter {
    async fn prepare(auth: &Auth, account: &Account, change: &EmailChange) -> Result<Self, Error> {
        let (id, key, now) = (account.id.clone(), email_key(&change.new), auth.ambient().now());
        let held = auth
            .store()
            .look_up(move |c| Box::pin(async move { email_changes::is_held(c, &key, &id, now).await }))
            .await?;
        let owner = auth.accounts().by_email(&change.new).await.map_err(Error::from_host)?;
        let owner = owner.filter(|owner| owner.id != account.id);
        let owner = owner.filter(|owner| owner.email.as_ref().is_some_and(|email| email.confirmed));
        let link = link(auth, account, change, Purpose::EmailConfirm);
        let decoy = |link| Some(Decoy::new(auth, link));
        Ok(match owner.and_then(|owner| Outgoing::to_account(auth, &owner, Mail::EmailExisting)) {
            Some(mail) => Self { mail, decoy: decoy(link) },
            // Its owner may come back to it; there is no account to speak of in a mail.
            None if held => {
                let mail = Outgoing::to_address(auth, &*change.new, Mail::EmailExisting);
                Self { mail, decoy: decoy(link) }
            }
            None => {
                let mail = Outgoing::to_address(auth, &*change.new, Mail::EmailConfirm).about(account.id.clone());
                let mail = mail.with_language(account.language.clone()).with_username(&*account.username);
                Self { mail: mail.with_link(link).from_proven_person(), decoy: None }
            }
        })
    }

    async fn send(self, c: &mut Conn) -> Result<(), Error> {
        mail::enqueue(c, self.mail).await?;
        match self.decoy {
            Some(decoy) => decoy.keep(c).await,
            None => Ok(()),
        }
    }
}

/// Sends the mail to the new address once more, at most once a minute.
///
/// # Errors
/// 404 when nothing waits; 429 when one was sent a moment ago.
pub async fn send_again(auth: &Auth, owner: &Owner, caller: &Caller) -> Result<Pending, Error> {
    let (account, now) = (&owner.account, auth.ambient().now());
    let id = account.id.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { email_changes::pending(c, &id).await })).await?;
    let ttl = auth.config().lifetimes.confirmation;
    let change = found.filter(|change| change.expires_at(ttl) > now).ok_or_else(nothing_waits)?;
    let wait = if auth.config().rate_limits.enabled { last_sent(auth, &change).await? } else { Duration::ZERO };
    if !wait.is_zero() {
        return Err(Error::later(Code::TooManyRequests, texts::RESENT_TOO_SOON, wait));
    }
    let letter = NewLetter::prepare(auth, account, &change).await?;
    let counters = counters(auth, account, caller);
    let exceeded = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(counter) = first_exceeded(c, counters, now).await? {
                return Ok(Some(counter));
            }
            letter.send(c).await?;
            Ok(None)
        })
    });
    match exceeded.await? {
        Some(counter) => Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await),
        None => {
            mail::wake(auth);
            Ok(shown(auth, &change))
        }
    }
}

/// How long until the mail may be sent again.
async fn last_sent(auth: &Auth, change: &EmailChange) -> Result<Duration, Error> {
    let address = change.new.clone();
    let last = auth.store().look_up(move |c| {
        Box::pin(async move {
            let asked = store::mails::last_asked(c, &address, Mail::EmailConfirm.kind()).await?;
            Ok(asked.max(store::mails::last_asked(c, &address, Mail::EmailExisting.kind()).await?))
        })
    });
    let since = last.await?.map(|last| auth.ambient().now().since(last));
    Ok(since.map_or(Duration::ZERO, |since| confirmation::RESEND_AFTER.saturating_sub(since)))
}

fn nothing_waits() -> Error {
    Error::refused(Code::NotFound, "Record not found")
}

/// Takes the change back that waits.
///
/// # Errors
/// 404 when nothing does.
pub async fn cancel(auth: &Auth, account: &Account, caller: &Caller) -> Result<(), Error> {
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let event = events::event(auth, EventKind::EmailChangeStopped, caller).by(Actor::Account(id.clone()));
    let event = event.about(&account.id, &account.username);
    let ended = auth.store().write(move |c| {
        Box::pin(async move {
            let ended = end_change_of_address(c, &id, now).await?;
            if ended {
                store::events::add(c, event).await?;
            }
            Ok(ended)
        })
    });
    if ended.await? { Ok(()) } else { Err(nothing_waits()) }
}
