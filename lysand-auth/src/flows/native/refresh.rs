//! A refresh token of a native client is replaced, once, together with its access token; one that comes back ends its sign-in
//! (native C4, C5, 2.2).

use super::caller::is_too_weak;
use super::login::lockout;
use super::sign_out::{PASSWORD_CHANGED, got_password};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::family::Family;
use crate::model::native::{DeviceRecord, Dialect, NativeSignIn};
use crate::model::rate_limit::Rule;
use crate::secret::{Digest, Secret};
use crate::steps::native_sign_in::{self, NativeTokens};
use crate::steps::{events, revocation, throttle};
use crate::store::families::{self, StoredRefresh};
use crate::store::successors::Successor;
use crate::store::{self, device_records, native_sign_ins};
use crate::texts;

/// The rule by which refused refresh tokens are counted.
const RULE: &str = "native_refresh";
/// What the tokens are counted under that nobody was ever given.
const UNKNOWN: &str = "unknown";

/// A refresh token, and what its client says of its device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refresh {
    /// What the client speaks.
    pub dialect: Dialect,
    /// The token.
    pub token: Secret,
    /// By what its device is known.
    pub device: Option<String>,
    /// From where.
    pub caller: Caller,
}

impl Refresh {
    /// A refresh token, from a program.
    #[must_use]
    pub fn new(dialect: Dialect, token: Secret, device: Option<String>, caller: Caller) -> Self {
        Self { dialect, token, device, caller }
    }
}

/// What a refresh token belongs to.
struct Held {
    digest: Digest,
    stored: StoredRefresh,
    family: Family,
    sign_in: NativeSignIn,
    device: Option<DeviceRecord>,
}

/// The next pair of tokens, for one of those who ask at once.
///
/// # Errors
/// `InvalidGrant` for everything that brings none: unknown, used, expired, of another dialect or device, of an account that may
/// not act. 429 after too many of those from there.
pub async fn refresh(auth: &Auth, refresh: &Refresh) -> Result<NativeTokens, Error> {
    let rules = lockout(auth, refresh.dialect);
    let is_well_formed = refresh.token.expose().len() == 43;
    let held = if is_well_formed { find(auth, refresh).await? } else { None };
    let name = held.as_ref().map_or(UNKNOWN, |held| held.family.id.as_str());
    // One client with a stale token shuts nobody else of its network out, and what no server ever issued counts not at all.
    let pair = crate::steps::lockout::pair(auth, RULE, name, refresh.caller.source).filter(|_| is_well_formed);
    crate::steps::lockout::admit(auth, pair, rules).await?;
    let answered = match held {
        Some(held) => replaced(auth, refresh, held).await,
        None => Err(Error::invalid_grant()),
    };
    let is_refused = matches!(&answered, Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant);
    if !is_refused {
        crate::steps::lockout::take_back(auth, pair).await?;
    }
    answered
}

/// Whether this is an access token of some sign-in, live or not: it refreshes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn is_access_token(auth: &Auth, token: &Secret) -> Result<bool, Error> {
    Ok(auth.store().bearer(token.digest()).await?.is_some())
}

async fn find(auth: &Auth, refresh: &Refresh) -> Result<Option<Held>, Error> {
    let (digest, dialect) = (refresh.token.digest(), refresh.dialect);
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let Some((stored, family, app)) = families::by_refresh(c, digest).await? else { return Ok(None) };
            if app.app.id.as_str() != dialect.app_id() {
                return Ok(None);
            }
            let Some(sign_in) = native_sign_ins::of_family(c, &family.id).await? else { return Ok(None) };
            let device = device_records::by_id(c, &sign_in.device).await?;
            Ok(Some(Held { digest, stored, family, sign_in, device }))
        })
    });
    found.await
}

