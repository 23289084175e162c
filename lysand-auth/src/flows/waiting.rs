//! A browser or program that waits for an account to become usable: it sees how far that is, has the mail sent again, gives
//! another address, enters the code, takes the sign-up back, and goes on when nothing is missing.

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::sign_in_rules::ProofKind;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::FormError;
use crate::model::mail_token::{CodeCheck, Purpose};
use crate::model::rate_limit::Rule;
use crate::model::session::Browser;
pub use crate::model::sign_up::WaitingState;
use crate::model::sign_up::{Waiting, WaitingSince};
use crate::secret::Secret;
use crate::steps::confirmation::{self, Confirmed, Proof, is_unconfirmed};
use crate::steps::host_rules::Proven;
use crate::steps::mail::code_digest;
use crate::steps::removal::{self, Removal};
use crate::steps::request::{self, Omitted};
use crate::steps::sign_in;
pub use crate::steps::sign_in::{SessionStart, SignedIn};
use crate::steps::{events, proof_of_work, session, throttle, waiting};
use crate::store::mail_tokens::CodeOf;
use crate::store::{self, mail_tokens, rate_limits};
use crate::texts;

/// Within how long after a sign-up its browser goes on without signing in (people PPL-61).
const GOES_ON: Duration = Duration::from_secs(24 * 3600);

/// What somebody who waits may know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WaitingView {
    /// How far they are.
    pub state: WaitingState,
    /// The account's name; empty when it is gone.
    pub username: String,
    /// The address, whole: for the page of the browser that gave it.
    pub email: String,
    /// The address, its local part hidden but for the first letter: for programs.
    pub masked_email: String,
    /// How long until another mail may be asked for.
    pub resend_after: Duration,
    /// What staff says, when they declined.
    pub message: String,
    /// The app's request that goes on afterwards: names and values.
    pub request: Vec<(String, String)>,
}

/// What "go on" comes to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Proceeded {
    /// Somebody is signed in for the app's request.
    SignedIn(Box<SignedIn>),
    /// Somebody is signed in, for no app.
    SignedInHere(SessionStart),
    /// The person has to sign in: the request goes along.
    SignIn(Vec<(String, String)>),
    /// Something is still missing.
    Waits(WaitingState),
}

/// How far somebody is who waits: what a waiting browser asks again and again, with one look-up and that of the account.
///
/// # Errors
/// 404 when nobody waits with this.
pub async fn state(auth: &Auth, token: &Secret) -> Result<WaitingState, Error> {
    let (waits, account) = waiting::found(auth, token).await?;
    Ok(waiting::state(&waits, account.as_ref()))
}

/// The same with all that the waiting page shows.
///
/// # Errors
/// As [`state`].
pub async fn look(auth: &Auth, token: &Secret) -> Result<WaitingView, Error> {
    let (waits, account) = waiting::found(auth, token).await?;
    let state = waiting::state(&waits, account.as_ref());
    let address = account.as_ref().and_then(|account| account.email.as_ref()).map(|email| email.address.clone());
    let email = address.unwrap_or_default();
    let resend_after = match (state, &account) {
        (WaitingState::Unconfirmed, Some(account)) => confirmation::resend_after(auth, &account.id).await?,
        _ => Duration::ZERO,
    };
    Ok(WaitingView {
        state,
        username: account.map(|account| account.username).unwrap_or_default(),
        masked_email: masked(&email),
        email,
        resend_after,
        message: waits.message.unwrap_or_default(),
        request: waits.request,
    })
}

fn masked(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return String::new() };
    format!("{}…@{domain}", local.chars().next().map(String::from).unwrap_or_default())
}

/// Sends the mail once more.
///
/// # Errors
/// 404 when nobody waits with this; 429 when one was sent a moment ago.
pub async fn send_again(auth: &Auth, token: &Secret, caller: &Caller) -> Result<(), Error> {
    let (_, account) = waiting::found(auth, token).await?;
    match account {
        Some(account) => confirmation::send_again(auth, &account, caller).await,
        None => Ok(()),
    }
}

/// Gives the account another address, as long as none is confirmed; links to the former one are over.
///
/// # Errors
/// 404 when nobody waits with this; the field when it is no address that this server takes; 429.
pub async fn change_address(
    auth: &Auth,
    token: &Secret,
    address: &str,
    caller: &Caller,
) -> Result<Result<(), FormError>, Error> {
    let (_, account) = waiting::found(auth, token).await?;
    let Some(account) = account.filter(is_unconfirmed) else { return Ok(Ok(())) };
    confirmation::replace_address(auth, &account, address, caller).await
}

