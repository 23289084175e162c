//! Second factors of a host that had its own before, taken over so that nobody has to set theirs up again (FAC-166).

use zeroize::Zeroizing;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::factors::{StoredFactor, place};
use crate::secret::Secret;
use crate::steps::{events, second_step};
use crate::store;
use crate::store::{Conn, credentials, factors};
use crate::texts;

/// How long a secret may be that is taken over, in bytes: short ones of old apps, and what fits into an `otpauth` address.
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 10..=128;

/// An authenticator app that an account had elsewhere: SHA-1, six digits, thirty seconds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportedTotp {
    /// What the app and the host share, in base32 with or without padding.
    pub secret: Secret,
    /// What its owner calls it; empty for the usual name.
    pub name: String,
    /// The last time step whose code was used: seconds since 1970 by thirty. That one and those before it count no more.
    pub last_step: i64,
}

impl ImportedTotp {
    /// An app with the usual name.
    #[must_use]
    pub fn new(secret: Secret, last_step: i64) -> Self {
        Self { secret, name: String::new(), last_step }
    }
}

/// Takes an authenticator app over: it counts at once, and sign-ins of the account ask for a second proof from now on. Nothing of the
/// account ends, and nobody is told: for its owner nothing changes. Recovery codes are not made, since nobody would see them.
///
/// # Errors
/// 404 for an account that the host does not know; 422 for what is no secret, no name, or a step that is not over; `Conflict` when the
/// account has an app with this secret; `Full` with as many apps as there can be; when host or database do not answer.
pub async fn totp(auth: &Auth, account: &AccountId, totp: ImportedTotp) -> Result<(), Error> {
    let account = known(auth, account).await?;
    let now = auth.ambient().now();
    let name = second_step::name_of(&totp.name, texts::AUTHENTICATOR_APP)?;
    let secret = secret_of(&totp.secret).filter(|secret| SECRET_LENGTHS.contains(&secret.len()));
    let secret = secret.ok_or_else(|| invalid("The secret must be base32 of 10 to 128 bytes."))?;
    if totp.last_step < 0 || totp.last_step > now.seconds() / 30 + 1 {
        return Err(invalid("The last step must not lie in the future."));
    }
    let (id, keys) = (auth.ambient().id(), auth.config().keys.secrets());
    let sealed = keys.seal(auth.ambient(), &place(&account.id, &id), &secret);
    let factor = StoredFactor {
        id,
        account: account.id.clone(),
        name,
        secret: sealed.ok_or_else(|| Error::failed("a secret cannot be sealed"))?,
        last_step: totp.last_step,
        made_in: "import".to_owned(),
        tries: 0,
        created_at: now,
        proven_at: Some(now),
        expires_at: None,
        last_used_at: None,
    };
    let (id, most, unsealing) = (account.id.clone(), auth.config().factors.max_totp, auth.clone());
    let told = [added(auth, &account, "totp"), event(auth, &account, EventKind::TwoStepOn)];
    let imported = auth.store().write(move |c| {
        Box::pin(async move {
            let there = factors::proven(c, &id).await?;
            let is_same = |other: &StoredFactor| {
                let keys = unsealing.config().keys.secrets();
                keys.open(&place(&other.account, &other.id), &other.secret).is_some_and(|bytes| *bytes == *secret)
            };
            if there.iter().any(is_same) {
                return Err(Error::refused(Code::Conflict, "The account has an app with this secret."));
            }
            if there.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
                return Err(Error::refused(Code::Full, texts::TOO_MANY_APPS));
            }
            factors::begin(c, factor).await?;
            turned_on(c, &id, told).await
        })
    });
    imported.await
}

fn secret_of(base32: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text: String = base32.expose().chars().filter(|c| !matches!(c, ' ' | '-' | '=')).collect();
    data_encoding::BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok().map(Zeroizing::new)
}

async fn turned_on(c: &mut Conn, account: &AccountId, told: [NewEvent; 2]) -> Result<(), Error> {
    let is_on = credentials::of_account(c, account).await?.two_step;
    let [added, turned_on] = told;
    store::events::add(c, added).await?;
    if is_on {
        return Ok(());
    }
    // Nothing is known yet of the credentials of somebody who never signed in.
    credentials::insert(c, account).await?;
    credentials::set_two_step(c, account, true).await?;
    store::events::add(c, turned_on).await
}

async fn known(auth: &Auth, account: &AccountId) -> Result<Account, Error> {
    auth.account(account).await?.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))
}

