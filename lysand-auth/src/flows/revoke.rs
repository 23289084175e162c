//! An app gives a token back (RFC 7009, Mastodon §7).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::client::ClientClaim;
use crate::secret::Secret;
use crate::store::{apps, tokens};

/// Revokes a token of the calling app. An unknown token is no error; the hint about its type is not needed.
///
/// # Errors
/// 403 `unauthorized_client` when the client is not proven or the token is another app's.
pub async fn revoke(auth: &Auth, client: ClientClaim, token: Option<Secret>) -> Result<(), Error> {
    let denied = || Error::refused(Code::UnauthorizedClient, "You are not authorized to revoke this token");
    let client_id = client.id.clone().ok_or_else(denied)?;
    let digest = token.filter(|token| !token.is_empty()).map(|token| token.digest());
    let looked = auth.store().look_up(move |c| {
        Box::pin(async move {
            let app = apps::by_client_id(c, &client_id).await?;
            let token = match digest {
                Some(digest) => tokens::by_digest(c, digest).await?,
                None => None,
            };
            Ok((app, token))
        })
    });
    let (app, token) = looked.await?;
    let app = app.filter(|stored| client.proves(&stored.secret_digest)).ok_or_else(denied)?.app;
    let Some((token, _)) = token else { return Ok(()) };
    if token.app_id != app.id {
        return Err(denied());
    }
    let now = auth.ambient().now();
    let id = token.id;
    tracing::info!(token = %id, app = %app.id, "token revoked by its app");
    auth.store().write(move |c| Box::pin(async move { tokens::revoke(c, &id, now).await })).await
}
