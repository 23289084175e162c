//! The way back of somebody who lost all second factors: they prove password and mailbox, wait, and prove both again; then the factors
//! go (factors section 11). Nobody signs in by asking, and until it is claimed nothing changes.

use std::time::Duration;

use super::sign_in::{Finished, LastStep, app_of, finish};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::host::sign_in_rules::Stage;
use crate::model::caller::Caller;
use crate::model::event::EventKind;
use crate::model::factors::{Consumed, FactorKind};
use crate::model::mail::CodeUse;
use crate::model::mail_token::Purpose;
use crate::model::session::Browser;
pub use crate::model::way_back::WayBackTimes;
use crate::model::way_back::{Told, WayBack};
use crate::steps::completion::{Completion, over, wrong_code};
use crate::steps::factor_answer::{event, wrong};
pub use crate::steps::mail_code::MailCode;
use crate::steps::pending::{self, Open};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::throttle::{self, CountedFactor};
use crate::steps::way_back::{self as rules, Counting};
use crate::steps::way_back_claim::{self, WayBackClaim};
use crate::steps::way_back_notice::{self, device, with_stop};
use crate::steps::{code_factor, mail, mail_code, missing_step, notices, revocation};
use crate::store::{self, mail_tokens};
use crate::texts;

/// How far somebody is with the way back, as the browser sees it that waits for a second proof.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WayBackView {
    /// What can be done now.
    pub next: NextStep,
    /// Where a code by mail goes, and when one did.
    pub mail: MailCode,
    /// How long somebody waits who asks now.
    pub wait: Duration,
}

/// What can be done about a way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NextStep {
    /// It can be asked for, with a code by mail.
    Ask,
    /// It was asked for, and is not ripe.
    Wait(WayBackTimes),
    /// It can be claimed, with a code by mail.
    Claim(WayBackTimes),
    /// It cannot be asked for before this time.
    Paused(Timestamp),
}

/// What came of a code.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The way back is asked for, or was before.
    Asked(WayBackTimes),
    /// It is ripe: the person says with the same code that the factors go.
    Ripe(WayBackTimes),
}

/// Whether there is a way back here at all.
#[must_use]
pub fn is_enabled(auth: &Auth) -> bool {
    auth.config().factors.way_back.enabled
}

/// How far somebody is. Nothing changes.
///
/// # Errors
/// `SignInOver`; `NotOffered` for whoever cannot ask for it.
pub async fn look(auth: &Auth, claim: &PendingClaim) -> Result<WayBackView, Error> {
    let open = offered(auth, claim).await?;
    let next = match counting(auth, &open).await? {
        Counting::Open(row) if row.times.is_ripe(auth.ambient().now()) => NextStep::Claim(row.times),
        Counting::Open(row) => NextStep::Wait(row.times),
        Counting::Paused(until) => NextStep::Paused(until),
        Counting::Free => NextStep::Ask,
    };
    let mail = mail_code::sent(auth, &open.account, (&open.pending, CodeUse::WayBack)).await?;
    Ok(WayBackView { next, mail, wait: auth.config().factors.way_back.wait })
}

/// Has the code mailed with which the way back is asked for, or claimed. It counts as a guess (FAC-115).
///
/// # Errors
/// `SignInOver`; `NotOffered`; `TooSoon` within a minute of the last one, after a stop, and when it was asked too often; 429 beyond the
/// limits.
pub async fn start(auth: &Auth, claim: &PendingClaim, browser: &Browser) -> Result<(), Error> {
    let open = offered(auth, claim).await?;
    if let Counting::Paused(until) = counting(auth, &open).await? {
        return Err(rules::too_soon(until, auth.ambient().now()));
    }
    throttle::factor(auth, None, &open.account.id, browser).await?;
    let app = app_of(auth, &open.pending).await?.map(|app| app.name);
    mail_code::send(auth, &open, (app, CodeUse::WayBack), &browser.caller).await
}

/// The code. It asks for the way back, of which the owner is told everywhere at once; where that is ripe, it is looked at, and stays
/// good for the [`claim`].
///
/// # Errors
/// `SignInOver`; `NotOffered`; 422 for what is no code; `WrongFactor`; 429 beyond the limits; `TooSoon` after a stop, and when it was
/// asked too often.
pub async fn answer(auth: &Auth, claim: &PendingClaim, typed: &str, browser: &Browser) -> Result<Outcome, Error> {
    let open = offered(auth, claim).await?;
    let (account, source) = (open.account.id.clone(), browser.caller.source);
    let answered = answered(auth, &open, typed, browser).await;
    answered.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account), source, error))
}

/// The person says that the second factors go. With the right code they do, and all that was begun with them, and the sign-in goes
/// on. It counts as a guess (FAC-115).
///
/// # Errors
/// As [`answer`]; `NotOffered` while it is not ripe, and when it was stopped or is over.
pub async fn claim(auth: &Auth, claim: &PendingClaim, typed: &str, browser: Browser) -> Result<Finished, Error> {
    let open = offered(auth, claim).await?;
    let (account, source) = (open.account.id.clone(), browser.caller.source);
    let claimed = claimed(auth, open, typed, browser).await;
    let finished = claimed.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account), source, error))?;
    mail::wake(auth);
    revocation::notify(auth, &Revoked::Account(account.clone())).await;
    tracing::info!(%account, "the second factors are removed by a way back");
    Ok(finished)
}

