//! "Only passkeys": codes of authenticator apps and by mail are no second proof of the account any more; recovery codes are (FAC-35).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::factors::own::Act;
use crate::steps::only_passkeys::{domain, has_enough};
use crate::store::credentials;
use crate::texts;

/// Turns it on or off. It needs two passkeys that work, and goes off with the one whose removal leaves fewer.
///
/// # Errors
/// `Conflict` with fewer than two passkeys that work; `ProofRequired`.
pub async fn set(auth: &Auth, act: Act<'_>, on: bool) -> Result<(), Error> {
    let change = act.begin(auth).await?;
    if change.known.only_passkeys == on {
        return Ok(());
    }
    let (account, domain) = (act.owner.account.id.clone(), domain(auth));
    let changed = change.make(auth, move |c| {
        Box::pin(async move {
            if on && !has_enough(c, &account, domain.as_deref()).await? {
                return Err(Error::refused(Code::Conflict, texts::TWO_PASSKEYS_FIRST));
            }
            credentials::set_only_passkeys(c, &account, on).await
        })
    });
    changed.await?;
    tracing::info!(account = %act.owner.account.id, on, "whether passkeys alone are the second factor was changed");
    Ok(())
}
