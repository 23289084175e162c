//! Signing up with a passkey in place of a password: what a browser makes it from, and the passkey that comes with the account
//! (FAC-72, FAC-81).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::attempt::{SignUp, SignUpError, SignUpPasskey};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::offers::Offered;
use crate::model::account::{AccountId, Role};
use crate::model::caller::Caller;
use crate::model::event::{EventKind, NewEvent};
use crate::model::factors::FactorKind;
use crate::model::passkeys::StoredPasskey;
use crate::model::rate_limit::Rule;
use crate::model::recovery_code;
use crate::model::sign_up::Road;
use crate::passkey::{User, Verification};
use crate::secret::{Digest, Secret};
use crate::steps::passkeys::{self, Ceremony, NewOwner};
use crate::steps::{events, throttle};
use crate::store::{self, Conn, credentials, recovery_codes};
use crate::texts;

/// What stands for a browser's cookie where a program signs somebody up: no cookie has this value.
const PROGRAM: &str = "program";

/// A passkey that a browser is asked to make for a new account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BegunPasskey {
    /// Its id, for [`SignUpPasskey::setup`].
    pub id: String,
    /// What `navigator.credentials.create` takes as `publicKey`: JSON, with bytes as base64url.
    pub options: String,
    /// Until when it can be made.
    pub expires_at: Timestamp,
}

/// Whether somebody can sign up with a passkey here: it has to sign them in afterwards, and the host has to make accounts along with
/// what belongs to them.
pub async fn is_offered_with_passkey(auth: &Auth) -> bool {
    auth.config().factors.passkey_sign_up
        && passkeys::sign_in_domain(auth).is_some()
        && auth.offers(Offered::SignUp).await
}

/// Demands that it can be.
pub(super) async fn require(auth: &Auth) -> Result<(), Error> {
    match is_offered_with_passkey(auth).await {
        true => Ok(()),
        false => Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND)),
    }
}

/// What a browser makes the passkey from. Nothing is kept of it: neither the name nor anything else is taken.
pub(super) async fn begun(auth: &Auth, sign_up: &SignUp) -> Result<BegunPasskey, Error> {
    throttle::count_from(auth, Rule::PasskeyStart, &sign_up.caller).await?;
    let party = passkeys::require(auth)?;
    let handle = auth.ambient().bytes::<32>();
    let (holder, name) = (holder(sign_up)?, name(sign_up));
    let challenge =
        passkeys::draw(auth, Ceremony::SignUp(NewOwner { holder: &holder, handle: &handle, username: &name }));
    let user = User { handle: &handle, name: &name, display_name: &name };
    let options = party.creation_options(&challenge, user, &[], Verification::Required);
    let expires_at = auth.ambient().now().plus(passkeys::LIFETIME);
    Ok(BegunPasskey { id: URL_SAFE_NO_PAD.encode(handle), options: options.to_string(), expires_at })
}

fn name(sign_up: &SignUp) -> String {
    sign_up.form.username.trim().to_lowercase()
}

/// For whom the passkey is made: this browser, or a program.
fn holder(sign_up: &SignUp) -> Result<Secret, Error> {
    match (sign_up.road, &sign_up.cookie) {
        (Road::Page, Some(cookie)) => Ok(cookie.clone()),
        (Road::Page, None) => Err(wrong()),
        _ => Ok(Secret::new(PROGRAM)),
    }
}

fn wrong() -> Error {
    Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY)
}

/// A passkey that is about to be a new account's.
#[derive(Clone)]
pub(super) struct NewPasskey {
    challenge: Digest,
    handle: Vec<u8>,
    passkey: StoredPasskey,
    added: NewEvent,
    second_factor: Option<SecondFactor>,
}

/// What comes with it where the account must have a second factor (FAC-92): a sign-in asks for it from the first day on, and
/// recovery codes help whoever loses it.
#[derive(Clone)]
struct SecondFactor {
    codes: Vec<Secret>,
    key: [u8; 64],
    events: [NewEvent; 2],
}