async fn offered(auth: &Auth, claim: &PendingClaim) -> Result<Open, Error> {
    let open = pending::open(auth, claim).await?;
    let usable = missing_step::usable(auth, &open).await?;
    match missing_step::lacks(auth, &open).await? == Some(super::sign_in::BeforeSession::Factor)
        && rules::is_offered(auth, &open, &usable).await?
    {
        true => Ok(open),
        false => Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED)),
    }
}

async fn counting(auth: &Auth, open: &Open) -> Result<Counting, Error> {
    let (id, now) = (open.account.id.clone(), auth.ambient().now());
    auth.store().look_up(move |c| Box::pin(async move { rules::counting(c, &id, now).await })).await
}

/// The token of a right code, and what was counted for it.
async fn checked(auth: &Auth, open: &Open, typed: &str, browser: &Browser) -> Result<(String, CountedFactor), Error> {
    let code = code_factor::code_of(FactorKind::Email, typed)?;
    let attempts = throttle::factor(auth, Some(&open.pending.id), &open.account.id, browser).await?;
    let (account, pending, now) = (open.account.id.clone(), open.pending.id.clone(), auth.ambient().now());
    let digest = mail::code_digest(auth, &code);
    let found = auth.store().look_up(move |c| {
        Box::pin(async move { mail_tokens::with_code(c, (&account, Purpose::WayBack, &pending), digest, now).await })
    });
    match found.await? {
        Some(token) => Ok((token, attempts)),
        None => Err(wrong(auth, open, (FactorKind::Email, &attempts), &browser.caller, wrong_code()).await?),
    }
}

async fn answered(auth: &Auth, open: &Open, typed: &str, browser: &Browser) -> Result<Outcome, Error> {
    let (token, attempts) = checked(auth, open, typed, browser).await?;
    if let Counting::Open(row) = counting(auth, open).await?
        && row.times.is_ripe(auth.ambient().now())
    {
        throttle::forget_factor(auth, Some(&open.pending.id), attempts.counted).await?;
        return Ok(Outcome::Ripe(row.times));
    }
    ask(auth, open, (token, attempts), &browser.caller).await.map(Outcome::Asked)
}

/// Keeps the request, uses the code up and tells everybody, in one transaction. What was asked before stays as it is.
async fn ask(
    auth: &Auth,
    open: &Open,
    (token, attempts): (String, CountedFactor),
    caller: &Caller,
) -> Result<WayBackTimes, Error> {
    let (account, now, config) = (&open.account, auth.ambient().now(), auth.config().factors.way_back);
    let ripe_at = now.plus(config.wait);
    let row = WayBack {
        id: auth.ambient().id(),
        account: account.id.clone(),
        times: WayBackTimes { asked_at: now, ripe_at, until: ripe_at.plus(config.claim) },
        told: Told::Asked,
        end: None,
        agent: caller.agent.clone(),
        network: caller.network(),
    };
    let asked = Mail::WayBackAsked { device: device(&row), network: row.network.clone(), at: now, ripe_at };
    let mails = with_stop(auth, account, &row, asked).await?;
    let told = event(auth, EventKind::WayBackAsked, open, caller);
    let lapsed = event(auth, EventKind::WayBackLapsed, open, &Caller::default());
    let pending = open.pending.id.clone();
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if !store::pending::lock_open(c, &pending, now).await? {
                return Err(over());
            }
            if !mail_tokens::spend(c, &token, now).await? {
                return Err(wrong_code());
            }
            store::pending::uncount_answer(c, &pending).await?;
            store::rate_limits::uncount_attempt(c, attempts.counted).await?;
            if let Some(overdue) = store::way_back::overdue(c, &row.account, now).await?
                && store::way_back::lapse(c, &overdue, now).await?
            {
                store::events::add(c, lapsed).await?;
            }
            if !store::way_back::insert(c, &row).await? {
                let there = store::way_back::open(c, &row.account, now).await?;
                return there.map(|there| (there.times, false)).ok_or_else(way_back_claim::over);
            }
            // After it is kept: what stopped another one in the same moment is seen now.
            if let Some(until) = rules::paused_until(c, &row.account, (Some(&row.id), now)).await? {
                return Err(rules::too_soon(until, now));
            }
            for mail in mails {
                mail::enqueue(c, mail).await?;
            }
            store::events::add(c, told).await?;
            Ok((row.times, true))
        })
    });
    let (times, is_new) = kept.await?;
    if is_new {
        mail::wake(auth);
        way_back_notice::tell_host(auth, account, Stage::Asked).await;
        tracing::info!(account = %account.id, "the removal of second factors is asked for");
    }
    Ok(times)
}

async fn claimed(auth: &Auth, open: Open, typed: &str, browser: Browser) -> Result<Finished, Error> {
    let Counting::Open(row) = counting(auth, &open).await? else { return Err(way_back_claim::over()) };
    if !row.times.is_ripe(auth.ambient().now()) {
        return Err(way_back_claim::over());
    }
    throttle::factor(auth, None, &open.account.id, &browser).await?;
    let (token, attempts) = checked(auth, &open, typed, &browser).await?;
    let claims = WayBackClaim {
        id: row.id,
        known: open.known,
        notices: notices::way_back_done(auth, &open.account, &browser.caller).await?,
    };
    let nothing = Completion::of_nothing(open.pending.id.clone(), open.account.id.clone(), auth.ambient().now());
    let completion = Completion {
        consumed: Consumed::Email(token),
        attempts: attempts.counted,
        events: vec![event(auth, EventKind::WayBackDone, &open, &browser.caller)],
        claims: Some(Box::new(claims)),
        ..nothing
    };
    finish(auth, open, LastStep::proven(FactorKind::Email, completion), browser).await
}
