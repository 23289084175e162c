//! What a page's script tells the browser of somebody's passkeys (FAC-79).

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::factors::passkey_signals as flow;
use crate::host::pages::PasskeySignalOnPage;
use crate::model::account::Account;

/// That of an account; nothing where there is nothing to tell.
pub(crate) async fn signal(auth: &Auth, account: &Account) -> Result<Option<PasskeySignalOnPage>, Error> {
    let Some(known) = flow::of_account(auth, account).await? else { return Ok(None) };
    Ok(Some(PasskeySignalOnPage {
        credentials: serde_json::to_string(&known.credentials).map_err(Error::failed)?,
        rp_id: known.rp_id,
        user: known.user,
        name: known.name,
        display_name: known.display_name,
    }))
}
