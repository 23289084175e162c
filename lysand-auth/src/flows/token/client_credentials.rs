//! An app gets a token for itself (RFC 6749 §4.4, Mastodon §6.4). Clients ask for one at each start, so an app with the same
//! scopes gets the same one again while it lives (faults F3). Since only digests are stored, its value is derived from its row.

use super::grant::{ClientProof, Exchange, Grant, GrantStatus, Presented};
use super::issue::IssuedToken;
use super::request::TokenRequest;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::app::{App, AppId};
use crate::model::scope::{OF_ACCOUNT, Scopes};
use crate::secret::Secret;
use crate::steps::new_tokens::new_token;
use crate::steps::revocation;
use crate::store::own_tokens::{self, OwnToken};
use crate::store::{Conn, Work, apps};

/// How many live tokens for itself an app can have, of different scopes. The oldest makes room.
const MOST: i64 = 32;

/// The client's own credentials are the grant.
pub(super) struct ClientCredentials;

impl Grant for ClientCredentials {
    const TYPE: &'static str = "client_credentials";
    const CLIENT: ClientProof = ClientProof::Secret;

    async fn look_up(auth: &Auth, request: &TokenRequest) -> Result<Presented<Self>, Error> {
        let client_id = request.client.id.clone().unwrap_or_default();
        let found = auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await }));
        Ok(Presented { grant: Some(Self), caller: found.await? })
    }

    fn check_request(_: &Auth, _: &TokenRequest, presented: &Presented<Self>) -> Result<(), Error> {
        // A public app can prove to nobody that it is itself (RFC 6749 §4.4); others say at registration whether they want
        // it, if they say anything (faults A19).
        let is_refused = |app: &App| app.is_public || !app.may_use(Self::TYPE);
        match presented.caller.as_ref().is_some_and(|stored| is_refused(&stored.app)) {
            true => Err(Error::grant_not_registered()),
            false => Ok(()),
        }
    }

    fn status(&self, _: &TokenRequest, _: &App, _: Timestamp) -> GrantStatus {
        GrantStatus::Valid
    }

    fn account(&self) -> Option<&AccountId> {
        None
    }

    async fn exchange(&self, exchange: Exchange<'_>) -> Result<Option<IssuedToken>, Error> {
        let scopes = exchange.app.scopes.grant(exchange.request.scope.as_deref(), &exchange.auth.config().scopes)?;
        // An app by itself has no account (people PPL-5).
        if scopes.words().iter().any(|word| OF_ACCOUNT.contains(&word.as_str())) {
            return Err(Error::invalid_scope());
        }
        let wanted = Wanted { auth: exchange.auth.clone(), app: exchange.app.clone(), scopes, now: exchange.now };
        wanted.token().await.map(Some)
    }

    /// Credentials are used as often as the app likes.
    fn revoke_issued<'c>(&'c self, _: &'c mut Conn, _: Timestamp) -> Work<'c, Option<Revoked>> {
        Box::pin(async { Ok(None) })
    }
}

/// A token that an app wants for itself.
#[derive(Clone)]
struct Wanted {
    auth: Auth,
    app: App,
    scopes: Scopes,
    now: Timestamp,
}

/// A token that was made.
struct Made {
    issued: IssuedToken,
    id: String,
    /// The token that had to make room.
    revoked: Option<String>,
}

impl Wanted {
    /// The live token with these scopes, or else a new one.
    async fn token(&self) -> Result<IssuedToken, Error> {
        let (app, scopes) = (self.app.id.clone(), self.scopes.clone());
        let latest =
            self.auth.store().look_up(move |c| Box::pin(async move { own_tokens::latest(c, &app, &scopes).await }));
        let mut latest = latest.await?;
        loop {
            if let Some(issued) = latest.as_ref().and_then(|token| self.again(token)) {
                return Ok(issued);
            }
            let wanted = self.clone();
            let made = revocation::revoke(
                &self.auth,
                move |c| Box::pin(async move { wanted.make(c, latest).await }),
                |made| made.as_ref().ok()?.revoked.clone().map(Revoked::Grant),
            );
            match made.await? {
                Ok(Made { issued, id, .. }) => {
                    tracing::info!(app = %self.app.id, token = %id, "token issued");
                    return Ok(issued);
                }
                // Another request of the app was faster, and its token is this one's as well.
                Err(faster) => latest = faster,
            }
        }
    }

    /// A token that was handed out before, if it lives, long enough for the app to use it, and its value is known.
    fn again(&self, OwnToken { token, generation, digest }: &OwnToken) -> Option<IssuedToken> {
        let lifetime = self.auth.config().lifetimes.access_token_of(&self.app);
        let left = token.expires_at.map(|expires_at| expires_at.since(self.now));
        let lives_on = match (lifetime, left) {
            (None, None) => true,
            (Some(lifetime), Some(left)) => left >= lifetime / 2,
            _ => false,
        };
        let access_token = value(&self.auth, &token.id, *generation);
        let is_known = access_token.digest().matches(digest);
        (lives_on && is_known && token.revoked_at.is_none()).then(|| IssuedToken {
            access_token,
            scopes: token.scopes.clone(),
            created_at: token.created_at,
            expires_in: left,
            refresh_token: None,
            id_token: None,
        })
    }

    /// Keeps a token of the next generation; or the latest token, when that is no longer the one that was known.
    async fn make(self, c: &mut Conn, known: Option<OwnToken>) -> Result<Result<Made, Option<OwnToken>>, Error> {
        let Self { auth, app, scopes, now } = self;
        let generation = known.map_or(0, |token| token.generation + 1);
        let (mut issued, stored) = new_token(&auth, &app, None, scopes.clone(), None);
        issued.access_token = value(&auth, &stored.id, generation);
        if !own_tokens::insert(c, &stored, generation, issued.access_token.digest()).await? {
            return Ok(Err(own_tokens::latest(c, &app.id, &scopes).await?));
        }
        apps::set_had_own_token(c, &app.id).await?;
        let revoked = make_room(c, &app.id, now).await?;
        Ok(Ok(Made { issued, id: stored.id, revoked }))
    }
}

/// Revokes the oldest token of an app that has too many.
async fn make_room(c: &mut Conn, app: &AppId, now: Timestamp) -> Result<Option<String>, Error> {
    let Some(oldest) = own_tokens::beyond(c, app, MOST, now).await? else { return Ok(None) };
    Ok(crate::store::tokens::revoke(c, &oldest, now).await?.then_some(oldest))
}

/// What a token is: 256 bits that nobody can tell from random ones without the secret key.
fn value(auth: &Auth, id: &str, generation: i64) -> Secret {
    Secret::derive(&auth.own_token_key(), &[id.as_bytes(), &generation.to_be_bytes()])
}
