//! Tokens: a code is redeemed once; an app gets one for itself.

use std::net::IpAddr;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::app::{App, AppId};
use crate::model::authorization::Authorization;
use crate::model::client::ClientClaim;
use crate::model::scope::Scopes;
use crate::model::throttle::{self, Rule};
use crate::secret::{Digest, Secret};
use crate::store::apps::StoredApp;
use crate::store::tokens::StoredToken;
use crate::store::{apps, authorizations, throttles, tokens};

/// A request to the token endpoint, taken apart.
#[derive(Clone, Debug, Default)]
pub struct TokenRequest {
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// Who asks.
    pub client: ClientClaim,
    /// `code`.
    pub code: Option<Secret>,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier` (RFC 7636 §4.5).
    pub code_verifier: Option<Secret>,
    /// `scope`; used by `client_credentials` alone.
    pub scope: Option<String>,
    /// Where the request comes from, for the limit on failures.
    pub source: Option<IpAddr>,
}

/// A new access token (Mastodon §6.2).
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token, shown this once.
    pub access_token: Secret,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was issued.
    pub created_at: Timestamp,
}

/// Answers a token request (Mastodon §6.3, §6.4; the checks stand in its order).
///
/// # Errors
/// RFC 6749 §5.2, with Mastodon's statuses and texts; 429 after too many failures (DEV-25).
pub async fn exchange(auth: &Auth, request: TokenRequest) -> Result<IssuedToken, Error> {
    let failures = Failures::of(auth, &request);
    failures.refuse_if_too_many(auth).await?;
    let result = match request.grant_type.as_deref() {
        None => Err(Error::missing("grant_type")),
        Some("authorization_code") => redeem(auth, &request).await,
        Some("client_credentials") => for_the_app_itself(auth, &request).await,
        Some(_) => Err(Error::refused(
            Code::UnsupportedGrantType,
            "The authorization grant type is not supported by the authorization server.",
        )),
    };
    if let Err(Error::Refused(refusal)) = &result
        && matches!(refusal.code, Code::InvalidClient | Code::InvalidGrant)
    {
        failures.count(auth).await?;
    }
    result
}

async fn redeem(auth: &Auth, request: &TokenRequest) -> Result<IssuedToken, Error> {
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
    let challenged = found.as_ref().is_some_and(|authorization| authorization.ask.challenge.is_some());
    if challenged && request.code_verifier.is_none() {
        return Err(Error::missing("code_verifier"));
    }
    let redirect_uri = request.redirect_uri.as_deref().ok_or_else(|| Error::missing("redirect_uri"))?;
    let app = authenticated(caller, &request.client)?;
    let authorization = found.filter(|_| is_own).ok_or_else(Error::invalid_grant)?;
    if !is_proven(&authorization, redirect_uri, request.code_verifier.as_ref()) {
        return Err(Error::invalid_grant());
    }
    if authorization.used_at.is_some() {
        return Err(replayed(auth, code, &authorization, now).await?);
    }
    if !authorization.is_redeemable(now) || !may_act(auth, &authorization.account_id).await? {
        return Err(Error::invalid_grant());
    }
    let (issued, stored) =
        mint(auth, &app.id, Some(authorization.account_id.clone()), authorization.ask.scopes.clone());
    let digest = issued.access_token.digest();
    let token_id = stored.id.clone();
    let spent = auth.store().write(move |c| {
        Box::pin(async move {
            if !authorizations::spend(c, code, &stored.id, now).await? {
                return Ok(false);
            }
            tokens::insert(c, &stored, digest).await?;
            Ok(true)
        })
    });
    if spent.await? {
        tracing::info!(account = %authorization.account_id, app = %app.id, token = %token_id, "code redeemed");
        return Ok(issued);
    }
    // Somebody was faster with the same proofs: that is a replay as well.
    Err(replayed(auth, code, &authorization, now).await?)
}

/// A second, proven use of a code ends what the first one bought (security ONE-3, DEV-21).
async fn replayed(auth: &Auth, code: Digest, authorization: &Authorization, now: Timestamp) -> Result<Error, Error> {
    let grace = auth.config().lifetimes.replay_grace;
    let revoked = auth.store().write(move |c| {
        Box::pin(async move {
            let spent = authorizations::by_code(c, code).await?.map(|(authorization, _)| authorization);
            let is_retry = |used_at: Timestamp| !grace.is_zero() && now.since(used_at) <= grace;
            let bought = spent.filter(|spent| !spent.used_at.is_some_and(is_retry)).and_then(|spent| spent.token_id);
            if let Some(token_id) = &bought {
                tokens::revoke(c, token_id, now).await?;
            }
            Ok(bought)
        })
    });
    if let Some(token) = revoked.await? {
        let (account, app) = (&authorization.account_id, &authorization.app_id);
        tracing::warn!(%account, %app, %token, "a code came back with all proofs: its token is revoked");
    }
    Ok(Error::invalid_grant())
}

async fn for_the_app_itself(auth: &Auth, request: &TokenRequest) -> Result<IssuedToken, Error> {
    let client_id = request.client.id.clone().unwrap_or_default();
    let app = auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await })).await?;
    let app = authenticated(app, &request.client)?;
    let scopes = app.scopes.grant(request.scope.as_deref())?;
    issue(auth, &app.id, None, scopes).await
}

/// Issues a token without a code: for the app itself, or by an admin's command.
///
/// # Errors
/// When the database does not answer.
pub async fn issue(auth: &Auth, app: &AppId, account: Option<AccountId>, scopes: Scopes) -> Result<IssuedToken, Error> {
    let (issued, stored) = mint(auth, app, account, scopes);
    let digest = issued.access_token.digest();
    tracing::info!(%app, account = ?stored.account_id, token = %stored.id, "token issued");
    auth.store().write(move |c| Box::pin(async move { tokens::insert(c, &stored, digest).await })).await?;
    Ok(issued)
}

fn mint(auth: &Auth, app: &AppId, account_id: Option<AccountId>, scopes: Scopes) -> (IssuedToken, StoredToken) {
    let created_at = auth.ambient().now();
    let stored = StoredToken {
        id: auth.ambient().id(),
        app_id: app.clone(),
        account_id,
        scopes: scopes.clone(),
        created_at,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    (IssuedToken { access_token: Secret::mint(auth.ambient()), scopes, created_at }, stored)
}

fn authenticated(app: Option<StoredApp>, claim: &ClientClaim) -> Result<App, Error> {
    app.filter(|stored| claim.proves(&stored.secret_digest)).map(|stored| stored.app).ok_or_else(Error::invalid_client)
}

/// Redirect URI and verifier are those of the request; a verifier without a challenge is refused (security AS-6).
fn is_proven(authorization: &Authorization, redirect_uri: &str, verifier: Option<&Secret>) -> bool {
    let verified = match (&authorization.ask.challenge, verifier) {
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => true,
    };
    verified && authorization.ask.redirect_uri.as_str() == redirect_uri
}

async fn may_act(auth: &Auth, account: &AccountId) -> Result<bool, Error> {
    let account = auth.accounts().by_id(account).await.map_err(Error::from_host)?;
    Ok(account.as_ref().map(Account::hindrance) == Some(None))
}

/// Failed token requests of one client from one address (DEV-25).
struct Failures(Option<(Digest, throttle::Limit)>);

impl Failures {
    fn of(auth: &Auth, request: &TokenRequest) -> Self {
        let limit = auth.config().rate_limits.of(Rule::TokenFailures);
        Self(request.source.zip(limit).map(|(source, limit)| {
            let client = request.client.id.as_deref().unwrap_or_default();
            (Digest::of(format!("{} {client}", throttle::source_of(source)).as_bytes()), limit)
        }))
    }

    async fn refuse_if_too_many(&self, auth: &Auth) -> Result<(), Error> {
        let Some((subject, limit)) = self.0 else { return Ok(()) };
        let now = auth.ambient().now();
        let window = limit.window(now);
        let count = auth
            .store()
            .look_up(move |c| Box::pin(throttles::counted(c, Rule::TokenFailures, subject, window)))
            .await?;
        if count < i64::from(limit.max) {
            return Ok(());
        }
        Err(limit.exceeded("Too many requests", now))
    }

    async fn count(&self, auth: &Auth) -> Result<(), Error> {
        let Some((subject, limit)) = self.0 else { return Ok(()) };
        let window = limit.window(auth.ambient().now());
        auth.store().write(move |c| Box::pin(throttles::count(c, Rule::TokenFailures, subject, window))).await.map(drop)
    }
}
