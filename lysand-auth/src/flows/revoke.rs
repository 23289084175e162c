//! An app gives a token back (RFC 7009, Mastodon §7).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::caller::Caller;
use crate::model::client::ClientClaim;
use crate::model::event::{Actor, EventKind};
use crate::model::native;
use crate::secret::{Digest, Secret};
use crate::steps::{events, revocation};
use crate::store;
use crate::store::{Conn, apps, families, tokens};

/// Revokes a token of the calling app: an access token or a refresh token, whatever the hint about its type says. Either
/// ends the family that it belongs to. An unknown token is no error.
///
/// # Errors
/// 403 `unauthorized_client` when the client is not proven or the token is another app's; where the operator allows
/// revocation by possession, only when there is no such token.
pub async fn revoke(auth: &Auth, client: ClientClaim, token: Option<Secret>) -> Result<(), Error> {
    let denied = || Error::refused(Code::UnauthorizedClient, "You are not authorized to revoke this token");
    let client_id = client.id.clone().unwrap_or_default();
    let digest = token.filter(|token| !token.is_empty()).map(|token| token.digest());
    let looked = auth.store().look_up(move |c| {
        Box::pin(async move {
            let app = apps::by_client_id(c, &client_id).await?;
            let held = match digest {
                Some(digest) => Held::by_digest(c, digest).await?,
                None => None,
            };
            Ok((app, held))
        })
    });
    let (app, held) = looked.await?;
    match (app.and_then(|stored| stored.admit(&client)), held) {
        (Some(_), None) => Ok(()),
        (Some(app), Some(held)) if held.app_id == app.id => held.end(auth).await,
        // No client can be proven for what a native client holds (native NAT-20).
        (_, Some(held)) if native::is_built_in(held.app_id.as_str()) => Err(denied()),
        (_, Some(held)) if auth.config().oauth.revoke_by_possession => held.end(auth).await,
        _ => Err(denied()),
    }
}

/// A token that somebody holds.
struct Held {
    app_id: AppId,
    /// The access token's key; a refresh token has none.
    token_id: Option<String>,
    family_id: Option<String>,
    /// The person that the token speaks for.
    account_id: Option<AccountId>,
}

impl Held {
    async fn by_digest(c: &mut Conn, digest: Digest) -> Result<Option<Self>, Error> {
        if let Some((token, _)) = tokens::by_digest(c, digest).await? {
            return Ok(Some(Self {
                app_id: token.app_id,
                token_id: Some(token.id),
                family_id: token.family_id,
                account_id: token.account_id,
            }));
        }
        let found = families::by_refresh(c, digest).await?;
        Ok(found.map(|(_, family, _)| Self {
            app_id: family.app_id,
            token_id: None,
            family_id: Some(family.id),
            account_id: Some(family.account_id),
        }))
    }

    async fn end(self, auth: &Auth) -> Result<(), Error> {
        let now = auth.ambient().now();
        tracing::info!(token = ?self.token_id, family = ?self.family_id, app = %self.app_id, "token revoked by its app");
        let event = self.account_id.as_ref().map(|account| {
            let event = events::event(auth, EventKind::TokenRevoked, &Caller::default());
            event.by(Actor::App(self.app_id.clone())).about(account, "").through(&self.app_id)
        });
        let grant = self.family_id.clone().or_else(|| self.token_id.clone());
        let ended = revocation::revoke(
            auth,
            move |c| {
                Box::pin(async move {
                    let ended = tokens::end_grant(c, self.token_id.as_deref(), self.family_id.as_deref(), now).await?;
                    if let Some(event) = event.filter(|_| ended) {
                        store::events::add(c, event).await?;
                    }
                    Ok(ended)
                })
            },
            |ended| grant.filter(|_| *ended).map(Revoked::Grant),
        );
        ended.await.map(drop)
    }
}
