//! A refresh token is replaced, once, together with its access token (RFC 6749 §6, security ONE-4, AS-8).

use super::grant::{ClientProof, Exchange, Grant, GrantStatus, Presented, Repeated};
use super::issue::IssuedToken;
use super::request::TokenRequest;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::family::Family;
use crate::model::native;
use crate::secret::{Digest, Secret};
use crate::steps::new_tokens::new_token;
use crate::store::families::{self, StoredRefresh};
use crate::store::successors::{Repeat, Successor};
use crate::store::{Conn, Work, apps};

/// A refresh token and the family that it belongs to.
pub(super) struct RefreshToken {
    digest: Digest,
    stored: StoredRefresh,
    family: Family,
}

impl Grant for RefreshToken {
    const TYPE: &'static str = "refresh_token";
    const CLIENT: ClientProof = ClientProof::SecretUnlessPublic;

    /// Another app's refresh token counts as none.
    async fn look_up(auth: &Auth, request: &TokenRequest) -> Result<Presented<Self>, Error> {
        let digest = request.refresh_token.as_ref().map(Secret::digest);
        let client_id = request.client.id.clone().unwrap_or_default();
        let looked_up = auth.store().look_up(move |c| {
            Box::pin(async move {
                if let Some(digest) = digest
                    && let Some((stored, family, own)) = families::by_refresh(c, digest).await?
                    && own.app.client_id == client_id
                    && !native::is_built_in(&client_id)
                {
                    return Ok(Presented { grant: Some(Self { digest, stored, family }), caller: Some(own) });
                }
                Ok(Presented { grant: None, caller: apps::by_client_id(c, &client_id).await? })
            })
        });
        looked_up.await
    }

    fn check_request(auth: &Auth, request: &TokenRequest, presented: &Presented<Self>) -> Result<(), Error> {
        // An app whose tokens do not expire has nothing to refresh, and did not register for it (faults A13).
        let refreshes = |app: &App| auth.config().lifetimes.access_token_of(app).is_some();
        if presented.grant.is_none() && presented.caller.as_ref().is_some_and(|stored| !refreshes(&stored.app)) {
            return Err(Error::grant_not_registered());
        }
        if request.refresh_token.is_none() { Err(Error::missing("refresh_token")) } else { Ok(()) }
    }

    fn status(&self, _: &TokenRequest, _: &App, now: Timestamp) -> GrantStatus {
        match self.stored.used_at {
            Some(used_at) => GrantStatus::Used(used_at),
            None if self.family.is_live(now) && now < self.stored.expires_at => GrantStatus::Valid,
            None => GrantStatus::Invalid,
        }
    }

    fn account(&self) -> Option<&AccountId> {
        Some(&self.family.account_id)
    }

    /// The new access token may be narrower; the family keeps what was granted.
    async fn exchange(&self, exchange: Exchange<'_>) -> Result<Option<IssuedToken>, Error> {
        let next = Next::of(&self.family, exchange)?;
        let (digest, row, now) = (self.digest, next.row.clone(), exchange.now);
        let replaced = exchange.auth.store().write(move |c| Box::pin(async move { row.replace(c, digest, now).await }));
        Ok(replaced.await?.then(|| next.issued(&self.family, "token refreshed")))
    }

    /// The answer may have been lost: the same token gets another successor in place of the one that nobody used, once.
    async fn repeat(&self, exchange: Exchange<'_>) -> Result<Repeated, Error> {
        let Exchange { auth, now, .. } = exchange;
        let lifetimes = &auth.config().lifetimes;
        if lifetimes.refresh_retry.is_zero() {
            return Ok(Repeated::Replay);
        }
        let next = Next::of(&self.family, exchange)?;
        let (digest, row, since, uses) =
            (self.digest, next.row.clone(), now.minus(lifetimes.refresh_retry), auth.clone());
        let repeated = auth.store().write(move |c| {
            Box::pin(async move { row.repeat(c, digest, since, &|token: &str| uses.uses().may_hold(token)).await })
        });
        Ok(match repeated.await? {
            Repeat::Replaced => Repeated::Issued(next.issued(&self.family, "token refreshed again")),
            Repeat::Again => Repeated::Refused,
            Repeat::Reuse => Repeated::Replay,
        })
    }

    /// The family ends (security ONE-4).
    fn revoke_issued<'c>(&'c self, c: &'c mut Conn, now: Timestamp) -> Work<'c, Option<Revoked>> {
        Box::pin(async move {
            let ended = families::end(c, &self.family.id, now).await?;
            Ok(ended.then(|| Revoked::Grant(self.family.id.clone())))
        })
    }
}

/// What replaces a refresh token and its access token.
struct Next {
    issued: IssuedToken,
    row: Successor,
}

impl Next {
    fn of(family: &Family, exchange: Exchange<'_>) -> Result<Self, Error> {
        let Exchange { auth, request, app, now, .. } = exchange;
        let scopes = match request.scope.as_deref().filter(|scope| !scope.trim().is_empty()) {
            Some(scope) => family.scopes.grant(Some(scope), &exchange.auth.config().scopes)?,
            None => family.scopes.clone(),
        };
        let account = family.account_id.clone();
        let (mut issued, mut token) = new_token(auth, app, Some(account), scopes, Some(family.id.clone()));
        token.authentication = family.authentication;
        let refresh = Secret::generate(auth.ambient());
        let row = Successor {
            refresh: refresh.digest(),
            family_id: family.id.clone(),
            idle_end: family.idle_end(now, auth.config().lifetimes.refresh_token_idle),
            access: issued.access_token.digest(),
            token,
        };
        issued.refresh_token = Some(refresh);
        Ok(Self { issued, row })
    }

    fn issued(self, family: &Family, what: &str) -> IssuedToken {
        let (account, app, token) = (&family.account_id, &family.app_id, &self.row.token.id);
        tracing::info!(%account, %app, family = %family.id, %token, "{what}");
        self.issued
    }
}
