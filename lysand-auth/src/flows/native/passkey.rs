//! A passkey in place of name and password with a native client (native 1.4, FAC-54), and the own passkeys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::second_step::{self, FirstStep, StepRefused};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::credentials::Demand;
use crate::model::event::EventKind;
use crate::model::native::Program;
use crate::model::passkeys::StoredPasskey;
use crate::model::proofs::ProofKind;
use crate::model::rate_limit::Rule;
use crate::passkey::{Known, Presented, Verification};
use crate::secret::Secret;
use crate::steps::host_rules::Proven;
use crate::steps::native_sign_in::Start;
use crate::steps::passkeys::{self, Ceremony};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::{events, identifier, passkey_use, pending, session, throttle};
use crate::store;
use crate::texts;

/// How many bytes of an invented passkey's id.
const DECOY: usize = 32;

/// What `navigator.credentials.get` takes as `publicKey`, and the handle that goes back with its answer. Whoever is named gets the same,
/// with passkeys that are nobody's in place of none.
///
/// # Errors
/// 404 where passkeys sign nobody in; 429 when an address asks for too many.
pub async fn passkey_sign_in_options(
    auth: &Auth,
    named: Option<&str>,
    caller: &Caller,
) -> Result<(Secret, String), Error> {
    let party = require(auth)?;
    throttle::count_from(auth, Rule::PasskeyStart, caller).await?;
    let handle = pending::new_handle(auth);
    let (known, cookie) = match named {
        None => (Vec::new(), handle.clone()),
        Some(typed) => {
            let named = identifier::named(auth, typed.trim().to_lowercase()).await?;
            let account = auth.accounts().by_identifier(&named).await.map_err(Error::from_host)?;
            let id = account.map_or_else(|| AccountId::new(""), |account| account.id);
            let own = passkeys::working(auth, &id).await?;
            let known: Vec<Known> = own.iter().map(StoredPasskey::known).collect();
            let known = if known.is_empty() { vec![decoy(auth, &named)] } else { known };
            (known, of_account(&handle, &id))
        }
    };
    let challenge = passkeys::draw(auth, Ceremony::SignIn(&cookie));
    Ok((handle, party.request_options(&challenge, &known, Verification::Required).to_string()))
}

fn require(auth: &Auth) -> Result<crate::passkey::RelyingParty, Error> {
    match auth.config().factors.passkey_sign_in {
        true => passkeys::require(auth),
        false => Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND)),
    }
}

/// A passkey that nobody has, the same for the same name.
fn decoy(auth: &Auth, named: &str) -> Known {
    let id = Secret::derive(&auth.challenge_key(), &[b"passkey decoy", named.as_bytes()]);
    let id = URL_SAFE_NO_PAD.decode(id.expose()).unwrap_or_default();
    Known { id: id.into_iter().take(DECOY).collect(), transports: Vec::new() }
}

/// What an answer is bound to that was asked of somebody who is named.
fn of_account(handle: &Secret, account: &AccountId) -> Secret {
    Secret::new(format!("{}\n{account}", handle.expose()))
}

/// Begins with a passkey. Where two-step is on a second proof follows (factors section 20).
///
/// # Errors
/// Why not.
pub async fn begin_with_passkey(
    auth: &Auth,
    (handle, credential): (&Secret, &str),
    program: &Program,
    caller: &Caller,
) -> Result<FirstStep, StepRefused> {
    let mut whose = None;
    let begun = checked(auth, (handle, credential), (program, caller), &mut whose).await;
    if let Some(error) = begun.as_ref().err().and_then(StepRefused::logged) {
        let whom = whose.as_ref().map_or(Whom::Typed(""), Whom::Account);
        refused_sign_in::log(auth, &whom, caller.source, &error);
    }
    begun
}

async fn checked(
    auth: &Auth,
    (handle, credential): (&Secret, &str),
    (program, caller): (&Program, &Caller),
    whose: &mut Option<AccountId>,
) -> Result<FirstStep, StepRefused> {
    require(auth)?;
    throttle::refuse_address(auth, caller.source)?;
    let (presented, passkey) = found(auth, handle, credential).await?;
    *whose = Some(passkey.account.clone());
    let account = auth.account(&passkey.account).await?.ok_or(StepRefused::Credentials)?;
    let known = session::credentials_of(auth, &account.id).await?;
    let synced = match passkey_use::used(auth, (&passkey, &account), &presented, caller).await {
        Ok(synced) => synced,
        Err(error) => return Err(failed(auth, error, &account, (program, caller)).await?.into()),
    };
    if known.demanded == Some(Demand::Now) {
        return Err(StepRefused::Credentials);
    }
    second_step::may_sign_in(&account)?;
    let by = ProofKind::Passkey;
    let proven = Proven { known_before: Some(known), synced, ..Proven::new(&account, &by) };
    second_step::after_first_proof(auth, proven, known, Start { program, caller, pair: None }).await
}

/// What was presented, and whose it says to be: to whoever asked without a name, or for the account that was named.
async fn found(auth: &Auth, handle: &Secret, credential: &str) -> Result<(Presented, StoredPasskey), Error> {
    let presented = match passkeys::presented(auth, Ceremony::SignIn(handle), credential) {
        Ok(presented) => {
            let found = passkey_use::found(auth, &presented).await;
            let passkey = kept(auth, &presented, found).await?;
            return Ok((presented, passkey));
        }
        Err(error) => match Presented::read(credential) {
            Ok(presented) => presented,
            Err(_) => return Err(error),
        },
    };
    let id = presented.id.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { store::passkeys::by_credential(c, &id).await }));
    let (passkey, owner) = found.await?.ok_or_else(passkey_use::unknown)?;
    let cookie = of_account(handle, &passkey.account);
    let presented = passkeys::presented(auth, Ceremony::SignIn(&cookie), credential)?;
    // A passkey that its browser does not keep under its owner tells nobody's handle.
    match presented.owner.as_ref().is_none_or(|told| *told == owner) {
        true => Ok((presented, passkey)),
        false => kept(auth, &presented, Err(passkey_use::unknown())).await.map(|passkey| (presented, passkey)),
    }
}

/// The same; a challenge that was answered in vain is used up.
async fn kept(auth: &Auth, presented: &Presented, found: Result<StoredPasskey, Error>) -> Result<StoredPasskey, Error> {
    if found.is_err() {
        passkeys::waste(auth, passkeys::digest(&presented.challenge)).await?;
    }
    found
}

async fn failed(
    auth: &Auth,
    why: Error,
    owner: &Account,
    (program, caller): (&Program, &Caller),
) -> Result<Error, Error> {
    let event = events::event(auth, EventKind::SignInFailed, caller).with("step", "passkey");
    let event = event.with("service", program.dialect.name()).about(&owner.id, &owner.username);
    events::record_refusal(auth, event).await?;
    Ok(why)
}

/// A passkey as its owner sees it with a native client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NativePasskey {
    /// Its id here.
    pub id: String,
    /// Its id as browsers know it, in base64url.
    pub credential: String,
    /// Its name.
    pub name: String,
    /// How often it was used, as it says.
    pub counter: u32,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// The own passkeys.
///
/// # Errors
/// When the database does not answer.
pub async fn own_passkeys(auth: &Auth, account: &AccountId) -> Result<Vec<NativePasskey>, Error> {
    let id = account.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { store::passkeys::of_account(c, &id).await }));
    let own = found.await?.into_iter().map(|passkey| NativePasskey {
        credential: URL_SAFE_NO_PAD.encode(&passkey.credential),
        id: passkey.id,
        name: passkey.name,
        counter: passkey.counter,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    });
    Ok(own.collect())
}