/// Confirms the address by the code of the mail; `altcha` is a proof of work, where one is owed (people PPL-55).
///
/// # Errors
/// 404 when nobody waits with this; the field for a wrong code, and after five of them (people PPL-70).
pub async fn confirm_by_code(
    auth: &Auth,
    token: &Secret,
    code: &str,
    altcha: Option<&str>,
    caller: &Caller,
) -> Result<Result<(), FormError>, Error> {
    let (_, account) = waiting::found(auth, token).await?;
    let Some(account) = account else { return Ok(Err(FormError::new("code", "ERR_INVALID", texts::WRONG_CODE))) };
    if !is_unconfirmed(&account) {
        return Ok(Ok(()));
    }
    count_code(auth, caller).await?;
    let (digest, now) = (code_digest(auth, code), auth.ambient().now());
    let of = CodeOf { purpose: Purpose::Confirm, account: account.id.clone(), subject: None };
    let checked =
        auth.store().write(move |c| Box::pin(async move { mail_tokens::check_code(c, &of, digest, now).await }));
    let wrong = |why| Ok(Err(FormError::new("code", "ERR_INVALID", why)));
    match checked.await? {
        CodeCheck::Right(token) => {
            if let Err(problem) = proof_of_work::take(auth, &account.id, altcha, caller).await? {
                return Ok(Err(problem));
            }
            if confirmation::confirm(auth, &account, Proof::Mail(token.id), caller).await? == Confirmed::Now {
                return Ok(Ok(()));
            }
        }
        CodeCheck::Wrong => return wrong(texts::WRONG_CODE),
        CodeCheck::Ended => {}
    }
    // Somebody was faster: by the link or with the same code, or with another address.
    match auth.account(&account.id).await?.is_some_and(|account| !is_unconfirmed(&account)) {
        true => Ok(Ok(())),
        false => wrong(texts::CODE_ENDED),
    }
}

async fn count_code(auth: &Auth, caller: &Caller) -> Result<(), Error> {
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let counter = caller.limited_as().and_then(|network| limits.counter(Rule::TokenLinks, &network));
    let Some(counter) = counter else { return Ok(()) };
    let counted = auth.store().write_one(move |c| Box::pin(rate_limits::count(c, counter, now))).await?;
    match counted > i64::from(counter.limit.max) {
        true => Err(throttle::exceeded(auth, (counter, caller.source), texts::TOO_MANY_REQUESTS).await),
        false => Ok(()),
    }
}

/// Takes the sign-up back: the account goes, and its name and address are free.
///
/// # Errors
/// 404 when nobody waits with this; `Conflict` when it was decided already.
pub async fn withdraw(auth: &Auth, token: &Secret, caller: &Caller) -> Result<(), Error> {
    let (waits, account) = waiting::found(auth, token).await?;
    let Some(account) = account else {
        // Staff was faster, or time was.
        return match waits.outcome {
            Some(_) => Err(Error::refused(Code::Conflict, texts::DECIDED_ALREADY)),
            None => Ok(()),
        };
    };
    if account.inactive_reason().is_none() {
        return Err(Error::refused(Code::Conflict, texts::DECIDED_ALREADY));
    }
    let event = events::event(auth, EventKind::SignUpWithdrawn, caller).by(Actor::Account(account.id.clone()));
    match removal::remove(auth, &account, Removal::Withdrawn, event).await? {
        true => Ok(()),
        false => Err(Error::refused(Code::Conflict, texts::DECIDED_ALREADY)),
    }
}

/// Goes on, once: with a session, where this browser signed up within a day; else by signing in (people PPL-61).
///
/// # Errors
/// 404 when nobody waits with this.
pub async fn proceed(auth: &Auth, token: &Secret, browser: Browser) -> Result<Proceeded, Error> {
    let (waits, account) = waiting::found(auth, token).await?;
    // Before the row is spent: when everything of the account ends meanwhile, no session begins (security REV-2).
    let known = session::credentials_of(auth, &waits.account).await?;
    let state = waiting::state(&waits, account.as_ref());
    let Some(account) = account.filter(|_| state == WaitingState::Ready) else { return Ok(Proceeded::Waits(state)) };
    let now = auth.ambient().now();
    let goes_on = waits.since == WaitingSince::SignUp && now.since(waits.created_at) <= GOES_ON;
    if !goes_on || waits.spent_at.is_some() {
        return Ok(Proceeded::SignIn(waits.request));
    }
    let id = waits.id.clone();
    let spent = auth.store().write_one(move |c| Box::pin(async move { store::waiting::spend(c, &id, now).await }));
    if !spent.await? {
        return Ok(Proceeded::SignIn(waits.request));
    }
    let by = ProofKind::Host("sign_up".to_owned());
    begin_session(auth, Proven { known_before: Some(known), ..Proven::new(&account, &by) }, waits, browser).await
}

async fn begin_session(auth: &Auth, proven: Proven<'_>, waits: Waiting, browser: Browser) -> Result<Proceeded, Error> {
    if !waits.request.is_empty() {
        let asked = crate::model::authorization::AuthorizationRequest::of_pairs(&waits.request);
        match request::check(auth, &asked, Omitted::FromRegistration).await {
            Ok(checked) => {
                let signed_in = sign_in::after_proof(auth, proven, checked, browser, None).await?;
                return Ok(Proceeded::SignedIn(Box::new(signed_in)));
            }
            // The app is gone, or asks for what it may not any more: the person ends on the own page (people PPL-62).
            Err(request::RequestError::Refused(..)) => {}
            Err(request::RequestError::Failed(error)) => return Err(error),
        }
    }
    Ok(Proceeded::SignedInHere(sign_in::without_app(auth, proven, browser).await?))
}
