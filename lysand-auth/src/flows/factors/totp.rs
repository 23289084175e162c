//! Setting up an authenticator app: a secret that both know, and the first code that proves it (FAC-62 to FAC-65).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::factors::{FactorKind, StoredFactor, place};
use crate::model::proofs::ProofKind;
use crate::model::session::SignedInBrowser;
use crate::model::totp::{self, TotpSecret};
use crate::secret::Secret;
use crate::steps::factor_change::FactorChange;
pub use crate::steps::owner::Owner;
pub use crate::steps::presence::OwnProof;
use crate::steps::recovery_set::{FirstCodes, RecoverySet};
use crate::steps::session::NewSession;
use crate::steps::{code_factor, completion, events, notices, second_step, session};
use crate::store::{credentials, factors};
use crate::texts;

/// How long an app can be set up.
const SETUP: Duration = Duration::from_secs(600);
/// How many wrong codes end that.
const MOST_WRONG: i64 = 20;

/// An authenticator app that is being set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// Its id.
    pub id: String,
    /// What the app is to know, as people type it: base32.
    pub secret: Secret,
    /// The address that brings it into the app.
    pub address: Secret,
    /// That address as a QR code: the element `svg`.
    pub qr_code: Secret,
    /// Until when it can be set up.
    pub expires_at: Timestamp,
}

/// An authenticator app that counts from now on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Enrolled {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// The recovery codes, when they were made just now: they are never shown again.
    pub recovery_codes: Vec<Secret>,
    /// The cookie of the session that takes the place of the browser's.
    pub cookie: Option<Secret>,
}