fn event(auth: &Auth, account: &Account, kind: EventKind) -> NewEvent {
    events::event(auth, kind, &Caller::default()).by(Actor::System).about(&account.id, &account.username)
}

fn added(auth: &Auth, account: &Account, kind: &'static str) -> NewEvent {
    event(auth, account, EventKind::FactorAdded).with("type", kind).with("by", "import")
}

fn invalid(why: &'static str) -> Error {
    Error::refused(Code::Validation, why)
}

#[cfg(feature = "passkeys")]
pub use self::of_passkeys::{ImportedPasskey, passkey};

#[cfg(feature = "passkeys")]
mod of_passkeys {
    use super::{added, invalid, known};
    use crate::auth::Auth;
    use crate::error::{Code, Error};
    use crate::model::account::AccountId;
    use crate::passkey::{Kept, imported};
    use crate::steps::{passkeys, second_step};
    use crate::store;
    use crate::texts;

    /// A passkey that an account had elsewhere, for the same domain.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct ImportedPasskey {
        /// The id of the credential.
        pub credential_id: Vec<u8>,
        /// Its public key, as the authenticator gave it: a COSE key in CBOR, of ES256 or RS256.
        pub public_key: Vec<u8>,
        /// The user handle that the host gave it. One account has one: with another, the passkey would know nobody.
        pub user_handle: Vec<u8>,
        /// Its counter as it was last seen.
        pub counter: u32,
        /// Whether it verified its owner when it was made. One that did has to go on doing so.
        pub user_verified: bool,
        /// Whether it can be copied to other devices, and whether it was (the flags BE and BS).
        pub backup_eligible: bool,
        /// The flag BS.
        pub backed_up: bool,
        /// By which ways it can be reached (`transports`).
        pub transports: Vec<String>,
        /// What its owner calls it; empty for the usual name.
        pub name: String,
    }

    impl ImportedPasskey {
        /// A passkey that stays on one device and verified its owner, with the usual name.
        #[must_use]
        pub fn new(credential_id: Vec<u8>, public_key: Vec<u8>, user_handle: Vec<u8>) -> Self {
            Self {
                credential_id,
                public_key,
                user_handle,
                counter: 0,
                user_verified: true,
                backup_eligible: false,
                backed_up: false,
                transports: Vec::new(),
                name: String::new(),
            }
        }
    }

    /// Takes a passkey over. Whether sign-ins ask for it after the password does not change.
    ///
    /// # Errors
    /// 404 where there are no passkeys, and for an account that the host does not know; 422 for what is no key, no id, no handle or no
    /// name; `Conflict` when somebody has the passkey already, or the account another handle; `Full` with as many as there can be.
    pub async fn passkey(auth: &Auth, account: &AccountId, passkey: ImportedPasskey) -> Result<(), Error> {
        let party = passkeys::require(auth)?;
        let account = known(auth, account).await?;
        let name = second_step::name_of(&passkey.name, "")?;
        let handle = passkey.user_handle;
        if handle.is_empty() || handle.len() > 64 {
            return Err(invalid("The user handle must have 1 to 64 bytes."));
        }
        let kept = Kept {
            id: passkey.credential_id,
            key: passkey.public_key,
            counter: passkey.counter,
            verified: passkey.user_verified,
            backup_eligible: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            transports: passkey.transports,
        };
        let made = imported(kept).map_err(|why| {
            tracing::info!(?why, "a passkey cannot be taken over");
            invalid("The passkey must have an id of 1 to 1023 bytes and a COSE key of ES256 or RS256.")
        })?;
        let stored = passkeys::stored(auth, &party, account.id.clone(), made, name);
        let (most, told) = (auth.config().factors.max_passkeys, added(auth, &account, "passkey"));
        let imported = auth.store().write(move |c| {
            Box::pin(async move {
                if store::passkeys::count(c, &stored.account).await? >= i64::from(most) {
                    return Err(Error::refused(Code::Full, texts::TOO_MANY_PASSKEYS));
                }
                if store::passkeys::handle(c, &stored.account, &handle).await? != handle {
                    return Err(Error::refused(Code::Conflict, "The account has another user handle."));
                }
                if !store::passkeys::insert(c, &stored).await? {
                    return Err(Error::refused(Code::Conflict, texts::PASSKEY_TAKEN));
                }
                store::events::add(c, told).await
            })
        });
        imported.await
    }
}