/// What stands in its way.
pub(super) enum NotKept {
    /// It was used before.
    Spent,
    /// Somebody has it.
    Taken,
}

/// Checks the passkey of a sign-up. What was presented in vain is spent as well (FAC-175).
pub(super) async fn made(auth: &Auth, sign_up: &SignUp) -> Result<Option<NewPasskey>, SignUpError> {
    let Some(SignUpPasskey { setup, credential }) = &sign_up.passkey else { return Ok(None) };
    let party = passkeys::require(auth)?;
    let handle = URL_SAFE_NO_PAD.decode(setup).ok().filter(|handle| handle.len() == 32).ok_or_else(wrong)?;
    let (holder, name) = (holder(sign_up)?, name(sign_up));
    let ceremony = Ceremony::SignUp(NewOwner { holder: &holder, handle: &handle, username: &name });
    let presented = passkeys::presented(auth, ceremony, credential)?;
    let challenge = passkeys::digest(&presented.challenge);
    let made = match party.register(&presented, Verification::Required) {
        Ok(made) => made,
        Err(why) => {
            passkeys::waste(auth, challenge).await?;
            return Err(passkeys::refused(&why).into());
        }
    };
    let passkey = passkeys::stored(auth, &party, AccountId::new(""), made, String::new());
    let added = events::event(auth, EventKind::FactorAdded, &sign_up.caller).with("type", "passkey");
    Ok(Some(NewPasskey { challenge, handle, passkey, added, second_factor: second_factor(auth, &sign_up.caller) }))
}

fn second_factor(auth: &Auth, caller: &Caller) -> Option<SecondFactor> {
    let rules = &auth.config().factors;
    // Where a passkey is one proof of two, it cannot be the only factor.
    if !rules.required.concerns(Role::Member) || !rules.satisfy(FactorKind::Passkey) || !rules.passkey_alone {
        return None;
    }
    let key = auth.recovery_keys().next()?;
    let codes = (0..rules.recovery_codes).map(|_| recovery_code::generate(auth.ambient())).collect();
    let events = [EventKind::TwoStepOn, EventKind::RecoveryMade].map(|kind| events::event(auth, kind, caller));
    Some(SecondFactor { codes, key, events })
}

impl NewPasskey {
    /// The recovery codes that come with it.
    pub(super) fn codes(&self) -> &[Secret] {
        self.second_factor.as_ref().map_or(&[], |with| &with.codes)
    }

    /// Uses its challenge up without an account: true when it was not used before.
    pub(super) async fn spend(&self, c: &mut Conn, now: Timestamp) -> Result<bool, Error> {
        passkeys::spend(c, self.challenge, now).await
    }

    /// Keeps it, in the transaction that makes the account; with the events to record, or what stands in the way.
    pub(super) async fn keep(
        self,
        c: &mut Conn,
        id: &AccountId,
        now: Timestamp,
    ) -> Result<Result<Vec<NewEvent>, NotKept>, Error> {
        if !self.spend(c, now).await? {
            return Ok(Err(NotKept::Spent));
        }
        store::passkeys::handle(c, id, &self.handle).await?;
        let passkey = StoredPasskey { account: id.clone(), ..self.passkey };
        if !store::passkeys::insert(c, &passkey).await? {
            return Ok(Err(NotKept::Taken));
        }
        let mut happened = vec![self.added];
        if let Some(SecondFactor { codes, key, events }) = self.second_factor {
            let typed = codes.iter().filter_map(|code| recovery_code::normalised(code.expose()));
            let digests: Vec<Digest> = typed.map(|code| recovery_code::digest(&key, id.as_str(), &code)).collect();
            recovery_codes::replace(c, id, &digests, now).await?;
            credentials::insert(c, id).await?;
            credentials::set_two_step(c, id, true).await?;
            happened.extend(events);
        }
        Ok(Ok(happened))
    }
}
