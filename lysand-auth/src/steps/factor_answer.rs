//! Answers to what a sign-in that waits is asked for: whether they are right, and what they use up. What begins then is the caller's
//! business.

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::factors::{Consumed, FactorKind, PendingSignIn, Usable};
use crate::model::passkeys::StoredPasskey;
use crate::model::rate_limit::FailedAttempts;
use crate::model::session::Browser;
use crate::model::way_back::Stop;
use crate::passkey::{Known, NotAccepted, Verification};
use crate::secret::Secret;
use crate::steps::code_factor::{self, Answer};
use crate::steps::completion::{Completion, over};
use crate::steps::mail::{self, Outgoing};
use crate::steps::passkeys::{self, Ceremony};
use crate::steps::pending::Open;
use crate::steps::presence::wrong_password;
use crate::steps::way_back_notice::stopped;
use crate::steps::{events, missing_step, notices, proof, throttle};
use crate::{store, texts};

/// After so many wrong codes in so long the owner is told that somebody knows the password (FAC-119).
const MANY_GUESSES: i64 = 5;
const GUESSED: Duration = Duration::from_secs(3600);

/// What an answer with a code uses up, when it is right; with what came back of a factor of the host's own that began.
///
/// # Errors
/// `NotOffered` for a kind that is not asked for; 422 for what is no code; `WrongFactor`; `SignInOver` with the last answer that the
/// sign-in bears; 429 beyond the limits.
pub(crate) async fn by_code(
    auth: &Auth,
    open: &Open,
    (kind, typed, state): (FactorKind, &str, &str),
    browser: &Browser,
) -> Result<Completion, Error> {
    let usable = missing_step::usable(auth, open).await?;
    if !usable.kinds.contains(&kind) {
        return Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED));
    }
    let code = code_factor::code_of(kind, typed)?;
    if code.is_empty() && state.is_empty() {
        return Err(Error::refused(Code::Validation, texts::NO_CODE));
    }
    let attempts = throttle::factor(auth, Some(&open.pending.id), &open.account.id, browser).await?;
    let (account, pending) = (&open.account, Some(&*open.pending.id));
    let answer = Answer { account, there: &usable, code: &code, pending, state };
    let consumed = match code_factor::check(auth, kind, &answer).await {
        Ok(consumed) => consumed,
        Err(error) if is_verdict(&error) => {
            return Err(wrong(auth, open, (kind, &attempts), &browser.caller, error).await?);
        }
        Err(error) => {
            throttle::forget_factor(auth, Some(&open.pending.id), attempts.counted).await?;
            return Err(error);
        }
    };
    Ok(completion(auth, open, (kind, consumed, &usable), attempts.counted, &browser.caller))
}

/// What an answer with the password uses up, when it is right (FAC-52).
///
/// # Errors
/// `NotOffered` after another first proof; `WrongPassword`; `SignInOver` with the last answer that the sign-in bears; 429 beyond the limits
/// of a sign-in, which it counts as.
pub(crate) async fn by_password(
    auth: &Auth,
    open: &Open,
    password: &Secret,
    caller: &Caller,
) -> Result<Completion, Error> {
    let kind = FactorKind::Password;
    if !missing_step::usable(auth, open).await?.kinds.contains(&kind) {
        return Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED));
    }
    let attempts = throttle::uncounted_factor(auth, &open.pending.id).await?;
    match proof::by_password(auth, &open.account, Some(password), caller.source, None).await {
        Ok(()) => {}
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            return Err(wrong(auth, open, (kind, &attempts), caller, wrong_password()).await?);
        }
        Err(error) => {
            throttle::forget_factor(auth, Some(&open.pending.id), attempts.counted).await?;
            return Err(error);
        }
    }
    let told = event(auth, EventKind::FactorPassed, open, caller).with("method", kind.name());
    let nothing = Completion::of_nothing(open.pending.id.clone(), open.account.id.clone(), auth.ambient().now());
    Ok(Completion { consumed: Consumed::Password, attempts: attempts.counted, events: vec![told], ..nothing })
}

/// What `navigator.credentials.get` takes as `publicKey` to finish a sign-in; none where no passkey does. `ceremony` is what the answer
/// is bound to.
pub(crate) fn options(auth: &Auth, ceremony: &str, pending: &PendingSignIn, usable: &Usable) -> Option<String> {
    let party = passkeys::require(auth).ok().filter(|_| usable.kinds.contains(&FactorKind::Passkey))?;
    let known: Vec<Known> = usable.passkeys.iter().map(StoredPasskey::known).collect();
    let challenge = passkeys::draw(auth, Ceremony::Factor(ceremony));
    Some(party.request_options(&challenge, &known, verification(pending)).to_string())
}

/// A passkey that is the first proof verifies its owner; one that is the second need not (FAC-83).
fn verification(pending: &PendingSignIn) -> Verification {
    if pending.proofs.first().is_some() { Verification::Preferred } else { Verification::Required }
}

