//! Codes for programs without a browser (RFC 8628): asked for, looked up by what a person typed, answered, polled. Whoever the
//! program is, these are the steps.
//!
//! ```text
//! issued ── yes ──► approved ── poll ──► consumed
//!    ├───── no ───► denied ──── poll ──► deleted
//!    └── 15 min ──► over
//! ```

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::app::{App, AppId};
use crate::model::caller::Caller;
use crate::model::device_code::{DeviceApproval, DeviceCode, DeviceCodeState, LIFETIME, UserCode, program_of};
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::proofs::{MULTI_FACTOR, ProofKind};
use crate::model::rate_limit::Rule;
use crate::model::scope::Scopes;
use crate::model::session::{Session, SessionId, SignedInBrowser};
use crate::model::strength::ProvenBy;
use crate::secret::{Digest, Secret};
use crate::steps::{enrolment, events, session, throttle};
use crate::store::{self, Conn, device_codes, native_sign_ins, sessions};
use crate::texts;

/// Codes of one client that can wait at the same time.
const MOST_OF_A_CLIENT: i64 = 10_000;
/// When somebody comes again whose client has too many.
const COME_AGAIN: Duration = Duration::from_secs(60);
/// How many codes are drawn, for where one is taken.
const DRAWS: usize = 8;

/// What a client wants a code for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) client: AppId,
    pub(crate) scopes: Scopes,
    /// What the program calls itself; `None` is what its `User-Agent` says.
    pub(crate) program: Option<String>,
}

/// Both codes, shown this once.
#[derive(Debug)]
pub(crate) struct NewCodes {
    /// What the program polls with.
    pub(crate) device_code: Secret,
    /// What a person types.
    pub(crate) user_code: UserCode,
}

/// What a poll comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// Nobody has answered yet.
    Pending,
    /// Nor that, and the program asks too often: so long it waits from now on.
    TooSoon(Duration),
    /// Somebody said no.
    Denied,
    /// The time is over, or the code was used.
    Over,
    /// Somebody said yes.
    Approved(DeviceApproval),
}

/// Makes codes for a client that has proven to be itself.
///
/// # Errors
/// 429 when an address asks too often, or too many codes of the client wait.
pub(crate) async fn begin(auth: &Auth, wanted: Wanted, caller: &Caller) -> Result<NewCodes, Error> {
    throttle::count_from(auth, Rule::DeviceCode, caller).await?;
    let now = auth.ambient().now();
    let device_code = Secret::generate(auth.ambient());
    let code = DeviceCode {
        digest: device_code.digest(),
        app_id: wanted.client,
        scopes: wanted.scopes,
        program: wanted.program.or_else(|| caller.agent.as_deref().and_then(program_of)),
        network: caller.clone().keeping(auth.config().sessions.networks).network(),
        created_at: now,
        expires_at: now.plus(LIFETIME),
        state: DeviceCodeState::Issued,
        approval: None,
    };
    let drawn: Vec<UserCode> = (0..DRAWS).map(|_| UserCode::generate(auth.ambient())).collect();
    let key = key(auth);
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if device_codes::has_many(c, &code.app_id, MOST_OF_A_CLIENT, now).await? {
                return Err(Error::later(Code::TooManyRequests, texts::TOO_MANY_REQUESTS, COME_AGAIN));
            }
            for user_code in drawn {
                if device_codes::insert(c, &code, user_code.digest(&key)).await? {
                    return Ok(user_code);
                }
            }
            Err(Error::failed("every code that was drawn is taken"))
        })
    });
    Ok(NewCodes { device_code, user_code: kept.await? })
}

/// The code that somebody typed, whatever became of it, and its client.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn by_user_code(auth: &Auth, code: &UserCode) -> Result<Option<(DeviceCode, App)>, Error> {
    let digest = code.digest(&key(auth));
    let found = auth.store().look_up(move |c| Box::pin(async move { device_codes::by_user(c, digest).await }));
    Ok(found.await?.map(|(code, stored)| (code, stored.app)))
}

/// What stands for a code that was looked up in a session: nobody else can make it.
pub(crate) fn looked_up_in(auth: &Auth, code: &UserCode, session: &Session) -> Secret {
    code.bound_to(&auth.subkey("device code that was looked up"), session.id.as_str())
}

/// Whether the sign-in stands in which somebody says yes: of a browser, or of a native client. Whoever would end it waits.
pub(crate) async fn lock_live(c: &mut Conn, id: &SessionId, now: Timestamp) -> Result<bool, Error> {
    Ok(sessions::lock_live(c, id, now).await? || native_sign_ins::lock_live(c, id.as_str(), now).await?)
}

