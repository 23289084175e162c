//! Tokens: a code is redeemed once, a refresh token is replaced once, an app gets one for itself, a device polls.
//!
//! Each kind of grant is a file and a line in `GRANTS`. What is the same for all of them stands here, once: the proof of
//! the client, the account that may act, the count of failures, and what becomes of a grant that is presented again.

mod client_credentials;
mod code;
mod device;
mod failures;
mod grant;
mod issue;
mod refresh;
mod request;

use std::net::IpAddr;
use std::pin::Pin;

use self::client_credentials::ClientCredentials;
use self::code::AuthorizationCode;
use self::device::DeviceCodeGrant;
use self::failures::Failures;
use self::grant::{ClientProof, Exchange, Grant, GrantStatus, Repeated};
pub use self::issue::{IssuedToken, issue};
use self::refresh::RefreshToken;
pub use self::request::TokenRequest;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::app::App;
use crate::model::caller::Caller;
pub use crate::model::client::ClientClaim;
use crate::model::event::{Actor, EventKind};
use crate::steps::{events, revocation};
use crate::store;

type Exchanged<'a> = Pin<Box<dyn Future<Output = Result<IssuedToken, Error>> + Send + 'a>>;

/// A kind of grant, and what answers its requests.
struct Offer {
    grant_type: &'static str,
    redeem: for<'a> fn(&'a Auth, &'a TokenRequest) -> Exchanged<'a>,
}

impl Offer {
    const fn of<G: Grant>() -> Self {
        Self { grant_type: G::TYPE, redeem: |auth, request| Box::pin(redeem::<G>(auth, request)) }
    }
}

/// Every kind of grant, in the order in which the metadata name them.
const GRANTS: [Offer; 4] = [
    Offer::of::<AuthorizationCode>(),
    Offer::of::<ClientCredentials>(),
    Offer::of::<RefreshToken>(),
    Offer::of::<DeviceCodeGrant>(),
];

/// The `grant_type`s that [`exchange`] answers (Mastodon §10, `grant_types_supported`).
pub fn grant_types(auth: &Auth) -> impl Iterator<Item = &'static str> {
    offers(auth).map(|offer| offer.grant_type)
}

/// The kinds of grants that are on.
fn offers(auth: &Auth) -> impl Iterator<Item = &'static Offer> {
    let devices = auth.config().oauth.device_grant;
    GRANTS.iter().filter(move |offer| devices || offer.grant_type != DeviceCodeGrant::TYPE)
}

/// Answers a token request (Mastodon §6.3 to §6.5; the checks stand in its order).
///
/// # Errors
/// RFC 6749 §5.2, with Mastodon's statuses and texts; 429 after too many failures (DEV-25).
pub async fn exchange(auth: &Auth, request: TokenRequest) -> Result<IssuedToken, Error> {
    let failures = Failures::of(auth, &request);
    failures.refuse_if_too_many(auth).await?;
    let result = answer(auth, &request).await;
    if let Err(Error::Refused(refusal)) = &result
        && matches!(refusal.code, Code::InvalidClient | Code::InvalidGrant)
    {
        failures.count(auth, refusal.code).await?;
    }
    result
}

async fn answer(auth: &Auth, request: &TokenRequest) -> Result<IssuedToken, Error> {
    let asked = request.grant_type.as_deref().ok_or_else(|| Error::missing("grant_type"))?;
    let offer = offers(auth).find(|offer| offer.grant_type == asked).ok_or_else(Error::unsupported_grant_type)?;
    (offer.redeem)(auth, request).await
}

/// The one road from a grant to a token.
async fn redeem<G: Grant>(auth: &Auth, request: &TokenRequest) -> Result<IssuedToken, Error> {
    let now = auth.ambient().now();
    let presented = G::look_up(auth, request).await?;
    G::check_request(auth, request, &presented)?;
    let proven = presented.caller.and_then(|stored| match G::CLIENT {
        ClientProof::SecretUnlessPublic => stored.admit(&request.client),
        ClientProof::Secret => stored.prove(&request.client),
    });
    let app = proven.ok_or_else(Error::invalid_client)?;
    let grant = presented.grant.ok_or_else(Error::invalid_grant)?;
    let status = grant.status(request, &app, now);
    let account = match (status, grant.account()) {
        (GrantStatus::Invalid, _) => return Err(Error::invalid_grant()),
        (_, Some(account)) => who_may_act(auth, account).await?,
        (_, None) => None,
    };
    let exchange = Exchange { auth, request, app: &app, account: account.as_ref(), now };
    let may_act = account.is_some() || grant.account().is_none();
    let used_at = match status {
        GrantStatus::Used(used_at) => used_at,
        _ if !may_act => return Err(Error::invalid_grant()),
        // Where somebody was faster with the same proofs, it was used now.
        _ => match grant.exchange(exchange).await? {
            Some(issued) => return Ok(issued),
            None => now,
        },
    };
    let repeated = if may_act { grant.repeat(exchange).await? } else { Repeated::Replay };
    match repeated {
        Repeated::Issued(issued) => Ok(issued),
        Repeated::Refused => Err(Error::invalid_grant()),
        Repeated::Replay => Err(replayed(auth, grant, (&app, request.source), used_at, now).await?),
    }
}

/// The account that a grant speaks for, when it may act.
async fn who_may_act(auth: &Auth, account: &AccountId) -> Result<Option<Account>, Error> {
    let account = auth.account(account).await?;
    Ok(account.filter(|account| account.inactive_reason().is_none()))
}

/// A grant that comes back with all proofs after its use ends what it bought: one of two holders is a thief (security
/// ONE-3, ONE-4, DEV-21). Within the grace it may be a client whose answer was lost (see [`Grant::repeat`], too).
async fn replayed<G: Grant>(
    auth: &Auth,
    grant: G,
    (app, source): (&App, Option<IpAddr>),
    used_at: Timestamp,
    now: Timestamp,
) -> Result<Error, Error> {
    let grace = auth.config().lifetimes.replay_grace;
    if !grace.is_zero() && now.since(used_at) <= grace {
        return Ok(Error::invalid_grant());
    }
    let account = grant.account().cloned();
    // Once, however often it comes back: what is over already is not ended again.
    let event = account.as_ref().filter(|_| G::TYPE == RefreshToken::TYPE).map(|account| {
        let event = events::event(auth, EventKind::RefreshReused, &Caller::new(source)).refused();
        event.by(Actor::App(app.id.clone())).about(account, "").through(&app.id)
    });
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                let ended = grant.revoke_issued(c, now).await?;
                if let Some(event) = event.filter(|_| ended.is_some()) {
                    store::events::add(c, event).await?;
                }
                Ok(ended)
            })
        },
        Option::clone,
    );
    let revoked = ended.await?;
    tracing::warn!(grant_type = G::TYPE, ?account, ?revoked, "a grant was used again: what it bought is revoked");
    Ok(Error::invalid_grant())
}
