//! What a token is worth, for the app that holds it (RFC 7662, Mastodon §9).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::client::ClientClaim;
use crate::model::scope::Scopes;
use crate::model::strength::Authentication;
use crate::secret::Secret;
use crate::steps::standing;
use crate::store::{apps, families, tokens};

/// A token that is alive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Active {
    /// What it may do.
    pub scopes: Scopes,
    /// Which app holds it.
    pub client_id: String,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// How well its owner had proven who they are, and when (RFC 9470 §6.2).
    pub authentication: Option<Authentication>,
    /// It is an access token, no refresh token.
    pub is_access_token: bool,
}

/// What the calling app's own token is worth; `None` when it is dead, unknown, another app's, or its account was disabled
/// (faults F6).
///
/// # Errors
/// `invalid_request` when the caller names no client or no token, `invalid_client` when the client is not proven: a public
/// app cannot ask.
pub async fn introspect(auth: &Auth, client: ClientClaim, token: Option<Secret>) -> Result<Option<Active>, Error> {
    let client_id = client.id.clone().ok_or_else(|| Error::missing("client_id"))?;
    let looked = auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await }));
    let app = looked.await?.and_then(|stored| stored.prove(&client)).ok_or_else(Error::invalid_client)?;
    let digest = token.filter(|token| !token.is_empty()).ok_or_else(|| Error::missing("token"))?.digest();
    let now = auth.ambient().now();
    let looked = auth.store().look_up(move |c| {
        Box::pin(async move {
            if let Some((token, holder)) = tokens::by_digest(c, digest).await? {
                let is_live = token.revoked_at.is_none() && token.expires_at.is_none_or(|end| now < end);
                let active = Active {
                    scopes: token.scopes,
                    client_id: holder.client_id,
                    issued_at: Some(token.created_at),
                    expires_at: token.expires_at,
                    authentication: token.authentication,
                    is_access_token: true,
                };
                let found = Found { active, account: token.account_id };
                return Ok(Some(found).filter(|_| is_live && holder.id == app.id));
            }
            let Some((refresh, family, holder)) = families::by_refresh(c, digest).await? else { return Ok(None) };
            let is_live = family.is_live(now) && refresh.used_at.is_none() && now < refresh.expires_at;
            let active = Active {
                scopes: family.scopes,
                client_id: holder.app.client_id,
                issued_at: None,
                expires_at: Some(refresh.expires_at),
                authentication: family.authentication,
                is_access_token: false,
            };
            let found = Found { active, account: Some(family.account_id) };
            Ok(Some(found).filter(|_| is_live && holder.app.id == app.id))
        })
    });
    match looked.await? {
        Some(Found { account: Some(account), .. }) if standing::is_disabled(auth, &account).await? => Ok(None),
        found => Ok(found.map(|found| found.active)),
    }
}

/// A live token, and the account that it speaks for.
struct Found {
    active: Active,
    account: Option<AccountId>,
}
