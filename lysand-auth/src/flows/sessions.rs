//! Browser sessions: who is signed in, signing out, and ending everything of an account.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::{Account, AccountId};
use crate::model::authorization::AuthorizationRequest;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::proofs::MULTI_FACTOR;
use crate::model::session::USE_WRITTEN_EVERY;
pub use crate::model::session::{Browser, ListedAccount, Session, SessionId, SignedInBrowser};
use crate::secret::Secret;
pub use crate::signing::CookieProblem;
use crate::steps::ending::{self, Spared};
use crate::steps::host_rules::Proven;
pub use crate::steps::presence::OwnProof;
use crate::steps::presence::{self, Present};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::request::{self, Omitted};
pub use crate::steps::sign_in::{Missing, SignedIn, Step};
use crate::steps::{completion, enrolment, events, native_sign_in, own_factor, revocation, session, sign_in, standing};
use crate::store::{
    self, authorizations, credentials, email_changes, known_browsers, native_sign_ins, rate_limits, sessions,
    trusted_browsers,
};
use crate::texts;

/// Who the `jwt` cookie signs in: a good signature, a session that stands, an account that may act.
///
/// # Errors
/// The outer error is the server's; the inner one tells why the cookie opens nothing (Lysand §7).
pub async fn of_cookie(auth: &Auth, cookie: &str) -> Result<Result<SignedInBrowser, CookieProblem>, Error> {
    let now = auth.ambient().now();
    let claim = match auth.keys().verify_session(cookie, &auth.config().base_url, now) {
        Ok(claim) => claim,
        Err(problem) => return Ok(Err(problem)),
    };
    let id = claim.session_id;
    let session = auth.store().look_up(move |c| Box::pin(async move { sessions::by_id(c, &id).await })).await?;
    let Some(session) = session.filter(|session| session.is_live(now) && session.account_id == claim.account_id) else {
        return Ok(Err(CookieProblem::Unverifiable));
    };
    let account = auth.account(&session.account_id).await?;
    Ok(match account.filter(|account| account.inactive_reason().is_none()) {
        Some(account) => {
            note_use(auth, &session, now);
            Ok(SignedInBrowser { session, account })
        }
        None => Err(CookieProblem::Missing("sub")),
    })
}

/// Refuses somebody who must have a second factor by now, and has none: where everything else than setting one up begins (FAC-93).
///
/// # Errors
/// `FactorDemanded`; when the database does not answer.
pub async fn refuse_overdue(auth: &Auth, browser: &SignedInBrowser) -> Result<(), Error> {
    enrolment::refuse_overdue(auth, &browser.account, Some(&browser.session)).await
}

/// How long uses are gathered before they are written together.
const FLUSH_DELAY: Duration = Duration::from_secs(1);
/// How many of them share a transaction.
const BATCH: usize = 500;

/// Remembers that a session was used. Costs a comparison; only every five minutes is something written, a moment later and
/// together with what others did, and the request waits for none of it (people PPL-110).
fn note_use(auth: &Auth, session: &Session, now: Timestamp) {
    if session.is_use_noted(now) || !auth.session_uses().record(session.id.as_str(), None, now) {
        return;
    }
    let auth = auth.clone();
    tokio::spawn(async move {
        tokio::time::sleep(FLUSH_DELAY).await;
        if let Err(error) = write_uses(&auth).await {
            tracing::warn!(%error, "the last use of sessions was not written; their next use will be");
        }
    });
}

/// Writes down the uses of sessions that were gathered; answers how many were five minutes later than the ones before.
///
/// # Errors
/// When the database does not answer.
pub async fn write_uses(auth: &Auth) -> Result<usize, Error> {
    let (gathered, now) = (auth.session_uses().take(), auth.ambient().now());
    let times = (now.minus(USE_WRITTEN_EVERY), now, now.plus(auth.config().sessions.idle_ttl));
    let mut written = 0;
    for batch in gathered.chunks(BATCH) {
        let ids: Vec<String> = batch.iter().map(|(id, _)| id.clone()).collect();
        let write = auth.store().write(move |c| Box::pin(async move { sessions::write_uses(c, &ids, times).await }));
        written += write.await?;
    }
    Ok(written)
}

