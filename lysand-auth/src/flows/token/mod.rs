//! Tokens: a code is redeemed once, a refresh token is replaced once, an app gets one for itself.

mod code;
mod refresh;

use std::net::IpAddr;
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::app::App;
use crate::model::client::ClientClaim;
use crate::model::scope::Scopes;
use crate::model::throttle::{self, Rule};
use crate::secret::{Digest, Secret};
use crate::store::tokens::StoredToken;
use crate::store::{apps, throttles, tokens};
use crate::texts;

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
    /// `refresh_token` (RFC 6749 §6).
    pub refresh_token: Option<Secret>,
    /// `scope`; a code has its own.
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
    /// How long it lives; `None` is until it is revoked.
    pub expires_in: Option<Duration>,
    /// What replaces it, for apps whose tokens expire.
    pub refresh_token: Option<Secret>,
    /// Who signed in, when `openid` was granted (OpenID Connect Core §2).
    pub id_token: Option<Secret>,
}

/// Answers a token request (Mastodon §6.3 to §6.5; the checks stand in its order).
///
/// # Errors
/// RFC 6749 §5.2, with Mastodon's statuses and texts; 429 after too many failures (DEV-25).
pub async fn exchange(auth: &Auth, request: TokenRequest) -> Result<IssuedToken, Error> {
    let failures = Failures::of(auth, &request);
    failures.refuse_if_too_many(auth).await?;
    let result = match request.grant_type.as_deref() {
        None => Err(Error::missing("grant_type")),
        Some("authorization_code") => code::redeem(auth, &request).await,
        Some("refresh_token") => refresh::replace(auth, &request).await,
        Some("client_credentials") => for_the_app_itself(auth, &request).await,
        Some(_) => Err(unsupported()),
    };
    if let Err(Error::Refused(refusal)) = &result
        && matches!(refusal.code, Code::InvalidClient | Code::InvalidGrant)
    {
        failures.count(auth).await?;
    }
    result
}

fn unsupported() -> Error {
    Error::refused(
        Code::UnsupportedGrantType,
        "The authorization grant type is not supported by the authorization server.",
    )
}

async fn for_the_app_itself(auth: &Auth, request: &TokenRequest) -> Result<IssuedToken, Error> {
    let client_id = request.client.id.clone().unwrap_or_default();
    let found = auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await })).await?;
    if found.as_ref().is_some_and(|stored| stored.app.is_public) {
        // It can prove to nobody that it is itself (RFC 6749 §4.4).
        let why = "The client is not authorized to perform this request using this method.";
        return Err(Error::refused(Code::GrantNotAllowed, why));
    }
    let app = found.and_then(|stored| stored.prove(&request.client)).ok_or_else(Error::invalid_client)?;
    let scopes = app.scopes.grant(request.scope.as_deref())?;
    issue(auth, &app, None, scopes).await
}

/// Issues a token without a code: for the app itself, or by an admin's command.
///
/// # Errors
/// When the database does not answer.
pub async fn issue(auth: &Auth, app: &App, account: Option<AccountId>, scopes: Scopes) -> Result<IssuedToken, Error> {
    let (issued, stored) = new_token(auth, app, account, scopes, None);
    let digest = issued.access_token.digest();
    tracing::info!(app = %app.id, account = ?stored.account_id, token = %stored.id, "token issued");
    auth.store().write_one(move |c| Box::pin(async move { tokens::insert(c, &stored, digest).await })).await?;
    Ok(issued)
}

fn new_token(
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

/// The account that a code or a refresh token speaks for, when it may act.
async fn who_may_act(auth: &Auth, account: &AccountId) -> Result<Account, Error> {
    let account = auth.accounts().by_id(account).await.map_err(Error::from_host)?;
    account.filter(|account| account.inactive_reason().is_none()).ok_or_else(Error::invalid_grant)
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
        Err(limit.exceeded(texts::TOO_MANY_REQUESTS, now))
    }

    async fn count(&self, auth: &Auth) -> Result<(), Error> {
        let Some((subject, limit)) = self.0 else { return Ok(()) };
        let window = limit.window(auth.ambient().now());
        auth.store().write(move |c| Box::pin(throttles::count(c, Rule::TokenFailures, subject, window))).await.map(drop)
    }
}