async fn replaced(auth: &Auth, refresh: &Refresh, held: Held) -> Result<NativeTokens, Error> {
    let now = auth.ambient().now();
    let is_live = held.family.is_live(now);
    if let Some(used_at) = held.stored.used_at {
        return Err(replayed(auth, refresh, &held, used_at, now).await?);
    }
    if !is_live || now >= held.stored.expires_at {
        let ended_at = held.family.ended_at.filter(|_| refresh.dialect == Dialect::Synctv);
        return Err(match ended_at {
            Some(at) if got_password(auth, &held.family.account_id, at).await? => {
                Error::refused(Code::InvalidToken, PASSWORD_CHANGED)
            }
            _ => Error::invalid_grant(),
        });
    }
    let is_of_device = refresh.device.as_ref().is_none_or(|sent| {
        let known = held.device.as_ref().and_then(|device| device.client_id.as_ref());
        known == Some(sent)
    });
    if !is_of_device {
        end(auth, refresh, &held, now).await?;
        return Err(Error::invalid_grant());
    }
    let account = auth.account(&held.family.account_id).await?;
    let Some(account) = account.filter(|account| account.inactive_reason().is_none()) else {
        return Err(Error::invalid_grant());
    };
    if is_too_weak(auth, &account, (held.family.authentication, &held.sign_in.methods)).await? {
        return Err(match refresh.dialect {
            Dialect::Synctv => Error::refused(Code::FactorRequired, texts::FACTOR_REQUIRED),
            Dialect::Toki | Dialect::Resonite => Error::invalid_grant(),
        });
    }
    if refresh.dialect == Dialect::Synctv {
        throttle::count_act(auth, Rule::SynctvRefresh, &account.id, &refresh.caller).await?;
    }
    match next(auth, &held, &account, now).await? {
        Some(tokens) => Ok(tokens),
        // Somebody was faster with the same token.
        None => Err(replayed(auth, refresh, &held, now, now).await?),
    }
}

/// Keeps the next pair in the place of the token; `None` when that was spent meanwhile.
async fn next(auth: &Auth, held: &Held, account: &Account, now: Timestamp) -> Result<Option<NativeTokens>, Error> {
    let rules = auth.config().native.tokens(held.sign_in.dialect);
    let (token, access) = native_sign_in::access_token(auth, &held.family, rules.access);
    let refresh = Secret::generate(auth.ambient());
    let successor = Successor {
        refresh: refresh.digest(),
        family_id: held.family.id.clone(),
        idle_end: held.family.idle_end(now, rules.idle),
        access: access.digest(),
        token,
    };
    let (digest, family, device) = (held.digest, held.family.id.clone(), held.sign_in.device.clone());
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if !successor.replace(c, digest, now).await? {
                return Ok(false);
            }
            native_sign_ins::prolong(c, &family, successor.idle_end).await?;
            device_records::see(c, &device, now).await?;
            Ok(true)
        })
    });
    if !kept.await? {
        return Ok(None);
    }
    tracing::info!(account = %account.id, sign_in = %held.family.id, "native token refreshed");
    let sign_in = held.family.id.clone();
    Ok(Some(NativeTokens { access_token: access, refresh_token: refresh, expires_in: rules.access, sign_in }))
}

/// A token that comes back after its use: one of two holders is a thief, so the sign-in ends; within the grace it may be a client
/// whose answer was lost (security ONE-4).
async fn replayed(
    auth: &Auth,
    refresh: &Refresh,
    held: &Held,
    used_at: Timestamp,
    now: Timestamp,
) -> Result<Error, Error> {
    let grace = auth.config().lifetimes.replay_grace;
    if grace.is_zero() || now.since(used_at) > grace {
        end(auth, refresh, held, now).await?;
    }
    Ok(Error::invalid_grant())
}

/// Ends the sign-in, and records it once.
async fn end(auth: &Auth, refresh: &Refresh, held: &Held, now: Timestamp) -> Result<(), Error> {
    let (family, account) = (held.family.id.clone(), held.family.account_id.clone());
    let event = events::event(auth, EventKind::RefreshReused, &refresh.caller).refused();
    let event = event.by(Actor::App(held.family.app_id.clone())).about(&account, "").through(&held.family.app_id);
    let event = event.with("dialect", held.sign_in.dialect.name());
    let over = family.clone();
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                let ended = families::end(c, &family, now).await?;
                if ended {
                    store::events::add(c, event).await?;
                }
                Ok(ended)
            })
        },
        |ended| ended.then_some(Revoked::Grant(over)),
    );
    ended.await?;
    tracing::warn!(%account, sign_in = %held.family.id, "a refresh token came back, or from another device: its sign-in is over");
    Ok(())
}