/// Signs somebody in by a road of the host's own: a directory, a link in a mail, a client certificate. The host has made
/// sure who it is; what a sign-in still lacks after that, the dispatcher of all sign-ins decides, and the app's request is
/// checked as any other.
///
/// `proof` is by what the host made sure, as its [`SignInRules`](crate::host::sign_in_rules::SignInRules) get to see it:
/// `ProofKind::Host("ldap".into())` for a road of its own, `ProofKind::Password` for a password that it checked itself.
/// `browser` is what the person's browser has of earlier sign-ins; handlers take it as an argument. Answer with
/// [`web::finish_sign_in`](crate::web::finish_sign_in).
///
/// # Errors
/// `invalid_grant` when there is no such account, `access_denied` when it may not act or the host's rules refuse, and
/// whatever is wrong with the request.
pub async fn begin(
    auth: &Auth,
    account: &AccountId,
    proof: ProofKind,
    request: &AuthorizationRequest,
    browser: Browser,
) -> Result<SignedIn, Error> {
    let checked = request::check(auth, request, Omitted::FromRegistration).await;
    let checked = checked.map_err(|error| error.told(request::lysand))?;
    let source = browser.caller.source;
    let signed_in = async {
        let wrong = || Error::refused(Code::InvalidGrant, texts::WRONG_CREDENTIALS);
        let account = auth.account(account).await?.ok_or_else(wrong)?;
        standing::may_sign_in(&account)?;
        let proven = Proven::new(&account, &proof);
        sign_in::after_proof(auth, proven, checked, browser, None).await
    };
    let signed_in = signed_in.await;
    signed_in.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(account), source, error))
}

/// Whether a sign-in to the account needs two proofs.
///
/// # Errors
/// When the database does not answer.
pub async fn needs_two_proofs(auth: &Auth, account: &Account) -> Result<bool, Error> {
    Ok(session::credentials_of(auth, &account.id).await?.two_step)
}

/// The person proves with the password, and with a second factor where a sign-in needs one, to be there still: a new session takes
/// the place of the old one (security WEB-1, ID-12, FAC-107). Answers with its cookie.
///
/// # Errors
/// `WrongPassword`, `WrongFactor`; 429 after too many in this session (people PPL-25), or of the account.
pub async fn renew(
    auth: &Auth,
    signed_in: &SignedInBrowser,
    proof: &OwnProof,
    browser: &Browser,
) -> Result<Secret, Error> {
    let account = &signed_in.account;
    let proven_with = session::credentials_of(auth, &account.id).await?;
    let proven = async {
        let password = proof.password.as_ref().ok_or_else(presence::wrong_password)?;
        if proven_with.two_step && proof.code.is_none() {
            return Err(completion::wrong_code());
        }
        Present::in_session(auth, &signed_in.session).prove(auth, account, password).await?;
        match proof.code.as_ref().filter(|_| proven_with.two_step) {
            Some(code) => Ok(Some(own_factor::prove(auth, account, code.expose(), browser).await?)),
            None => Ok(None),
        }
    };
    let proven = proven.await;
    let source = browser.caller.source;
    let kind = proven.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account.id), source, error))?;
    let second = kind.map(|kind| [kind.proof().second_method(), MULTI_FACTOR.to_owned()]);
    let methods: Vec<String> = [ProofKind::Password.method()].into_iter().chain(second.into_iter().flatten()).collect();
    let renewed = session::renew(auth, account, &signed_in.session, (proven_with, &methods)).await?;
    let ended = || Error::refused(Code::InvalidGrant, texts::SIGN_IN_ENDED);
    let cookie = renewed.ok_or_else(ended)?;
    tracing::info!(account = %account.id, "session renewed by a proof");
    Ok(cookie)
}