/// Somebody who is signed in says yes; false when the code does not wait for that any more, or the session is over.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn approve(auth: &Auth, code: &DeviceCode, browser: &SignedInBrowser) -> Result<bool, Error> {
    let (now, digest, app) = (auth.ambient().now(), code.digest, code.app_id.clone());
    let approval = DeviceApproval {
        account: browser.account.id.clone(),
        session: browser.session.id.clone(),
        proven: ProvenBy { methods: browser.session.methods.clone(), at: browser.session.authenticated_at },
    };
    let event = answered(auth, EventKind::Consent, code, browser).with("scopes", code.scopes.to_string());
    let approved = auth.store().write(move |c| {
        Box::pin(async move {
            // Whoever ends the session waits, or was first.
            let is_approved =
                lock_live(c, &approval.session, now).await? && device_codes::approve(c, digest, &approval, now).await?;
            if is_approved {
                store::events::add(c, event).await?;
                store::apps::set_approved(c, &app).await?;
            }
            Ok(is_approved)
        })
    });
    let approved = approved.await?;
    if approved {
        auth.request_counters().device_polls.forget(digest);
        tracing::info!(account = %browser.account.id, app = %code.app_id, scopes = %code.scopes, "a device was allowed");
    }
    Ok(approved)
}

/// Somebody who is signed in says no; false when the code does not wait for that any more.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn deny(auth: &Auth, code: &DeviceCode, browser: &SignedInBrowser) -> Result<bool, Error> {
    let (now, digest) = (auth.ambient().now(), code.digest);
    let event = answered(auth, EventKind::ConsentDenied, code, browser).refused();
    let denied = auth.store().write(move |c| {
        Box::pin(async move {
            let is_denied = device_codes::deny(c, digest, now).await?;
            if is_denied {
                store::events::add(c, event).await?;
            }
            Ok(is_denied)
        })
    });
    let denied = denied.await?;
    if denied {
        auth.request_counters().device_polls.forget(digest);
        tracing::info!(account = %browser.account.id, app = %code.app_id, "a device was refused");
    }
    Ok(denied)
}

fn answered(auth: &Auth, kind: EventKind, code: &DeviceCode, browser: &SignedInBrowser) -> NewEvent {
    let account = &browser.account;
    let event = events::event(auth, kind, &Caller::default()).by(Actor::Account(account.id.clone()));
    event.about(&account.id, &account.username).through(&code.app_id)
}

/// What a poll with a code of the client's own comes to. A refused code is forgotten with that.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn poll(auth: &Auth, code: &DeviceCode, now: Timestamp) -> Result<Poll, Error> {
    let digest = code.digest;
    match (code.state, &code.approval) {
        (DeviceCodeState::Denied, _) => {
            forget(auth, digest, DeviceCodeState::Denied).await?;
            Ok(Poll::Denied)
        }
        (DeviceCodeState::Consumed, _) => Ok(Poll::Over),
        _ if now >= code.expires_at => Ok(Poll::Over),
        (DeviceCodeState::Approved, Some(approval)) => Ok(Poll::Approved(approval.clone())),
        _ => Ok(match auth.request_counters().device_polls.note(digest, now) {
            Some(interval) => Poll::TooSoon(interval),
            None => Poll::Pending,
        }),
    }
}

/// The account that said yes, while that counts: it may act, its session stands, and what was proven there is as much as a sign-in
/// of the account takes now.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn who_approved(auth: &Auth, approval: &DeviceApproval) -> Result<Option<Account>, Error> {
    let account = auth.account(&approval.account).await?.filter(|account| account.inactive_reason().is_none());
    let Some(account) = account else { return Ok(None) };
    let id = approval.session.clone();
    let session = auth.store().look_up(move |c| {
        Box::pin(async move {
            Ok(match sessions::by_id(c, &id).await? {
                Some(session) => Some(session),
                None => native_sign_ins::of_family(c, id.as_str()).await?.map(|sign_in| sign_in.as_session()),
            })
        })
    });
    let Some(session) = session.await?.filter(|session| session.is_live(auth.ambient().now())) else { return Ok(None) };
    match enrolment::refuse_overdue(auth, &account, Some(&session)).await {
        Err(Error::Refused(refusal)) if refusal.code == Code::FactorDemanded => return Ok(None),
        overdue => overdue?,
    }
    let is_enough = !lacks_proof(auth, &account, &approval.proven.methods).await?;
    Ok(Some(account).filter(|_| is_enough))
}

/// Whether an account wants two proofs, and less was given. A provider's word is enough where the operator lets it be (FAC-95); a
/// browser that the account trusts is not (native §2.5).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn lacks_proof(auth: &Auth, account: &Account, methods: &[String]) -> Result<bool, Error> {
    let has = |word: &str| methods.iter().any(|method| method == word);
    if has(MULTI_FACTOR) || !session::credentials_of(auth, &account.id).await?.two_step {
        return Ok(false);
    }
    let is_by_provider = methods.first() == Some(&ProofKind::Provider.method());
    Ok(!is_by_provider || !enrolment::has_enough(auth, account).await?)
}

/// The yes counts no more, and its program knows.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn drop_approved(auth: &Auth, code: Digest) -> Result<(), Error> {
    forget(auth, code, DeviceCodeState::Approved).await
}

async fn forget(auth: &Auth, code: Digest, state: DeviceCodeState) -> Result<(), Error> {
    auth.store().write_one(move |c| Box::pin(async move { device_codes::forget(c, code, state).await })).await
}

/// The key of what the database keeps of codes that people type.
fn key(auth: &Auth) -> [u8; 64] {
    auth.subkey("user code of a device")
}
