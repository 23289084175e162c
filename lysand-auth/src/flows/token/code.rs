//! A code is redeemed, once (Mastodon §6.3).

use super::{IssuedToken, TokenRequest, new_token, who_may_act};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::authorization::Authorization;
use crate::model::family::Family;
use crate::secret::{Digest, Secret};
use crate::signing::IdClaims;
use crate::steps::revocation;
use crate::store::tokens::StoredToken;
use crate::store::{Conn, apps, authorizations, families, sessions, tokens};

/// Redeems an approved code.
pub(super) async fn redeem(auth: &Auth, request: &TokenRequest) -> Result<IssuedToken, Error> {
    let now = auth.ambient().now();
    let code = request.code.as_ref().ok_or_else(|| Error::missing("code"))?.digest();
    let client_id = request.client.id.clone().unwrap_or_default();
    let looked = auth.store().look_up(move |c| {
        Box::pin(async move {
            let found = authorizations::by_code(c, code).await?;
            // In all honest cases the code is the caller's own; only then is its app the caller.
            match found {
                Some((authorization, own)) if own.app.client_id == client_id => {
                    Ok((Some(authorization), Some(own), true))
                }
                found => {
                    let foreign = found.map(|(authorization, _)| authorization);
                    Ok((foreign, apps::by_client_id(c, &client_id).await?, false))
                }
            }
        })
    });
    let (found, caller, is_own) = looked.await?;
    let challenged = found.as_ref().is_some_and(|authorization| authorization.request.challenge.is_some());
    if challenged && request.code_verifier.is_none() {
        return Err(Error::missing("code_verifier"));
    }
    let redirect_uri = request.redirect_uri.as_deref().ok_or_else(|| Error::missing("redirect_uri"))?;
    let app = caller.and_then(|stored| stored.admit(&request.client)).ok_or_else(Error::invalid_client)?;
    let authorization = found.filter(|_| is_own).ok_or_else(Error::invalid_grant)?;
    if !is_proven(&authorization, redirect_uri, request.code_verifier.as_ref()) {
        return Err(Error::invalid_grant());
    }
    if authorization.used_at.is_some() {
        return Err(replayed(auth, code, &authorization, now).await?);
    }
    if !authorization.is_redeemable(now) {
        return Err(Error::invalid_grant());
    }
    let account = who_may_act(auth, &authorization.account_id).await?;
    let purchase = Purchase::of(auth, &app, &authorization);
    let mut issued = purchase.issued.clone();
    let token_id = purchase.token.id.clone();
    if !purchase.settle(auth, code, now).await? {
        // Somebody was faster with the same proofs: that is a replay as well.
        return Err(replayed(auth, code, &authorization, now).await?);
    }
    tracing::info!(account = %account.id, app = %app.id, token = %token_id, "code redeemed");
    issued.id_token = id_token(auth, &app, &account, &authorization, now).await?;
    Ok(issued)
}

/// What a code buys.
struct Purchase {
    issued: IssuedToken,
    token: StoredToken,
    family: Option<(Family, Timestamp)>,
}

impl Purchase {
    fn of(auth: &Auth, app: &App, authorization: &Authorization) -> Self {
        let lifetimes = &auth.config().lifetimes;
        let (account, scopes) = (&authorization.account_id, &authorization.request.scopes);
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
            };
            let idle_end = family.idle_end(issued.created_at, lifetimes.refresh_token_idle);
            (family, idle_end)
        });
        Self { issued, token, family }
    }

    /// Spends the code and keeps what it bought, in one transaction; false when somebody was faster.
    async fn settle(self, auth: &Auth, code: Digest, now: Timestamp) -> Result<bool, Error> {
        let (token, digest) = (self.token, self.issued.access_token.digest());
        let refresh = self.issued.refresh_token.as_ref().map(Secret::digest);
        let Some(((family, idle_end), refresh)) = self.family.zip(refresh) else {
            let redeemed = auth.store().write_one(move |c| {
                Box::pin(async move { authorizations::redeem(c, code, &token, digest, now).await })
            });
            return redeemed.await;
        };
        let redeemed = auth.store().write(move |c| {
            Box::pin(async move {
                if !authorizations::redeem(c, code, &token, digest, now).await? {
                    return Ok(false);
                }
                families::insert(c, &family, now).await?;
                families::insert_refresh(c, refresh, &family.id, idle_end, now).await?;
                Ok(true)
            })
        });
        redeemed.await
    }
}

/// A second, proven use of a code ends what the first one bought (security ONE-3, DEV-21).
async fn replayed(auth: &Auth, code: Digest, authorization: &Authorization, now: Timestamp) -> Result<Error, Error> {
    let grace = auth.config().lifetimes.replay_grace;
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                let Some((spent, _)) = authorizations::by_code(c, code).await? else { return Ok(None) };
                let is_retry = spent.used_at.is_some_and(|used_at| !grace.is_zero() && now.since(used_at) <= grace);
                if is_retry { Ok(None) } else { end_what_it_bought(c, &spent, now).await }
            })
        },
        |ended| ended.as_ref()?.1.clone(),
    );
    if let Some((token, _)) = ended.await? {
        let (account, app) = (&authorization.account_id, &authorization.app_id);
        tracing::warn!(%account, %app, %token, "a code came back with all proofs: its token is revoked");
    }
    Ok(Error::invalid_grant())
}

/// The token that it bought, and what is over now and was not before.
async fn end_what_it_bought(
    c: &mut Conn,
    spent: &Authorization,
    now: Timestamp,
) -> Result<Option<(String, Option<Revoked>)>, Error> {
    let Some(token) = &spent.token_id else { return Ok(None) };
    let ended = tokens::end_grant(c, Some(token), spent.family_id.as_deref(), now).await?;
    let grant = spent.family_id.as_ref().unwrap_or(token);
    Ok(Some((token.clone(), ended.then(|| Revoked::Grant(grant.clone())))))
}

/// Redirect URI and verifier are those of the request; a verifier without a challenge is refused (security AS-6).
fn is_proven(authorization: &Authorization, redirect_uri: &str, verifier: Option<&Secret>) -> bool {
    let verified = match (&authorization.request.challenge, verifier) {
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => true,
    };
    verified && authorization.request.redirect_uri.as_str() == redirect_uri
}

/// Who signed in, for an app that was granted `openid` (OpenID Connect Core §3.1.3.3).
async fn id_token(
    auth: &Auth,
    app: &App,
    account: &Account,
    authorization: &Authorization,
    now: Timestamp,
) -> Result<Option<Secret>, Error> {
    if !authorization.request.scopes.has("openid") {
        return Ok(None);
    }
    let id = authorization.session_id.clone();
    let session = auth.store().look_up(move |c| Box::pin(async move { sessions::by_id(c, &id).await })).await?;
    let subject = auth.accounts().profile(account, &auth.config().base_url).uri;
    let claims = IdClaims {
        subject: &subject,
        audience: &app.client_id,
        nonce: authorization.request.nonce.as_deref(),
        authenticated_at: session.map(|session| session.authenticated_at),
    };
    let signed = auth.keys().sign_id_token(&claims, &auth.config().base_url, now);
    Ok(Some(signed.map_err(Error::failed)?))
}
