//! A refresh token is replaced, once, together with its access token (RFC 6749 §6, security ONE-4, AS-8).

use super::{IssuedToken, TokenRequest, new_token, who_may_act};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::app::App;
use crate::model::family::Family;
use crate::secret::Secret;
use crate::steps::revocation;
use crate::store::{apps, families, tokens};

/// Replaces a refresh token. The new access token may be narrower; the family keeps what was granted.
pub(super) async fn replace(auth: &Auth, request: &TokenRequest) -> Result<IssuedToken, Error> {
    let now = auth.ambient().now();
    let digest = request.refresh_token.as_ref().map(Secret::digest);
    let client_id = request.client.id.clone().unwrap_or_default();
    let looked = auth.store().look_up(move |c| {
        Box::pin(async move {
            let found = match digest {
                Some(digest) => families::by_refresh(c, digest).await?,
                None => None,
            };
            match found {
                Some((refresh, family, own)) if own.app.client_id == client_id => {
                    Ok((Some((refresh, family)), Some(own)))
                }
                _ => Ok((None, apps::by_client_id(c, &client_id).await?)),
            }
        })
    });
    let (found, caller) = looked.await?;
    // An app whose tokens do not expire has nothing to refresh (Mastodon §6.5).
    let refreshes = |app: &App| auth.config().lifetimes.access_token_of(app).is_some();
    if found.is_none() && caller.as_ref().is_some_and(|stored| !refreshes(&stored.app)) {
        return Err(super::unsupported());
    }
    let digest = digest.ok_or_else(|| Error::missing("refresh_token"))?;
    let app = caller.and_then(|stored| stored.admit(&request.client)).ok_or_else(Error::invalid_client)?;
    let (refresh, family) = found.ok_or_else(Error::invalid_grant)?;
    if let Some(used_at) = refresh.used_at {
        return Err(reused(auth, &family, used_at, now).await?);
    }
    if !family.is_live(now) || refresh.expires_at <= now {
        return Err(Error::invalid_grant());
    }
    let account = who_may_act(auth, &family.account_id).await?;
    let scopes = match request.scope.as_deref().filter(|scope| !scope.trim().is_empty()) {
        Some(scope) => family.scopes.grant(Some(scope))?,
        None => family.scopes.clone(),
    };
    let (mut issued, token) = new_token(auth, &app, Some(account.id.clone()), scopes, Some(family.id.clone()));
    let next = Secret::generate(auth.ambient());
    let idle_end = family.idle_end(now, auth.config().lifetimes.refresh_token_idle);
    let (access, replacement, family_id, token_id) =
        (issued.access_token.digest(), next.digest(), family.id.clone(), token.id.clone());
    let replaced = auth.store().write(move |c| {
        Box::pin(async move {
            if !families::spend(c, digest, &family_id, now).await? {
                return Ok(false);
            }
            families::insert_refresh(c, replacement, &family_id, idle_end, now).await?;
            tokens::insert(c, &token, access).await?;
            Ok(true)
        })
    });
    if !replaced.await? {
        // Somebody was faster with the same token: that is a reuse as well.
        return Err(reused(auth, &family, now, now).await?);
    }
    tracing::info!(account = %account.id, app = %app.id, family = %family.id, token = %token_id, "token refreshed");
    issued.refresh_token = Some(next);
    Ok(issued)
}

/// A refresh token that comes back after its use ends its family: one of two holders is a thief (security ONE-4).
async fn reused(auth: &Auth, family: &Family, used_at: Timestamp, now: Timestamp) -> Result<Error, Error> {
    let grace = auth.config().lifetimes.replay_grace;
    if grace.is_zero() || now.since(used_at) > grace {
        let (id, over) = (family.id.clone(), Revoked::Grant(family.id.clone()));
        let ended = revocation::revoke(
            auth,
            move |c| Box::pin(async move { families::end(c, &id, now).await }),
            |ended| ended.then_some(over),
        );
        ended.await?;
        let (account, app) = (&family.account_id, &family.app_id);
        tracing::warn!(%account, %app, family = %family.id, "a refresh token came back: its family is ended");
    }
    Ok(Error::invalid_grant())
}
