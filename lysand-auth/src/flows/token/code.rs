//! A code is redeemed, once (Mastodon §6.3).

use super::grant::{ClientProof, Exchange, Grant, GrantStatus, Presented};
use super::issue::IssuedToken;
use super::request::TokenRequest;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::authorization::Authorization;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::strength::ProvenBy;
use crate::secret::{Digest, Secret};
use crate::steps::events;
use crate::steps::id_token::{Granted, IdToken};
use crate::steps::new_tokens::NewTokens;
use crate::store;
use crate::store::app_sessions::AppSession;
use crate::store::{Conn, Work, app_sessions, apps, authorizations, families, tokens};

/// A code and the authorization behind it, whichever app's it is.
pub(super) struct AuthorizationCode {
    digest: Digest,
    authorization: Authorization,
}

impl Grant for AuthorizationCode {
    const TYPE: &'static str = "authorization_code";
    const CLIENT: ClientProof = ClientProof::SecretUnlessPublic;

    async fn look_up(auth: &Auth, request: &TokenRequest) -> Result<Presented<Self>, Error> {
        let digest = request.code.as_ref().ok_or_else(|| Error::missing("code"))?.digest();
        let client_id = request.client.id.clone().unwrap_or_default();
        let looked_up = auth.store().look_up(move |c| {
            Box::pin(async move {
                let found = authorizations::by_code(c, digest).await?;
                let (authorization, owner) = found.unzip();
                // In all honest cases the code is the caller's own; only then is its app the caller.
                let caller = match owner.filter(|owner| owner.app.client_id == client_id) {
                    Some(owner) => Some(owner),
                    None => apps::by_client_id(c, &client_id).await?,
                };
                Ok(Presented { grant: authorization.map(|authorization| Self { digest, authorization }), caller })
            })
        });
        looked_up.await
    }

    fn check_request(_: &Auth, request: &TokenRequest, presented: &Presented<Self>) -> Result<(), Error> {
        let is_challenged = |grant: &Self| grant.authorization.request.challenge.is_some();
        if presented.grant.as_ref().is_some_and(is_challenged) && request.code_verifier.is_none() {
            return Err(Error::missing("code_verifier"));
        }
        if request.redirect_uri.is_none() { Err(Error::missing("redirect_uri")) } else { Ok(()) }
    }

    fn status(&self, request: &TokenRequest, app: &App, now: Timestamp) -> GrantStatus {
        let authorization = &self.authorization;
        if authorization.app_id != app.id || !is_proven(authorization, request) {
            return GrantStatus::Invalid;
        }
        match authorization.used_at {
            Some(used_at) => GrantStatus::Used(used_at),
            None if authorization.is_redeemable(now) => GrantStatus::Valid,
            None => GrantStatus::Invalid,
        }
    }

    fn account(&self) -> Option<&AccountId> {
        Some(&self.authorization.account_id)
    }

    async fn exchange(&self, exchange: Exchange<'_>) -> Result<Option<IssuedToken>, Error> {
        let Exchange { auth, app, now, .. } = exchange;
        let account = exchange.account.ok_or_else(Error::invalid_grant)?;
        let authentication = self.authorization.proven.as_ref().map(ProvenBy::authentication);
        let new = NewTokens::of(auth, app, &self.authorization.account_id, &self.authorization.request.scopes);
        let new = new.granted_with(authentication);
        let mut issued = new.issued.clone();
        let token_id = new.token.id.clone();
        let event = events::event(auth, EventKind::TokenIssued, &Caller::new(exchange.request.source));
        let event = event.by(Actor::App(app.id.clone())).about(&account.id, &account.username).through(&app.id);
        // Before the code is spent: whoever has to wait for a key can come again with it.
        let Authorization { request: granted, session_id, proven, .. } = &self.authorization;
        let (scopes, nonce) = (&granted.scopes, granted.nonce.as_deref());
        let granted = Granted { scopes, session: session_id, nonce, proven: proven.as_ref() };
        let signing = IdToken::prepare(auth, app, account, granted).await?;
        let known_as = signing.as_ref().map(|signing| signing.known_as.clone());
        let Some(sid) = redeem_and_store(auth, (new, event), (self.digest, known_as), now).await? else {
            return Ok(None);
        };
        tracing::info!(account = %account.id, app = %app.id, token = %token_id, "code redeemed");
        if let Some(signing) = signing {
            issued.id_token = Some(signing.sign(auth, sid.as_deref(), now)?);
        }
        Ok(Some(issued))
    }

    fn revoke_issued<'c>(&'c self, c: &'c mut Conn, now: Timestamp) -> Work<'c, Option<Revoked>> {
        Box::pin(async move {
            // What it bought is known since its use, which may be later than the look-up.
            let Some((spent, _)) = authorizations::by_code(c, self.digest).await? else { return Ok(None) };
            let Some(token) = &spent.token_id else { return Ok(None) };
            let ended = tokens::end_grant(c, Some(token), spent.family_id.as_deref(), now).await?;
            Ok(ended.then(|| Revoked::Grant(spent.family_id.as_ref().unwrap_or(token).clone())))
        })
    }
}

/// Spends the code and keeps what it bought, in one transaction; `None` when somebody was faster. Answers with the name by which
/// the app knows the session, where it gets an id token.
async fn redeem_and_store(
    auth: &Auth,
    (new, event): (NewTokens, NewEvent),
    (code, known_as): (Digest, Option<AppSession>),
    now: Timestamp,
) -> Result<Option<Option<String>>, Error> {
    let (token, digest) = (new.token, new.issued.access_token.digest());
    let refresh = new.issued.refresh_token.as_ref().map(Secret::digest);
    let redeemed = auth.store().write(move |c| {
        Box::pin(async move {
            if !authorizations::redeem(c, code, &token, digest, now).await? {
                return Ok(None);
            }
            if let Some(((family, idle_end), refresh)) = new.family.zip(refresh) {
                families::insert(c, &family, now).await?;
                families::insert_refresh(c, refresh, &family.id, idle_end, now).await?;
            }
            store::events::add(c, event).await?;
            Ok(Some(match known_as {
                Some(known_as) => Some(app_sessions::remember(c, &known_as, now).await?),
                None => None,
            }))
        })
    });
    redeemed.await
}

/// Redirect URI and verifier are those of the request; a verifier without a challenge is refused (security AS-6).
fn is_proven(authorization: &Authorization, request: &TokenRequest) -> bool {
    let verified = match (&authorization.request.challenge, &request.code_verifier) {
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => true,
    };
    verified && request.redirect_uri.as_deref() == Some(authorization.request.redirect_uri.as_str())
}
