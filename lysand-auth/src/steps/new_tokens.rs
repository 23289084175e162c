//! New tokens, and how they are kept.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::family::Family;
use crate::model::scope::Scopes;
use crate::model::strength::Authentication;
use crate::secret::Secret;
use crate::store::tokens::{self, StoredToken};
use crate::store::{Conn, families};

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

/// A token that is not kept yet: what the app is told of it, and what the store keeps.
pub(crate) fn new_token(
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
        authentication: None,
        personal: None,
    };
    let access_token = Secret::generate(auth.ambient());
    (IssuedToken { access_token, scopes, created_at, expires_in, refresh_token: None, id_token: None }, stored)
}

/// The tokens of a new grant that are not kept yet: an access token, and for an app whose tokens expire a refresh token.
pub(crate) struct NewTokens {
    pub(crate) issued: IssuedToken,
    pub(crate) token: StoredToken,
    pub(crate) family: Option<(Family, Timestamp)>,
}

impl NewTokens {
    /// Tokens for an account.
    pub(crate) fn of(auth: &Auth, app: &App, account: &AccountId, scopes: &Scopes) -> Self {
        let lifetimes = &auth.config().lifetimes;
        let expires = lifetimes.access_token_of(app).is_some();
        let family_id = expires.then(|| auth.ambient().id());
        let (mut issued, token) = new_token(auth, app, Some(account.clone()), scopes.clone(), family_id.clone());
        let family = family_id.map(|id| {
            issued.refresh_token = Some(Secret::generate(auth.ambient()));
            let family = Family {
                id,
                app_id: app.id.clone(),
                account_id: account.clone(),
                scopes: scopes.clone(),
                expires_at: issued.created_at.plus(lifetimes.refresh_token),
                ended_at: None,
                authentication: None,
            };
            let idle_end = family.idle_end(issued.created_at, lifetimes.refresh_token_idle);
            (family, idle_end)
        });
        Self { issued, token, family }
    }

    /// The same, granted by somebody who proved this well who they are.
    pub(crate) fn granted_with(mut self, authentication: Option<Authentication>) -> Self {
        self.token.authentication = authentication;
        if let Some((family, _)) = &mut self.family {
            family.authentication = authentication;
        }
        self
    }

    /// The same for another account: one that is being made.
    pub(crate) fn for_account(mut self, account: &AccountId) -> Self {
        self.token.account_id = Some(account.clone());
        if let Some((family, _)) = &mut self.family {
            family.account_id = account.clone();
        }
        self
    }

    /// Keeps them.
    pub(crate) async fn insert(self, c: &mut Conn, now: Timestamp) -> Result<(), Error> {
        let refresh = self.issued.refresh_token.as_ref().map(Secret::digest);
        tokens::insert(c, &self.token, self.issued.access_token.digest()).await?;
        if let Some(((family, idle_end), refresh)) = self.family.zip(refresh) {
            families::insert(c, &family, now).await?;
            families::insert_refresh(c, refresh, &family.id, idle_end, now).await?;
        }
        Ok(())
    }
}
