//! Signing in with a mailed code and the address that it went to (native 1.4). Whoever asks learns nothing of the account, and no handle binds
//! the code: so wrong ones count for every code that waits.

use super::second_step::{self, FirstStep, StepRefused};
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::credentials::{Credentials, Demand};
use crate::model::event::EventKind;
use crate::model::factors::{DIALECT, FactorKind, PendingSignIn};
use crate::model::mail_token::Purpose;
use crate::model::native::{Dialect, Program};
use crate::model::proofs::{ProofKind, Proofs};
use crate::model::rate_limit::{FailedAttempts, Rule};
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::host_rules::Proven;
use crate::steps::native_sign_in::Start;
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::{code_factor, code_request, events, mail, mail_code, session, throttle};
use crate::store::{self, mail_tokens, pending};

/// How many codes of an account wait at once; one more is not sent, and voids none.
const MOST_WAITING: usize = 3;

/// Whether a code by mail signs people in over SyncTV's dialect.
#[must_use]
pub fn is_mail_login_offered(auth: &Auth) -> bool {
    let is_allowed = auth.config().factors.allow(FactorKind::Email) && !auth.config().sso.forced;
    auth.config().native.synctv.email_login && is_allowed && mail::is_read(auth)
}

/// Whom an address names, and by what tries for it are counted.
struct Named {
    account: Option<Account>,
    id: AccountId,
    known: Credentials,
}

async fn named(auth: &Auth, address: &str) -> Result<Named, Error> {
    let account = auth.accounts().by_email(address).await.map_err(Error::from_host)?;
    let id = account.as_ref().map_or_else(|| code_request::stand_in(auth, address), |account| account.id.clone());
    let known = session::credentials_of(auth, &id).await?;
    match account.filter(|account| code_request::can_use_it(account, known)) {
        Some(account) => Ok(Named { id, account: Some(account), known }),
        None => Ok(Named { account: None, id: code_request::stand_in(auth, address), known }),
    }
}

/// Has a code mailed to the confirmed address of an account that may act. The answer and the work are the same for every other address.
///
/// # Errors
/// 429 when too many ask from one network; when host or database do not answer.
pub async fn ask_mail_code(auth: &Auth, address: &str, caller: &Caller) -> Result<(), Error> {
    throttle::count_from(auth, Rule::CodeRequest, caller).await?;
    let address = address.trim().to_lowercase();
    let Named { account, id, known } = named(auth, &address).await?;
    let now = auth.ambient().now();
    let row = PendingSignIn {
        id: auth.ambient().id(),
        account: id,
        // Nobody goes on with it by a handle.
        browser: Secret::generate(auth.ambient()).digest(),
        steps_up: None,
        proofs: Proofs::default(),
        generation: known.generation.unwrap_or(0),
        request: vec![(DIALECT.to_owned(), Dialect::Synctv.name().to_owned())],
        created_at: now,
        expires_at: now.plus(mail_code::LIFETIME),
        ended_at: None,
        session: None,
    };
    let mail = code_request::mail_for(auth, account.as_ref(), (&address, None), &row, caller);
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if pending::codes_of_native(c, &row.account, now).await?.len() >= MOST_WAITING {
                return Ok(());
            }
            pending::insert(c, &row).await?;
            mail::enqueue(c, mail).await.map(drop)
        })
    });
    kept.await?;
    mail::wake(auth);
    Ok(())
}

/// Begins with an address and a code that was mailed there. A second proof follows where two-step is on, and never a mailed one.
///
/// # Errors
/// `Code` for everything that is no right code of an account that may act.
pub async fn begin_with_mail_code(
    auth: &Auth,
    (address, code): (&str, &str),
    program: &Program,
    caller: &Caller,
) -> Result<FirstStep, StepRefused> {
    let address = address.trim().to_lowercase();
    let begun = checked(auth, (&address, code), program, caller).await;
    if let Some(error) = begun.as_ref().err().and_then(StepRefused::logged) {
        refused_sign_in::log(auth, &Whom::Typed(&address), caller.source, &error);
    }
    begun
}

async fn checked(
    auth: &Auth,
    (address, typed): (&str, &str),
    program: &Program,
    caller: &Caller,
) -> Result<FirstStep, StepRefused> {
    if !is_mail_login_offered(auth) {
        return Err(StepRefused::NoMail);
    }
    throttle::refuse_address(auth, caller.source)?;
    let code = code_factor::code_of(FactorKind::Email, typed).map_err(|_| StepRefused::Code)?;
    let Named { account, id, known } = named(auth, address).await?;
    let browser = Browser { caller: caller.clone(), ..Browser::default() };
    let attempts = throttle::factor(auth, None, &id, &browser).await?.counted;
    let (found, tried) = right_code(auth, &id, &code).await?;
    let is_unchanged = |row: &PendingSignIn| known.generation.unwrap_or(0) == row.generation;
    let is_demanded = known.demanded == Some(Demand::Now);
    let found = found.filter(|(row, _)| is_unchanged(row) && !is_demanded);
    let (Some((row, token)), Some(account)) = (found, account) else {
        let event = events::event(auth, EventKind::SignInFailed, caller).with("step", "code");
        let event = event.with("service", program.dialect.name());
        let is_nobody = id.as_str().starts_with("nobody ");
        events::record_refusal(auth, if is_nobody { event } else { event.about(&id, "") }).await?;
        return Err(StepRefused::Code);
    };
    if !take(auth, (row, token), tried, attempts).await? {
        return Err(StepRefused::Code);
    }
    second_step::may_sign_in(&account)?;
    let by = ProofKind::Email;
    let proven = Proven { known_before: Some(known), ..Proven::new(&account, &by) };
    second_step::after_first_proof(auth, proven, known, Start { program, caller, pair: None }).await
}

/// The sign-in whose code this is, and its token; it counts as a try of every code that waits, whose ids are told.
async fn right_code(
    auth: &Auth,
    account: &AccountId,
    code: &str,
) -> Result<(Option<(PendingSignIn, String)>, Vec<String>), Error> {
    let (digest, now, most) = (mail::code_digest(auth, code), auth.ambient().now(), auth.config().factors.tries);
    let account = account.clone();
    let looked = auth.store().write(move |c| {
        Box::pin(async move {
            let (mut found, mut tried) = (None, Vec::new());
            for row in pending::codes_of_native(c, &account, now).await? {
                if pending::count_answer(c, &row.id, i64::from(most), now).await?.is_none() {
                    continue;
                }
                tried.push(row.id.clone());
                let token = mail_tokens::with_code(c, (&account, Purpose::SignIn, &row.id), digest, now).await?;
                found = found.or(token.map(|token| (row, token)));
            }
            Ok((found, tried))
        })
    });
    looked.await
}

/// Uses a right code up, once, and takes back what was counted.
async fn take(
    auth: &Auth,
    (row, token): (PendingSignIn, String),
    tried: Vec<String>,
    attempts: FailedAttempts,
) -> Result<bool, Error> {
    let now = auth.ambient().now();
    let taken = auth.store().write(move |c| {
        Box::pin(async move {
            if !pending::spend(c, &row.id, None, now).await? || !mail_tokens::spend(c, &token, now).await? {
                return Ok(false);
            }
            for id in tried {
                pending::uncount_answer(c, &id).await?;
            }
            store::rate_limits::uncount_attempt(c, attempts).await?;
            Ok(true)
        })
    });
    taken.await
}
