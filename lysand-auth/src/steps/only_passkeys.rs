//! Whether an account has the passkeys that "only passkeys" needs (FAC-35): two that work, so that losing one shuts nobody in. The
//! switch goes off with the passkey whose removal, by the owner or the operator, leaves fewer; never by itself at a sign-in, where
//! a stranger might have a hand in what works.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::steps;
use crate::store::{Conn, credentials, passkeys};

/// How many passkeys it needs.
const NEEDED: usize = 2;

/// Turns it off when a passkey was removed, in the transaction of that, and there are no longer enough.
pub(crate) async fn after_removal(c: &mut Conn, account: &AccountId, domain: Option<&str>) -> Result<(), Error> {
    match has_enough(c, account, domain).await? {
        true => Ok(()),
        false => credentials::set_only_passkeys(c, account, false).await,
    }
}

/// The domain of the passkeys that work here; none where no passkeys are used.
pub(crate) fn domain(auth: &Auth) -> Option<String> {
    steps::passkeys::require(auth).ok().map(|party| party.id().to_owned())
}

/// Whether there are enough.
pub(crate) async fn has_enough(c: &mut Conn, account: &AccountId, domain: Option<&str>) -> Result<bool, Error> {
    let all = passkeys::of_account(c, account).await?;
    let working = all.iter().filter(|key| key.copied_at.is_none() && domain == Some(key.rp_id.as_str())).count();
    Ok(working >= NEEDED)
}
