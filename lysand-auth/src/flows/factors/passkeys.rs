//! Adding a passkey: what a browser makes it from, and what it sends back (FAC-72, FAC-74, FAC-77, FAC-82).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::passkeys::StoredPasskey;
use crate::model::proofs::ProofKind;
use crate::model::session::SignedInBrowser;
use crate::passkey::{Known, User, Verification};
use crate::secret::{Digest, Secret};
use crate::steps::factor_change::FactorChange;
pub use crate::steps::owner::Owner;
use crate::steps::passkeys::{self, Ceremony};
pub use crate::steps::presence::OwnProof;
use crate::steps::recovery_set::{FirstCodes, RecoverySet};
use crate::steps::session::NewSession;
use crate::steps::{events, notices, second_step, session};
use crate::store::{self, credentials};
use crate::texts;

/// A passkey that a browser is asked to make.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PasskeySetup {
    /// Its id.
    pub id: String,
    /// What `navigator.credentials.create` takes as `publicKey`: JSON, with bytes as base64url.
    pub options: String,
    /// Until when it can be made.
    pub expires_at: Timestamp,
}

/// A passkey that a browser made.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a form has, made at each call")]
pub struct NewPasskey<'a> {
    /// [`PasskeySetup::id`].
    pub setup: &'a str,
    /// What the browser made: the credential as JSON.
    pub credential: &'a str,
    /// A name for it; empty is the usual one.
    pub name: &'a str,
    /// Whether a sign-in by password asks for a second proof from now on. `None` is yes where there is a password. What is on stays on.
    pub two_step: Option<bool>,
}

/// A passkey that counts from now on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AddedPasskey {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Whether it is on more than one device of its owner.
    pub synced: bool,
    /// The recovery codes, when they were made just now: they are never shown again.
    pub recovery_codes: Vec<Secret>,
    /// The cookie of the session that takes the place of the browser's.
    pub cookie: Option<Secret>,
}

/// Begins to add one. Nothing is kept of it but a random handle of the account.
///
/// # Errors
/// 404 where there are no passkeys; `ProofRequired` and what goes with it; `Full` with as many as there can be; `Conflict` while the
/// address is not confirmed (FAC-65).
pub async fn begin(auth: &Auth, owner: &Owner, proof: &OwnProof, caller: &Caller) -> Result<PasskeySetup, Error> {
    let party = passkeys::require(auth)?;
    let account = &owner.account;
    owner.present.require_proof(auth, account, proof, caller).await?;
    if account.email.as_ref().is_some_and(|email| !email.confirmed) {
        return Err(Error::refused(Code::Conflict, texts::ADDRESS_FIRST));
    }
    let (id, new) = (account.id.clone(), auth.ambient().bytes::<32>());
    let found = auth.store().write(move |c| {
        Box::pin(async move {
            let handle = store::passkeys::handle(c, &id, &new).await?;
            Ok((handle, store::passkeys::of_account(c, &id).await?))
        })
    });
    let (handle, own) = found.await?;
    is_room(auth, i64::try_from(own.len()).unwrap_or(i64::MAX))?;
    let challenge = passkeys::draw(auth, Ceremony::Setup(&account.id, &owner.asked_in));
    let display_name = if account.display_name.is_empty() { &account.username } else { &account.display_name };
    let user = User { handle: &handle, name: &account.username, display_name };
    let known: Vec<Known> = own.iter().map(StoredPasskey::known).collect();
    let options = party.creation_options(&challenge, user, &known, verification(auth, account).await?);
    let expires_at = auth.ambient().now().plus(passkeys::LIFETIME);
    Ok(PasskeySetup { id: URL_SAFE_NO_PAD.encode(challenge), options: options.to_string(), expires_at })
}

fn is_room(auth: &Auth, there: i64) -> Result<(), Error> {
    match there < i64::from(auth.config().factors.max_passkeys) {
        true => Ok(()),
        false => Err(Error::refused(Code::Full, texts::TOO_MANY_PASSKEYS)),
    }
}

/// Where there is no password, the passkey has to be as good as two proofs.
async fn verification(auth: &Auth, account: &Account) -> Result<Verification, Error> {
    let has_password = auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
    Ok(if has_password { Verification::Preferred } else { Verification::Required })
}

/// Whether somebody who adds a passkey is asked if sign-ins with the password want a second proof from now on (FAC-82).
///
/// # Errors
/// When host or database do not answer.
pub async fn asks_two_step(auth: &Auth, account: &Account) -> Result<bool, Error> {
    let has_password = auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
    Ok(has_password && !session::credentials_of(auth, &account.id).await?.two_step)
}