/// Demands that there are authenticator apps here.
///
/// # Errors
/// 404 where the configuration has none.
pub fn require(auth: &Auth) -> Result<(), Error> {
    match auth.config().factors.allow(FactorKind::Totp) {
        true => Ok(()),
        false => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

/// Begins to set an app up. One that was being set up in the same session or with the same token, and never proven, goes.
///
/// # Errors
/// `ProofRequired` and what goes with it; `Full` with as many apps as there can be; `Conflict` while the address is not
/// confirmed, for who signs up with somebody else's address must not be able to lock it (FAC-65).
pub async fn begin(auth: &Auth, owner: &Owner, proof: &OwnProof, caller: &Caller) -> Result<Setup, Error> {
    require(auth)?;
    owner.present.require_proof(auth, &owner.account, proof, caller).await?;
    if owner.account.email.as_ref().is_some_and(|email| !email.confirmed) {
        return Err(Error::refused(Code::Conflict, texts::ADDRESS_FIRST));
    }
    let (now, id, secret) = (auth.ambient().now(), auth.ambient().id(), TotpSecret::generate(auth.ambient()));
    let account = owner.account.id.clone();
    let sealed = auth.config().keys.secrets().seal(auth.ambient(), &place(&account, &id), secret.bytes());
    let sealed = sealed.ok_or_else(|| Error::failed("a secret cannot be sealed"))?;
    let factor = StoredFactor {
        id: id.clone(),
        account: account.clone(),
        name: String::new(),
        secret: sealed,
        last_step: 0,
        made_in: owner.asked_in.clone(),
        tries: 0,
        created_at: now,
        proven_at: None,
        expires_at: Some(now.plus(SETUP)),
        last_used_at: None,
    };
    let (acts_in, most) = (owner.acts_in(), auth.config().factors.max_totp);
    let begun = auth.store().write(move |c| {
        Box::pin(async move {
            acts_in.require(c, &account, now).await?;
            is_room(factors::proven(c, &account).await?.len(), most)?;
            factors::begin(c, factor).await
        })
    });
    begun.await?;
    shown(auth, &owner.account, id, &secret, now.plus(SETUP))
}

fn is_room(apps: usize, most: u32) -> Result<(), Error> {
    match apps < usize::try_from(most).unwrap_or(usize::MAX) {
        true => Ok(()),
        false => Err(Error::refused(Code::Full, texts::TOO_MANY_APPS)),
    }
}

fn shown(
    auth: &Auth,
    account: &Account,
    id: String,
    secret: &TotpSecret,
    expires_at: Timestamp,
) -> Result<Setup, Error> {
    let host = auth.config().base_url.host();
    let title = auth.live_config().title;
    let issuer = title.as_deref().unwrap_or(host);
    let address = secret.address(issuer, &account.username, host);
    let qr_code = totp::qr_code(&address).map(Secret::new).ok_or_else(|| Error::failed("a QR code cannot be drawn"))?;
    Ok(Setup { id, secret: secret.to_base32(), address, qr_code, expires_at })
}

/// The app that is being set up, as it was shown: for the page after a wrong code.
///
/// # Errors
/// 404 when it is none of this owner's, or over.
pub async fn again(auth: &Auth, owner: &Owner, id: &str) -> Result<Setup, Error> {
    let factor = being_set_up(auth, owner, id).await?;
    let secret = code_factor::secret_of(auth, &factor).ok_or_else(setup_over)?;
    shown(auth, &owner.account, factor.id, &secret, factor.expires_at.unwrap_or(factor.created_at))
}

async fn being_set_up(auth: &Auth, owner: &Owner, id: &str) -> Result<StoredFactor, Error> {
    let (account, id, now) = (owner.account.id.clone(), id.to_owned(), auth.ambient().now());
    let found =
        auth.store().look_up(move |c| Box::pin(async move { factors::of_account(c, &account, &id).await })).await?;
    let is_being_set_up = |factor: &StoredFactor| {
        let waits = factor.proven_at.is_none() && factor.expires_at.is_some_and(|end| now < end);
        waits && factor.made_in == owner.asked_in && factor.tries < MOST_WRONG
    };
    found.filter(is_being_set_up).ok_or_else(setup_over)
}

fn setup_over() -> Error {
    Error::refused(Code::NotFound, texts::SETUP_OVER)
}

/// Whether this can be the name of a factor (FAC-178).
#[must_use]
pub fn is_name(typed: &str) -> bool {
    second_step::name_of(typed, "").is_ok()
}

/// The first code of the app: it counts from now on, and two-step sign-in is on. Everything else that is signed in to the account
/// ends (FAC-38); a browser gets another session.
///
/// # Errors
/// `WrongFactor`; 404 for what is not being set up by this owner; 422 for what is no code or no name; `ProofRequired`; `Full`.
pub async fn confirm(
    auth: &Auth,
    (owner, browser): (&Owner, Option<&SignedInBrowser>),
    (id, code, name): (&str, &str, &str),
    proof: &OwnProof,
    caller: &Caller,
) -> Result<Enrolled, Error> {
    require(auth)?;
    let known = session::credentials_of(auth, &owner.account.id).await?;
    owner.present.require_proof(auth, &owner.account, proof, caller).await?;
    let (name, code) =
        (second_step::name_of(name, texts::AUTHENTICATOR_APP)?, code_factor::code_of(FactorKind::Totp, code)?);
    let factor = being_set_up(auth, owner, id).await?;
    let Some(step) = code_factor::step(auth, &factor, &code) else {
        let id = factor.id;
        auth.store().write_one(move |c| Box::pin(async move { factors::count_wrong(c, &id).await })).await?;
        return Err(completion::wrong_code());
    };
    let set = RecoverySet::new(auth, &owner.account);
    let mut change = FactorChange::new(auth, owner, known, false);
    let renewed = NewSession::after_factor(auth, &owner.account, browser, (known, &ProofKind::Totp))?;
    let cookie;
    (change.session, cookie) = renewed.unzip();
    let account = owner.account.id.clone();
    let event = |kind| {
        let event = events::event(auth, kind, caller).by(Actor::Account(account.clone()));
        event.about(&account, &owner.account.username)
    };
    change.events.push(event(EventKind::FactorAdded).with("type", "totp"));
    change.notices.extend(notices::added(auth, &owner.account, &name, caller));
    if !known.two_step {
        change.events.push(event(EventKind::TwoStepOn));
    }
    let first = FirstCodes::new(auth, &owner.account, &set, event(EventKind::RecoveryMade));
    let (id, kept_name, now) = (factor.id.clone(), name.clone(), auth.ambient().now());
    let most = auth.config().factors.max_totp;
    let is_first = change.make(auth, move |c| {
        Box::pin(async move {
            is_room(factors::proven(c, &account).await?.len(), most)?;
            if !factors::prove(c, &account, (&id, &kept_name, step), now).await? {
                return Err(setup_over());
            }
            credentials::set_two_step(c, &account, true).await?;
            first.keep(c).await
        })
    });
    let recovery_codes = if is_first.await? { set.codes } else { Vec::new() };
    tracing::info!(account = %owner.account.id, factor = %factor.id, "an authenticator app was added");
    Ok(Enrolled { id: factor.id, name, created_at: factor.created_at, recovery_codes, cookie })
}
