//! The link of a mail confirms the address of a new account. Looking at it changes nothing; a button does.

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::rules::email_key;
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::FormError;
use crate::model::mail_token::{MailToken, Purpose};
use crate::model::rate_limit::Rule;
use crate::model::sign_up::Road;
use crate::secret::Secret;
use crate::steps::confirmation::{self, Confirmed, Proof, is_unconfirmed};
use crate::steps::removal::{self, Removal};
use crate::steps::{events, proof_of_work, throttle};
use crate::store::{apps, credentials, mail_tokens, passkeys, rate_limits, sign_ups};
use crate::texts;

/// What the page of a link shows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedLink {
    /// The account's name.
    pub username: String,
    /// The address.
    pub email: String,
    /// When somebody signed up with it.
    pub signed_up: Option<Timestamp>,
    /// Whether a passkey signs in to it already (FAC-192).
    pub has_passkey: bool,
    /// Whether the confirmation is asked for a proof of work: an app made the account, and could do none (people PPL-55).
    pub owes_work: bool,
}

/// What a link is worth.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LinkState {
    /// It confirms an address.
    Live(OpenedLink),
    /// The address is confirmed already.
    Done,
    /// It is over; where `resendable`, its account still waits for a new one.
    Dead {
        /// Whether a new mail can be asked for with it.
        resendable: bool,
    },
}

/// What a confirmation came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfirmedAddress {
    /// The account.
    pub account: Account,
    /// Where the app that made the account is told, if one did (Mastodon §12.3).
    pub app_redirect: Option<String>,
}

/// What a link is worth. Nothing changes (security ID-14).
///
/// # Errors
/// 429 when an address tries too many links.
pub async fn look(auth: &Auth, token: &Secret, caller: &Caller) -> Result<LinkState, Error> {
    count(auth, caller).await?;
    let Some(found) = find(auth, token).await? else { return Ok(LinkState::Dead { resendable: false }) };
    let (token, account) = found;
    let id = account.id.clone();
    let known = auth.store().look_up(move |c| {
        Box::pin(async move { Ok((sign_ups::of_account(c, &id).await?, passkeys::count(c, &id).await? > 0)) })
    });
    let (signed_up, has_passkey) = known.await?;
    let email = account.email.as_ref().map(|email| email.address.clone()).unwrap_or_default();
    Ok(match (token.is_live(auth.ambient().now()), is_unconfirmed(&account)) {
        (true, true) => LinkState::Live(OpenedLink {
            username: account.username,
            email,
            signed_up: signed_up.map(|record| record.created_at),
            has_passkey,
            owes_work: proof_of_work::is_owed(auth, &account.id).await?,
        }),
        (_, false) if token.spent_at.is_some() => LinkState::Done,
        (_, unconfirmed) => LinkState::Dead { resendable: unconfirmed },
    })
}

/// Confirms the address. `altcha` is a proof of work, where one is owed; without it few confirmations of one network count
/// (people PPL-55).
///
/// # Errors
/// The field for work that is none; `DeadLink` for a link that is over; `Conflict` when another account has the address by now;
/// 429 beyond the limits.
pub async fn by_link(
    auth: &Auth,
    token: &Secret,
    altcha: Option<&str>,
    caller: &Caller,
) -> Result<Result<ConfirmedAddress, FormError>, Error> {
    count(auth, caller).await?;
    let (token, account) = find(auth, token).await?.ok_or_else(dead)?;
    let is_live = token.is_live(auth.ambient().now());
    if !is_live && (token.spent_at.is_none() || is_unconfirmed(&account)) {
        return Err(dead());
    }
    if is_live && !is_unconfirmed(&account) {
        return Err(dead());
    }
    if is_live && let Err(problem) = proof_of_work::take(auth, &account.id, altcha, caller).await? {
        return Ok(Err(problem));
    }
    if is_live && confirmation::confirm(auth, &account, Proof::Mail(token.id), caller).await? == Confirmed::Before {
        let account = auth.account(&account.id).await?.ok_or_else(dead)?;
        if is_unconfirmed(&account) {
            return Err(dead());
        }
    }
    let app_redirect = app_redirect(auth, &account).await?;
    Ok(Ok(ConfirmedAddress { account, app_redirect }))
}

/// The owner of the address knows nothing of the account: it goes at once, and no such mail comes for a day (people PPL-66).
///
/// # Errors
/// `DeadLink` for a link that is over.
pub async fn disown(auth: &Auth, token: &Secret, caller: &Caller) -> Result<(), Error> {
    count(auth, caller).await?;
    let (token, account) = find(auth, token).await?.ok_or_else(dead)?;
    if !token.is_live(auth.ambient().now()) || !is_unconfirmed(&account) {
        return Err(dead());
    }
    let event = events::event(auth, EventKind::SignUpDisowned, caller).by(Actor::Nobody);
    match removal::remove(auth, &account, Removal::Disowned, event).await? {
        true => Ok(()),
        false => Err(dead()),
    }
}