/// How many passkeys are for another domain than that of this configuration: they stopped working (FAC-71).
///
/// # Errors
/// When the database does not answer.
pub async fn of_other_domains(auth: &Auth) -> Result<i64, Error> {
    let domain = auth.config().passkeys.domain(&auth.config().base_url).unwrap_or_default();
    auth.store().read(move |c| Box::pin(async move { store::passkeys::of_other_domains(c, &domain).await })).await
}

/// Whether this can be the name of a passkey (FAC-178).
#[must_use]
pub fn is_name(typed: &str) -> bool {
    second_step::name_of(typed, "").is_ok()
}

/// Adds the passkey that a browser made. Everything else that is signed in to the account ends (FAC-38); a browser gets another
/// session.
///
/// # Errors
/// `WrongPasskey` for every cause that lies in the passkey; `Conflict` when somebody has it already; 422 for what is no name;
/// `ProofRequired`; `Full`.
pub async fn confirm(
    auth: &Auth,
    (owner, browser): (&Owner, Option<&SignedInBrowser>),
    new: NewPasskey<'_>,
    proof: &OwnProof,
    caller: &Caller,
) -> Result<AddedPasskey, Error> {
    passkeys::require(auth)?;
    let account = &owner.account;
    let known = session::credentials_of(auth, &account.id).await?;
    owner.present.require_proof(auth, account, proof, caller).await?;
    second_step::name_of(new.name, "")?;
    let (passkey, challenge) = made(auth, owner, &new).await?;
    let name = passkey.name.clone();
    let has_password = auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
    let turns_on = !known.two_step && new.two_step.unwrap_or(has_password);
    let set = RecoverySet::new(auth, account);
    let mut change = FactorChange::new(auth, owner, known, false);
    let renewed = NewSession::after_factor(auth, account, browser, (known, &ProofKind::Passkey))?;
    let cookie;
    (change.session, cookie) = renewed.unzip();
    let event = |kind| {
        let event = events::event(auth, kind, caller).by(Actor::Account(account.id.clone()));
        event.about(&account.id, &account.username)
    };
    change.events.push(event(EventKind::FactorAdded).with("type", "passkey"));
    change.notices.extend(notices::added(auth, account, &name, caller));
    if turns_on {
        change.events.push(event(EventKind::TwoStepOn));
    }
    let first = FirstCodes::new(auth, account, &set, event(EventKind::RecoveryMade));
    let (kept, most, now) = (passkey.clone(), auth.config().factors.max_passkeys, auth.ambient().now());
    let is_first = change.make(auth, move |c| {
        Box::pin(async move {
            if !passkeys::spend(c, challenge, now).await? {
                return Err(Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY));
            }
            if store::passkeys::count(c, &kept.account).await? >= i64::from(most) {
                return Err(Error::refused(Code::Full, texts::TOO_MANY_PASSKEYS));
            }
            if !store::passkeys::insert(c, &kept).await? {
                return Err(Error::refused(Code::Conflict, texts::PASSKEY_TAKEN));
            }
            if turns_on {
                credentials::set_two_step(c, &kept.account, true).await?;
            }
            first.keep(c).await
        })
    });
    let recovery_codes = if is_first.await? { set.codes } else { Vec::new() };
    tracing::info!(account = %account.id, passkey = %passkey.id, "a passkey was added");
    let StoredPasskey { id, created_at, backed_up: synced, .. } = passkey;
    Ok(AddedPasskey { id, name, created_at, synced, recovery_codes, cookie })
}

/// Checks what the browser made. What was presented in vain is spent as well (FAC-175).
type Checked = (StoredPasskey, Digest);

async fn made(auth: &Auth, owner: &Owner, new: &NewPasskey<'_>) -> Result<Checked, Error> {
    let party = passkeys::require(auth)?;
    let account = &owner.account;
    let presented = passkeys::presented(auth, Ceremony::Setup(&account.id, &owner.asked_in), new.credential)?;
    let challenge = passkeys::digest(&presented.challenge);
    let wanted = verification(auth, account).await?;
    let made = match party.register(&presented, wanted) {
        Ok(made) if new.setup == URL_SAFE_NO_PAD.encode(presented.challenge) => made,
        Ok(_) => return Err(Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY)),
        Err(why) => {
            passkeys::waste(auth, challenge).await?;
            return Err(passkeys::refused(&why));
        }
    };
    let name = second_step::name_of(new.name, "")?;
    let passkey = passkeys::stored(auth, &party, account.id.clone(), made, name);
    Ok((passkey, challenge))
}
