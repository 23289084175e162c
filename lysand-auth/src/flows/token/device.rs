//! A program without a browser polls for its tokens (RFC 8628 §3.4, §3.5; native §2.12). They are made here, never at the yes,
//! and whether that still counts is judged again.

use super::grant::{ClientProof, Exchange, Grant, GrantStatus, Presented};
use super::issue::IssuedToken;
use super::request::TokenRequest;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::app::{App, DEVICE_GRANT};
use crate::model::caller::Caller;
use crate::model::device_code::{DeviceApproval, DeviceCode};
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::secret::Digest;
use crate::steps::device_code::{self, Poll};
use crate::steps::events;
use crate::steps::id_token::{Granted, IdToken};
use crate::steps::new_tokens::NewTokens;
use crate::store::app_sessions::AppSession;
use crate::store::{self, Conn, Work, app_sessions, apps, device_codes, sessions};

/// A code of the calling app's own.
pub(super) struct DeviceCodeGrant(DeviceCode);

impl Grant for DeviceCodeGrant {
    const TYPE: &'static str = DEVICE_GRANT;
    const CLIENT: ClientProof = ClientProof::SecretUnlessPublic;

    /// Another app's code counts as none.
    async fn look_up(auth: &Auth, request: &TokenRequest) -> Result<Presented<Self>, Error> {
        let digest = request.device_code.as_ref().ok_or_else(|| Error::missing("device_code"))?.digest();
        let client_id = request.client.id.clone().unwrap_or_default();
        let looked_up = auth.store().look_up(move |c| {
            Box::pin(async move {
                if let Some((code, owner)) = device_codes::by_device(c, digest).await?
                    && owner.app.client_id == client_id
                {
                    return Ok(Presented { grant: Some(Self(code)), caller: Some(owner) });
                }
                Ok(Presented { grant: None, caller: apps::by_client_id(c, &client_id).await? })
            })
        });
        looked_up.await
    }

    fn check_request(_: &Auth, _: &TokenRequest, presented: &Presented<Self>) -> Result<(), Error> {
        match presented.caller.as_ref().is_some_and(|stored| !stored.app.may_use(DEVICE_GRANT)) {
            true => Err(Error::grant_not_registered()),
            false => Ok(()),
        }
    }

    fn status(&self, _: &TokenRequest, app: &App, _: Timestamp) -> GrantStatus {
        if self.0.app_id == app.id { GrantStatus::Valid } else { GrantStatus::Invalid }
    }

    /// Nobody's until somebody says yes, and then it is judged with the rest.
    fn account(&self) -> Option<&AccountId> {
        None
    }

    async fn exchange(&self, exchange: Exchange<'_>) -> Result<Option<IssuedToken>, Error> {
        let Exchange { auth, app, now, .. } = exchange;
        let approval = match device_code::poll(auth, &self.0, now).await? {
            Poll::Approved(approval) => approval,
            Poll::Pending => return Err(pending()),
            Poll::TooSoon(_) => return Err(too_soon()),
            Poll::Denied => return Err(denied()),
            Poll::Over => return Err(over()),
        };
        let account = device_code::who_approved(auth, &approval).await?;
        let Some(account) = account.filter(|_| app.scopes.cover_all(&self.0.scopes)) else {
            device_code::drop_approved(auth, self.0.digest).await?;
            return Err(denied());
        };
        match self.spend(exchange, &account, &approval).await? {
            Spent::Tokens(issued) => Ok(Some(*issued)),
            Spent::Faster => Err(over()),
            Spent::Void => {
                device_code::drop_approved(auth, self.0.digest).await?;
                Err(denied())
            }
        }
    }

    /// A used code is answered before it comes to that.
    fn revoke_issued<'c>(&'c self, _: &'c mut Conn, _: Timestamp) -> Work<'c, Option<Revoked>> {
        Box::pin(async { Ok(None) })
    }
}

/// What became of a code that somebody said yes to.
enum Spent {
    Tokens(Box<IssuedToken>),
    /// Another poll was faster.
    Faster,
    /// The session in which somebody said yes ended a moment ago.
    Void,
}

impl DeviceCodeGrant {
    async fn spend(
        &self,
        exchange: Exchange<'_>,
        account: &Account,
        approval: &DeviceApproval,
    ) -> Result<Spent, Error> {
        let Exchange { auth, app, now, .. } = exchange;
        let new = NewTokens::of(auth, app, &account.id, &self.0.scopes);
        let new = new.granted_with(Some(approval.proven.authentication()));
        let (mut issued, token) = (new.issued.clone(), new.token.id.clone());
        let event = events::event(auth, EventKind::TokenIssued, &Caller::new(exchange.request.source));
        let event = event.by(Actor::App(app.id.clone())).about(&account.id, &account.username).through(&app.id);
        let granted =
            Granted { scopes: &self.0.scopes, session: &approval.session, nonce: None, proven: Some(&approval.proven) };
        // Before the code is spent: whoever has to wait for a key can come again with it.
        let signing = IdToken::prepare(auth, app, account, granted).await?;
        let known_as = signing.as_ref().map(|signing| signing.known_as.clone());
        let sid = match redeem_and_store(auth, (new, event), (self.0.digest, approval, known_as), now).await? {
            Ok(sid) => sid,
            Err(spent) => return Ok(spent),
        };
        tracing::info!(account = %account.id, app = %app.id, token = %token, "device code redeemed");
        if let Some(signing) = signing {
            issued.id_token = Some(signing.sign(auth, sid.as_deref(), now)?);
        }
        Ok(Spent::Tokens(Box::new(issued)))
    }
}

/// Spends the code and keeps what it buys, in one transaction, while the session stands. Answers with the name by which the app knows
/// the session, where it gets an id token.
async fn redeem_and_store(
    auth: &Auth,
    (new, event): (NewTokens, NewEvent),
    (code, approval, known_as): (Digest, &DeviceApproval, Option<AppSession>),
    now: Timestamp,
) -> Result<Result<Option<String>, Spent>, Error> {
    let session = approval.session.clone();
    let redeemed = auth.store().write(move |c| {
        Box::pin(async move {
            // Whoever ends the session waits, and finds the tokens.
            if !sessions::lock_live(c, &session, now).await? {
                return Ok(Err(Spent::Void));
            }
            if !device_codes::consume(c, code, now).await? {
                return Ok(Err(Spent::Faster));
            }
            new.insert(c, now).await?;
            store::events::add(c, event).await?;
            Ok(Ok(match known_as {
                Some(known_as) => Some(app_sessions::remember(c, &known_as, now).await?),
                None => None,
            }))
        })
    });
    redeemed.await
}

fn pending() -> Error {
    Error::refused(Code::AuthorizationPending, "The person has not answered yet. Poll again after the interval.")
}

fn too_soon() -> Error {
    Error::refused(Code::SlowDown, "Polled too soon. Wait five seconds longer between polls from now on.")
}

fn denied() -> Error {
    Error::refused(Code::DeviceDenied, "The resource owner or authorization server denied the request.")
}

fn over() -> Error {
    Error::refused(Code::ExpiredToken, "The device code has expired, or was used. Ask for another one.")
}