/// What an answer with a passkey uses up, when it is right. Nobody guesses one, so no limit closes it (FAC-118).
///
/// # Errors
/// `NotOffered`; `WrongPasskey`; `SignInOver` with the last answer that the sign-in bears.
pub(crate) async fn by_passkey(
    auth: &Auth,
    open: &Open,
    (ceremony, credential): (&str, &str),
    browser: &Browser,
) -> Result<Completion, Error> {
    let usable = missing_step::usable(auth, open).await?;
    if !usable.kinds.contains(&FactorKind::Passkey) {
        return Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED));
    }
    let attempts = throttle::uncounted_factor(auth, &open.pending.id).await?;
    let consumed = match checked_passkey(auth, open, &usable, (ceremony, credential), &browser.caller).await {
        Ok(consumed) => consumed,
        Err(error @ Error::Refused(_)) => {
            return Err(wrong(auth, open, (FactorKind::Passkey, &attempts), &browser.caller, error).await?);
        }
        Err(error) => {
            throttle::forget_factor(auth, Some(&open.pending.id), attempts.counted).await?;
            return Err(error);
        }
    };
    let kind = FactorKind::Passkey;
    Ok(completion(auth, open, (kind, consumed, &usable), attempts.counted, &browser.caller))
}

async fn checked_passkey(
    auth: &Auth,
    open: &Open,
    usable: &Usable,
    (ceremony, credential): (&str, &str),
    caller: &Caller,
) -> Result<Consumed, Error> {
    let presented = passkeys::presented(auth, Ceremony::Factor(ceremony), credential)?;
    let challenge = passkeys::digest(&presented.challenge);
    let id = presented.id.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { store::passkeys::by_credential(c, &id).await }));
    let handle = found.await?.map(|(_, handle)| handle);
    let is_owners = |_: &&StoredPasskey| presented.owner.is_none() || presented.owner == handle;
    let own = usable.passkeys.iter().find(|passkey| passkey.credential == presented.id).filter(is_owners);
    let Some(passkey) = own else {
        passkeys::waste(auth, challenge).await?;
        return Err(passkeys::refused(&NotAccepted::Wrong("of another account".to_owned())));
    };
    let used = passkeys::check(auth, passkey, &presented, verification(&open.pending), caller).await?;
    Ok(Consumed::Passkey { id: passkey.id.clone(), used, challenge })
}

/// Whether somebody answered wrongly: not when the host gave no answer.
fn is_verdict(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal) if refusal.code != Code::Unavailable)
}

/// Records a wrong answer, and ends the sign-in with the last one that it bears.
pub(crate) async fn wrong(
    auth: &Auth,
    open: &Open,
    (kind, attempts): (FactorKind, &throttle::CountedFactor),
    caller: &Caller,
    error: Error,
) -> Result<Error, Error> {
    let event = event(auth, EventKind::FactorFailed, open, caller).with("method", kind.name()).refused();
    let (id, is_last, now) = (open.pending.id.clone(), attempts.is_last, auth.ambient().now());
    let (account, warning) =
        (open.account.id.clone(), Outgoing::to_confirmed(auth, &open.account, Mail::FactorGuessed));
    let recorded = auth.store().write(move |c| {
        Box::pin(async move {
            if is_last {
                store::pending::spend(c, &id, None, now).await?;
            }
            store::events::add(c, event).await?;
            let failed = store::events::count_since(c, &account, EventKind::FactorFailed, now.minus(GUESSED)).await?;
            match warning.filter(|_| failed >= MANY_GUESSES) {
                Some(warning) => mail::enqueue(c, warning).await.map(|_| true),
                None => Ok(false),
            }
        })
    });
    if recorded.await? {
        mail::wake(auth);
    }
    Ok(if is_last { over() } else { error })
}

/// An event of a sign-in that waits.
pub(crate) fn event(auth: &Auth, kind: EventKind, open: &Open, caller: &Caller) -> NewEvent {
    let event = events::event(auth, kind, caller).by(Actor::Account(open.account.id.clone()));
    event.about(&open.account.id, &open.account.username)
}

fn completion(
    auth: &Auth,
    open: &Open,
    (kind, consumed, usable): (FactorKind, Consumed, &Usable),
    attempts: FailedAttempts,
    caller: &Caller,
) -> Completion {
    let mut told = vec![event(auth, EventKind::FactorPassed, open, caller).with("method", kind.name())];
    let mut notice = None;
    if kind == FactorKind::Recovery {
        told.push(event(auth, EventKind::RecoveryUsed, open, caller));
        let left = u64::try_from(usable.recovery_left - 1).unwrap_or(0);
        notice = notices::recovery_used(auth, &open.account, left, caller);
    }
    Completion {
        pending: open.pending.id.clone(),
        account: open.account.id.clone(),
        consumed,
        attempts,
        events: told,
        notice,
        stops: Some(stopped(auth, &open.account, Stop::Factor, (Actor::Account(open.account.id.clone()), caller))),
        claims: None,
        now: auth.ambient().now(),
    }
}
