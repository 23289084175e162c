//! Links of mails that recover an account: counted, found, and made where no mail carries them.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::host::offers::Offered;
use crate::model::account::{Account, AccountId, InactiveReason};
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::event::{Actor, EventKind};
use crate::model::mail_token::{Link, MailToken, Purpose};
use crate::model::rate_limit::Rule;
use crate::secret::Secret;
use crate::steps::confirmation::is_unconfirmed;
use crate::steps::mail::{self, Outgoing, Queued};
use crate::steps::{events, session, throttle};
use crate::store::{self, Conn, mail_tokens, rate_limits};
use crate::texts;

/// Demands that passwords sign people in here, and that the host can set them: else nothing about passwords is there (people
/// PPL-212).
pub(crate) async fn require_passwords(auth: &Auth) -> Result<(), Error> {
    match !auth.config().sso.forced && auth.offers(Offered::Password).await {
        true => Ok(()),
        false => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

/// Demands that the host can set addresses.
pub(crate) async fn require_addresses(auth: &Auth) -> Result<(), Error> {
    match auth.offers(Offered::Email).await {
        true => Ok(()),
        false => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

/// The refusal of a link that is over.
pub(crate) fn dead_link() -> Error {
    Error::refused(Code::DeadLink, texts::DEAD_LINK)
}

/// Counts a try of a mailed link or code for its network (people PPL-189).
///
/// # Errors
/// 429 beyond the limit.
pub(crate) async fn count_link(auth: &Auth, caller: &Caller) -> Result<(), Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let counter = caller.limited_as().and_then(|network| limits.counter(Rule::TokenLinks, &network));
    let Some(counter) = counter else { return Ok(()) };
    let _turn = throttle::admit(auth, counter, texts::TOO_MANY_REQUESTS).await?;
    let counted = auth.store().write_one(move |c| Box::pin(rate_limits::count(c, counter, now))).await?;
    match counted > i64::from(counter.limit.max) {
        true => Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await),
        false => Ok(()),
    }
}

/// The living token of a link for one of these purposes, and its account.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn live_token(
    auth: &Auth,
    token: &Secret,
    purposes: &[Purpose],
) -> Result<Option<(MailToken, Account)>, Error> {
    let (digest, now) = (token.digest(), auth.ambient().now());
    let found = auth.store().look_up(move |c| Box::pin(mail_tokens::by_link(c, digest))).await?;
    let Some(found) = found.filter(|token| purposes.contains(&token.purpose) && token.is_live(now)) else {
        return Ok(None);
    };
    let Some(id) = found.account.clone() else { return Ok(None) };
    Ok(auth.account(&id).await?.map(|account| (found, account)))
}

/// The living token of a link that chooses a new password, and its account, while it may have one.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn reset_token(auth: &Auth, token: &Secret) -> Result<Option<(MailToken, Account)>, Error> {
    let purposes = [Purpose::Reset, Purpose::FirstPassword];
    let Some((token, account)) = live_token(auth, token, &purposes).await? else { return Ok(None) };
    let address = account.email.as_ref().map(|email| email.address.to_lowercase());
    // A link that went to an address which the account has no more is none of its (people PPL-105).
    let went_elsewhere = token.address.as_ref().is_some_and(|sent| Some(sent.to_lowercase()) != address);
    // Only the first password of an account that staff made confirms the address (people PPL-145).
    let is_unproven = is_unconfirmed(&account) && token.purpose != Purpose::FirstPassword;
    let is_off = account.inactive_reason() == Some(InactiveReason::Disabled) || is_unproven;
    Ok((!went_elsewhere && !is_off).then_some((token, account)))
}

/// What is known of the credentials of whoever a sign-in names, before the proof. The same is asked for nobody.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn known_of(auth: &Auth, identifier: &str) -> Result<Credentials, Error> {
    let account = auth.accounts().by_identifier(identifier).await.map_err(Error::from_host)?;
    let id = account.map_or_else(|| AccountId::new(""), |account| account.id);
    session::credentials_of(auth, &id).await
}

/// The link that chooses a new password for an account.
pub(crate) fn reset_link(auth: &Auth, account: &Account) -> Link {
    let ttl = auth.config().password.reset_ttl;
    Link { purpose: Purpose::Reset, account: Some(account.id.clone()), subject: None, ttl, has_code: false }
}

/// The link that chooses the first password of an account that staff made, and confirms its address (people PPL-145).
pub(crate) fn first_password_link(auth: &Auth, account: Option<AccountId>) -> Link {
    let ttl = auth.config().password.reset_ttl;
    Link { purpose: Purpose::FirstPassword, account, subject: None, ttl, has_code: false }
}

/// Sends a link to a new password to whoever is signed in, or was a moment ago.
///
/// # Errors
/// `Conflict` without a confirmed address; 429 when too many mails went there.
pub(crate) async fn send_reset(auth: &Auth, account: &Account, caller: &Caller, by: Actor) -> Result<(), Error> {
    let mail = Outgoing::to_confirmed(auth, account, Mail::Reset);
    let mail = mail.ok_or_else(|| Error::refused(Code::Conflict, texts::NO_CONFIRMED_ADDRESS))?;
    let mail = mail.with_link(reset_link(auth, account)).from_proven_person();
    let event = events::event(auth, EventKind::ResetAsked, caller).by(by).about(&account.id, &account.username);
    let queued = auth.store().write(move |c| {
        Box::pin(async move {
            store::events::add(c, event).await?;
            mail::enqueue(c, mail).await
        })
    });
    match queued.await? {
        Queued::Waiting => {
            mail::wake(auth);
            Ok(())
        }
        Queued::Limited => Err(Error::later(Code::TooManyRequests, texts::TOO_MANY_REQUESTS, HOUR)),
    }
}

/// When somebody may ask again whom the limit of mails has stopped.
const HOUR: Duration = Duration::from_secs(3600);

/// A link that no mail carries: for whoever stands in front of the server.
pub(crate) struct IssuedLink {
    id: String,
    link: Link,
    secret: Secret,
    made_at: Timestamp,
}

impl IssuedLink {
    /// A new one.
    pub(crate) fn new(auth: &Auth, link: Link) -> Self {
        let bytes: [u8; 32] = auth.ambient().bytes();
        let secret = Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        // A mail that is put into the outbox at the same moment ends the links before it when it is sent, and not this one.
        let made_at = auth.ambient().now().plus(Duration::from_micros(1));
        Self { id: auth.ambient().id(), link, secret, made_at }
    }

    /// Where it leads.
    pub(crate) fn address(&self, auth: &Auth) -> Secret {
        Secret::new(auth.config().mailed_link(self.link.purpose, self.secret.expose()))
    }

    /// Keeps its digest. Links that were mailed stay.
    pub(crate) async fn keep(self, c: &mut Conn) -> Result<(), Error> {
        mail_tokens::insert_armed(c, &self.id, &self.link, self.secret.digest(), self.made_at).await
    }
}