/// Ends one session and the codes that wait in it; its cookie is dead at once.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_out(auth: &Auth, session: &Session, caller: &Caller) -> Result<(), Error> {
    let now = auth.ambient().now();
    let (id, account) = (session.id.clone(), session.account_id.clone());
    tracing::info!(account = %account, session = %id, "signed out");
    let event = events::event(auth, EventKind::SignOut, caller).by(Actor::Account(account.clone())).about(&account, "");
    let ended = auth.store().write(move |c| {
        Box::pin(async move {
            sessions::end(c, &id, now).await?;
            authorizations::revoke_all_of_session(c, &id, &account, now).await?;
            store::events::add(c, event).await
        })
    });
    ended.await
}

/// The live sessions of an account, the latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_account(auth: &Auth, account: &AccountId) -> Result<Vec<Session>, Error> {
    let (account, now) = (account.clone(), auth.ambient().now());
    auth.store().read(move |c| Box::pin(async move { sessions::live_of_account(c, &account, now).await })).await
}

/// Ends the sessions of an account and the codes that wait in them, and leaves its apps their tokens: somebody who may not act
/// for now signs in anew afterwards, and the apps go on.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_out_everywhere(auth: &Auth, account: &AccountId) -> Result<(), Error> {
    let (account, now) = (account.clone(), auth.ambient().now());
    tracing::info!(%account, "all sessions ended");
    let event = all_ended(auth, &account);
    let ended = native_sign_in::end(auth, move |c| {
        Box::pin(async move {
            credentials::advance(c, &account).await?;
            sessions::end_all(c, &account, now).await?;
            let native = native_sign_ins::end_others(c, &account, None, now).await?;
            authorizations::revoke_all_of_account(c, &account, now).await?;
            store::events::add(c, event).await?;
            Ok(((), native))
        })
    });
    ended.await
}

/// Ends all sessions, codes, tokens, links under way and waiting browsers of an account: its password changed, or an admin said so (security REV-1, ID-7).
///
/// # Errors
/// When the database does not answer.
pub async fn end_all(auth: &Auth, account: &AccountId) -> Result<(), Error> {
    let now = auth.ambient().now();
    let account = account.clone();
    tracing::info!(account = %account, "all sessions and tokens ended");
    let (over, event) = (Revoked::Account(account.clone()), all_ended(auth, &account));
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                ending::end_everything(c, &account, &Spared::default(), now).await?;
                store::events::add(c, event).await
            })
        },
        |()| Some(over),
    );
    ended.await
}

fn all_ended(auth: &Auth, account: &AccountId) -> NewEvent {
    events::event(auth, EventKind::SessionsEnded, &Caller::default()).by(Actor::System).about(account, "")
}

/// Lifts the limit on failed sign-ins of an account, also for the browsers that it knows. A process that saw the limit exceeded
/// asks the database again after five seconds.
///
/// # Errors
/// When the database does not answer.
pub async fn unlock(auth: &Auth, account: &Account, by: Actor, caller: &Caller) -> Result<(), Error> {
    let event = events::event(auth, EventKind::Unlocked, caller).by(by).about(&account.id, &account.username);
    let (limits, now, account) = (auth.config().rate_limits.clone(), auth.ambient().now(), account.id.clone());
    tracing::info!(%account, "the limit on failed sign-ins is lifted");
    let cleared = auth.store().write(move |c| {
        Box::pin(async move {
            let mut attempts = vec![limits.failed_attempts_of(None, &account, now)];
            attempts.push(limits.failed_factors(None, &account, None, now));
            for browser in known_browsers::of_account(c, &account).await? {
                attempts.push(limits.failed_attempts_in(None, browser, &account, now));
                attempts.push(limits.failed_factors(None, &account, Some(browser), now));
            }
            for attempt in attempts {
                rate_limits::clear(c, attempt).await?;
            }
            store::events::add(c, event).await
        })
    });
    cleared.await
}

/// Forgets what is kept of an account that is no more: the browsers that it knew, and those that it trusted.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(auth: &Auth, account: &AccountId) -> Result<(), Error> {
    let account = account.clone();
    let forgotten = auth.store().write(move |c| {
        Box::pin(async move {
            known_browsers::forget_account(c, &account).await?;
            trusted_browsers::forget_account(c, &account).await?;
            email_changes::forget(c, &account).await?;
            credentials::forget(c, &account).await
        })
    });
    forgotten.await
}
