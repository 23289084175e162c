//! A new access token, and how it is kept.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::scope::Scopes;
use crate::secret::Secret;
use crate::store::apps;
use crate::store::tokens::{self, StoredToken};

/// A new access token (Mastodon §6.2).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token, shown this once.
    pub access_token: Secret,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was issued.
    pub created_at: Timestamp,
    /// How long it lives; `None` is until it is revoked.
    pub expires_in: Option<Duration>,
    /// What replaces it, for apps whose tokens expire.
    pub refresh_token: Option<Secret>,
    /// Who signed in, when `openid` was granted (OpenID Connect Core §2).
    pub id_token: Option<Secret>,
}

/// Issues a token without a code: for the app itself, or by an admin's command.
///
/// # Errors
/// When the database does not answer.
pub async fn issue(auth: &Auth, app: &App, account: Option<AccountId>, scopes: Scopes) -> Result<IssuedToken, Error> {
    let (issued, stored) = new_token(auth, app, account, scopes, None);
    let digest = issued.access_token.digest();
    tracing::info!(app = %app.id, account = ?stored.account_id, token = %stored.id, "token issued");
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            tokens::insert(c, &stored, digest).await?;
            match stored.account_id {
                Some(_) => apps::set_approved(c, &stored.app_id).await,
                None => apps::set_had_own_token(c, &stored.app_id).await,
            }
        })
    });
    kept.await?;
    Ok(issued)
}

/// A token that is not kept yet: what the app is told of it, and what the store keeps.
pub(super) fn new_token(
    auth: &Auth,
    app: &App,
    account_id: Option<AccountId>,
    scopes: Scopes,
    family_id: Option<String>,
) -> (IssuedToken, StoredToken) {
    let created_at = auth.ambient().now();
    let expires_in = auth.config().lifetimes.access_token_of(app);
    let stored = StoredToken {
        id: auth.ambient().id(),
        app_id: app.id.clone(),
        account_id,
        scopes: scopes.clone(),
        created_at,
        expires_at: expires_in.map(|lifetime| created_at.plus(lifetime)),
        revoked_at: None,
        last_used_at: None,
        family_id,
    };
    let access_token = Secret::generate(auth.ambient());
    (IssuedToken { access_token, scopes, created_at, expires_in, refresh_token: None, id_token: None }, stored)
}