/// Sends another link in place of a dead one, while its account still waits for it. The answer is the same in every case.
///
/// # Errors
/// 429 when one was sent a moment ago, or too many.
pub async fn send_again(auth: &Auth, token: &Secret, caller: &Caller) -> Result<(), Error> {
    count(auth, caller).await?;
    match find(auth, token).await? {
        Some((_, account)) if is_unconfirmed(&account) => confirmation::send_again(auth, &account, caller).await,
        _ => Ok(()),
    }
}

/// Whether a mail that confirms an address reaches people here, or this server runs for its developer alone.
#[cfg(feature = "native")]
#[must_use]
pub fn is_offered(auth: &Auth) -> bool {
    crate::steps::mail::is_read(auth)
}

/// Sends another link to an address whose account still waits for it. The answer is the same in every case.
///
/// # Errors
/// 429 when too many ask from one network.
#[cfg(feature = "native")]
pub async fn send_to(auth: &Auth, address: &str, caller: &Caller) -> Result<(), Error> {
    count(auth, caller).await?;
    let account = auth.accounts().by_email(&address.trim().to_lowercase()).await.map_err(Error::from_host)?;
    let Some(account) = account.filter(is_unconfirmed) else { return Ok(()) };
    match confirmation::send_again(auth, &account, caller).await {
        // One was sent a moment ago, or too many: nobody learns of it.
        Err(Error::Refused(_)) => Ok(()),
        sent => sent,
    }
}

/// Whether the owner of an account has proven the address by something that was mailed there, as apps understand
/// `email_verified` (OpenID Connect Core §5.1). What staff confirmed is not, until a mailed link is used (people PPL-73).
///
/// # Errors
/// When the database does not answer.
pub async fn is_proven(auth: &Auth, account: &Account) -> Result<bool, Error> {
    let Some(email) = account.email.as_ref().filter(|email| email.confirmed) else { return Ok(false) };
    let id = account.id.clone();
    let unproven = auth.store().look_up(move |c| Box::pin(async move { credentials::unproven_email(c, &id).await }));
    Ok(unproven.await?.is_none_or(|key| key != email_key(&email.address)))
}

async fn token_of(auth: &Auth, token: &Secret) -> Result<Option<MailToken>, Error> {
    let digest = token.digest();
    let found = auth.store().look_up(move |c| Box::pin(mail_tokens::by_link(c, digest))).await?;
    Ok(found.filter(|token| token.purpose == Purpose::Confirm))
}

/// The token of a link, and its account.
async fn find(auth: &Auth, token: &Secret) -> Result<Option<(MailToken, Account)>, Error> {
    let Some(mut found) = token_of(auth, token).await? else { return Ok(None) };
    let Some(id) = found.account.clone() else { return Ok(None) };
    let account = auth.account(&id).await?;
    // Between the two look-ups somebody was faster, by the same link or by the code: the token is spent by now.
    if found.is_live(auth.ambient().now()) && account.as_ref().is_some_and(|account| !is_unconfirmed(account)) {
        let Some(now) = token_of(auth, token).await? else { return Ok(None) };
        found = now;
    }
    // A link to an address that the account has no more is none of its.
    let is_its = |account: &Account| {
        let address = account.email.as_ref().map(|email| email.address.to_lowercase());
        address == found.address.as_ref().map(|address| address.to_lowercase())
    };
    Ok(account.filter(is_its).map(|account| (found, account)))
}

async fn app_redirect(auth: &Auth, account: &Account) -> Result<Option<String>, Error> {
    let id = account.id.clone();
    let app: Option<App> = auth
        .store()
        .look_up(move |c| {
            Box::pin(async move {
                let record = sign_ups::of_account(c, &id).await?.filter(|record| record.road == Road::App);
                match record.and_then(|record| record.app) {
                    Some(app) => apps::by_id(c, &app).await,
                    None => Ok(None),
                }
            })
        })
        .await?;
    let first = app.and_then(|app| app.redirect_uris.first().map(|uri| uri.as_str().to_owned()));
    Ok(first.filter(|uri| !uri.starts_with("urn:")))
}

fn dead() -> Error {
    Error::refused(Code::DeadLink, texts::DEAD_LINK)
}

/// Counts a try of a mailed link for its address (people PPL-189).
async fn count(auth: &Auth, caller: &Caller) -> Result<(), Error> {
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
