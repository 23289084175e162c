//! Whose an identity is, and whether that account may act.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::{Account, AccountId};
use crate::model::identity::{Identity, LinkedIdentity};
use crate::store::identities;

/// The account, when it may act.
pub(super) async fn active_account(auth: &Auth, id: &AccountId) -> Result<Option<Account>, Error> {
    let account = auth.account(id).await?;
    Ok(account.filter(|account| account.inactive_reason().is_none()))
}

/// Whose an identity is. One that an account left behind when it was removed is nobody's (security REV-3).
pub(super) async fn owner(auth: &Auth, identity: &Identity) -> Result<Option<LinkedIdentity>, Error> {
    let wanted = identity.clone();
    let found =
        auth.store().look_up(move |c| Box::pin(async move { identities::by_identity(c, &wanted).await })).await?;
    let Some(linked) = found else { return Ok(None) };
    if auth.accounts().by_id(&linked.account_id).await.map_err(Error::from_host)?.is_some() {
        return Ok(Some(linked));
    }
    let id = linked.id.clone();
    tracing::info!(account = %linked.account_id, "identity of a removed account deleted");
    auth.store().write(move |c| Box::pin(async move { identities::delete(c, &id).await })).await?;
    Ok(None)
}
