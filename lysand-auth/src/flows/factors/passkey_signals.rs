//! What a browser is told of the passkeys that it keeps for somebody, so that it offers none that no longer counts (FAC-79). Nothing
//! relies on it: browsers that do not listen lose nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::steps::passkeys;
use crate::store;

/// The passkeys of somebody, as `PublicKeyCredential.signalAllAcceptedCredentials` and `signalCurrentUserDetails` take them: bytes as
/// base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasskeySignal {
    /// The domain that they are for.
    pub rp_id: String,
    /// By what they know their owner.
    pub user: String,
    /// Those that sign their owner in; what is not among them does so no more.
    pub credentials: Vec<String>,
    /// The user name.
    pub name: String,
    /// The name that is shown.
    pub display_name: String,
}

/// What there is to tell; nothing for an account that never had a passkey, and where there are none.
///
/// # Errors
/// When the database does not answer.
pub async fn of_account(auth: &Auth, account: &Account) -> Result<Option<PasskeySignal>, Error> {
    let Ok(party) = passkeys::require(auth) else { return Ok(None) };
    let id = account.id.clone();
    let handle = auth.store().look_up(move |c| Box::pin(async move { store::passkeys::handle_of(c, &id).await }));
    let Some(user) = handle.await? else { return Ok(None) };
    let working = passkeys::working(auth, &account.id).await?;
    let display_name = if account.display_name.is_empty() { &account.username } else { &account.display_name };
    Ok(Some(PasskeySignal {
        rp_id: party.id().to_owned(),
        user,
        credentials: working.iter().map(|passkey| URL_SAFE_NO_PAD.encode(&passkey.credential)).collect(),
        name: account.username.clone(),
        display_name: display_name.clone(),
    }))
}
