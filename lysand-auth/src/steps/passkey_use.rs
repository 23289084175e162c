//! A passkey that takes the place of name and password: whose it is, and that its challenge counts once (FAC-54, FAC-55, FAC-120).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::Actor;
use crate::model::passkeys::StoredPasskey;
use crate::model::way_back::Stop;
use crate::passkey::{Presented, Verification};
use crate::steps::{passkeys, way_back_notice, way_back_stop};
use crate::{store, texts};

/// Whose passkey it says to be.
pub(crate) async fn found(auth: &Auth, presented: &Presented) -> Result<StoredPasskey, Error> {
    let id = presented.id.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { store::passkeys::by_credential(c, &id).await }));
    let (passkey, handle) = found.await?.ok_or_else(unknown)?;
    match presented.owner.as_deref() == Some(&*handle) {
        true => Ok(passkey),
        false => Err(Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY)),
    }
}

/// The answer to a passkey that nobody has here.
pub(crate) fn unknown() -> Error {
    Error::refused(Code::UnknownPasskey, texts::UNKNOWN_PASSKEY)
}

/// Checks the passkey, and uses its challenge up: of two equal ones one wins (FAC-120). Answers whether it is on several devices.
pub(crate) async fn used(
    auth: &Auth,
    (passkey, owner): (&StoredPasskey, &Account),
    presented: &Presented,
    caller: &Caller,
) -> Result<bool, Error> {
    let checked = passkeys::check(auth, passkey, presented, Verification::Required, caller).await?;
    let synced = checked.backed_up;
    let (id, account, now) = (passkey.id.clone(), passkey.account.clone(), auth.ambient().now());
    let challenge = passkeys::digest(&presented.challenge);
    let stopped = way_back_notice::stopped(auth, owner, Stop::Factor, (Actor::Account(account.clone()), caller));
    let taken = auth.store().write(move |c| {
        Box::pin(async move {
            let is_new = passkeys::spend(c, challenge, now).await?;
            let is_used = is_new && store::passkeys::note_use(c, &account, (&id, checked), now).await?;
            if is_used {
                way_back_stop::stop(c, &account, (Stop::Factor, Some(stopped)), now).await?;
            }
            Ok(is_used)
        })
    });
    match taken.await? {
        true => Ok(synced),
        false => Err(Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY)),
    }
}
