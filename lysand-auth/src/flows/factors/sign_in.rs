//! The second step of a sign-in: what is asked for, and the answer that finishes it.

use crate::auth::Auth;
pub use crate::error::PendingClaim;
use crate::error::{Code, Error};
use crate::host::factor::FactorLabel;
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, CheckedRequest};
use crate::model::caller::Caller;
pub use crate::model::factors::FactorKind;
use crate::model::factors::{Consumed, PendingSignIn, is_for_app};
use crate::model::mail::CodeUse;
use crate::model::proofs::ProofKind;
use crate::model::rate_limit::Rule;
use crate::model::session::{Browser, SessionId, SignedInBrowser};
use crate::steps::completion::{Completion, over};
pub use crate::steps::host_factors::BegunFactor;
use crate::steps::host_rules::Proven;
use crate::steps::mail;
use crate::steps::pending::{self, Open};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::request::{self, Omitted, RequestError};
use crate::steps::sign_in::{self, Consent};
pub use crate::steps::sign_in::{BeforeSession, SessionStart, SignedIn, Step};
use crate::steps::{factor_answer, host_factors, mail_code, missing_step, standing, throttle, waiting};
use crate::store;
use crate::texts;

/// What finished.
#[derive(Debug)]
#[non_exhaustive]
pub enum Finished {
    /// Somebody is signed in for the app's request.
    SignedIn(Box<SignedIn>),
    /// Somebody is signed in, for no app.
    Here(SessionStart),
    /// Nothing yet: a second factor has to be set up first.
    Waits,
}

/// The app that asks, if it still may.
pub(super) async fn app_of(auth: &Auth, pending: &PendingSignIn) -> Result<Option<App>, Error> {
    match asked(auth, pending).await {
        Ok(asked) => Ok(asked.map(|(app, _)| app)),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The app's request, checked once more: the app may be gone, or allowed less.
async fn asked(auth: &Auth, pending: &PendingSignIn) -> Result<Option<(App, CheckedRequest)>, Error> {
    if !pending.is_for_app() {
        return Ok(None);
    }
    let asked = AuthorizationRequest::of_pairs(&pending.request);
    let checked = request::check(auth, &asked, Omitted::FromRegistration).await;
    checked.map(Some).map_err(|error| error.told(request::lysand))
}

/// The answer to what is asked for, which finishes the sign-in.
///
/// # Errors
/// `SignInOver` when it is over, or another browser's; `NotOffered` for a kind that is not asked for; 422 for what is no code;
/// `WrongFactor`; 429 beyond the limits. With a right answer, as at a sign-in: the account may not act, must have a new
/// password, or the host refuses.
pub async fn answer(
    auth: &Auth,
    claim: &PendingClaim,
    (kind, typed): (FactorKind, &str),
    browser: Browser,
) -> Result<Finished, Error> {
    answer_to_prompt(auth, claim, (kind, typed, ""), browser).await
}

/// The same to a factor of the host's own: with what [`begin_host_factor`] gave.
///
/// # Errors
/// As [`answer`]; 503 when the host does not answer.
pub async fn answer_to_prompt(
    auth: &Auth,
    claim: &PendingClaim,
    given: (FactorKind, &str, &str),
    browser: Browser,
) -> Result<Finished, Error> {
    let open = pending::open(auth, claim).await?;
    let (account, source) = (open.account.id.clone(), browser.caller.source);
    let answered = answered(auth, open, given, browser).await;
    answered.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account), source, error))
}

async fn answered(
    auth: &Auth,
    open: Open,
    (kind, typed, state): (FactorKind, &str, &str),
    browser: Browser,
) -> Result<Finished, Error> {
    let completion = factor_answer::by_code(auth, &open, (kind, typed, state), &browser).await?;
    finish(auth, open, LastStep::proven(kind, completion), browser).await
}

/// Begins a factor of the host's own, as it is asked for: what a person sees, and what comes back with the answer.
///
/// # Errors
/// `SignInOver`; `NotOffered`; `TooSoon` within a minute and 429 after five times an hour, where it sends something; 503 when the host
/// does not answer.
pub async fn begin_host_factor(auth: &Auth, claim: &PendingClaim, kind: FactorKind) -> Result<BegunFactor, Error> {
    let open = pending::open(auth, claim).await?;
    if !missing_step::usable(auth, &open).await?.kinds.contains(&kind) {
        return Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED));
    }
    if host_factors::named(auth, kind.name()).is_some_and(|factor| factor.sends()) {
        host_factors::count_sending(auth, kind.name(), &open.account).await?;
    }
    host_factors::begin(auth, kind.name(), &open.account, &open.pending.id).await
}

/// What a person saw of a factor of the host's own that began, by what came back. None when it is none of this sign-in.
#[must_use]
pub fn begun_host_factor(auth: &Auth, pending: &str, kind: FactorKind, state: &str) -> Option<BegunFactor> {
    host_factors::reopened(auth, kind.name(), pending, state)
}

/// How a page names a factor of the host's own, and whether a person asks for it to begin.
#[must_use]
pub fn host_factor(auth: &Auth, kind: FactorKind) -> Option<(FactorLabel, bool)> {
    host_factors::named(auth, kind.name()).map(|factor| (factor.label(), factor.sends()))
}

/// What `navigator.credentials.get` takes as `publicKey` to finish this sign-in: JSON, with bytes as base64url. Nothing is kept of it.
///
/// # Errors
/// `SignInOver`; `NotOffered` where no passkey of the account is the second proof; 429 when an address asks for too many.
pub async fn passkey_options(auth: &Auth, claim: &PendingClaim, caller: &Caller) -> Result<String, Error> {
    throttle::count_from(auth, Rule::PasskeyStart, caller).await?;
    let open = pending::open(auth, claim).await?;
    let usable = missing_step::usable(auth, &open).await?;
    factor_answer::options(auth, &open.pending.id, &open.pending, &usable)
        .ok_or_else(|| Error::refused(Code::NotOffered, texts::NOT_OFFERED))
}

/// The answer with a passkey, which finishes the sign-in. Nobody guesses one, so no limit closes it; a sign-in ends with the last wrong
/// answer that it bears all the same (FAC-15, FAC-118).
///
/// # Errors
/// `SignInOver` when it is over, or another browser's; `NotOffered`; `WrongPasskey`. With a right answer as [`answer`].
pub async fn answer_with_passkey(
    auth: &Auth,
    claim: &PendingClaim,
    credential: &str,
    browser: Browser,
) -> Result<Finished, Error> {
    let open = pending::open(auth, claim).await?;
    let (account, source) = (open.account.id.clone(), browser.caller.source);
    let answered = match factor_answer::by_passkey(auth, &open, (&open.pending.id, credential), &browser).await {
        Ok(completion) => finish(auth, open, LastStep::proven(FactorKind::Passkey, completion), browser).await,
        Err(error) => Err(error),
    };
    answered.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account), source, error))
}

/// What may finish a sign-in that waited.
pub(super) struct LastStep {
    /// What was proven now; nothing when what was proven before has to do.
    pub(super) by: Option<ProofKind>,
    pub(super) completion: Completion,
    /// Whether the person will set up the second factor later that is demanded.
    pub(super) puts_off: bool,
}

impl LastStep {
    pub(super) fn proven(kind: FactorKind, completion: Completion) -> Self {
        Self { by: Some(kind.proof()), completion, puts_off: false }
    }
}

/// The last step was right: what else is missing is asked for now, or a session begins.
pub(super) async fn finish(
    auth: &Auth,
    Open { pending, account, known }: Open,
    LastStep { by, completion, puts_off }: LastStep,
    browser: Browser,
) -> Result<Finished, Error> {
    let asked = asked(auth, &pending).await?;
    let (acr_values, pending_steps_up) = (pending.acr_values().map(str::to_owned), pending.steps_up.is_some());
    if let Err(inactive) = standing::may_sign_in(&account) {
        spend(auth, completion).await?;
        return Err(waiting::instead_of(auth, inactive, &account, pending.request, &browser).await?);
    }
    let waits_without = || Error::failed("a sign-in waits without a proof");
    let (earlier, by) = match by {
        Some(by) => (pending.proofs, by),
        None => {
            pending.proofs.split_last().map(|(earlier, last)| (earlier, last.kind.clone())).ok_or_else(waits_without)?
        }
    };
    // Nothing is asked for that a claim takes away.
    let known = completion.claims.as_ref().map_or(known, |claims| claims.known_after());
    let proven = Proven {
        known_before: Some(known),
        earlier: Some(&earlier),
        completes: Some(&completion),
        synced: completion.consumed.is_synced_passkey(),
        puts_off,
        acr_values: acr_values.as_deref(),
        steps_up: pending_steps_up,
        ..Proven::new(&account, &by)
    };
    if sign_in::lacks_before_session(auth, &proven, known).await?.is_some() {
        if completion.consumed != Consumed::Nothing {
            auth.store().write(move |c| Box::pin(async move { completion.keep(c, &by).await })).await?;
            mail::wake(auth);
        }
        return Ok(Finished::Waits);
    }
    let begun = match asked {
        Some(asked) => {
            let signed_in = sign_in::after_proof(auth, proven, asked, browser, None).await;
            signed_in.map(|signed_in| Finished::SignedIn(Box::new(signed_in)))
        }
        None => sign_in::without_app(auth, proven, browser).await.map(Finished::Here),
    };
    begun.map_err(|error| match error {
        // Something of the account ended in the same moment.
        Error::Refused(refusal) if refusal.code == Code::InvalidGrant => over(),
        error => error,
    })
}

/// A sign-in that lacks nothing any more, because what it lacked was done elsewhere, finishes in the browser that began it (FAC-30).
///
/// # Errors
/// `SignInOver`; as an [`answer`] that was right.
pub async fn complete(auth: &Auth, claim: &PendingClaim, browser: Browser) -> Result<Finished, Error> {
    let open = pending::open(auth, claim).await?;
    let completion = Completion::of_nothing(open.pending.id.clone(), open.account.id.clone(), auth.ambient().now());
    finish(auth, open, LastStep { by: None, completion, puts_off: false }, browser).await
}

/// Uses up what was right, where no session begins.
async fn spend(auth: &Auth, completion: Completion) -> Result<(), Error> {
    auth.store().write(move |c| Box::pin(async move { completion.take(c, None).await })).await
}

/// Has a code mailed, which is the second proof of this sign-in.
///
/// # Errors
/// `SignInOver`; `NotOffered` where mail is no second proof; `TooSoon` within a minute; 429 when too many mails went there.
pub async fn mail_code(auth: &Auth, claim: &PendingClaim, caller: &Caller) -> Result<(), Error> {
    let open = pending::open(auth, claim).await?;
    let usable = missing_step::usable(auth, &open).await?;
    if !usable.kinds.contains(&FactorKind::Email) {
        return Err(Error::refused(Code::NotOffered, texts::NOT_OFFERED));
    }
    let app = app_of(auth, &open.pending).await?.map(|app| app.name);
    mail_code::send(auth, &open, (app, CodeUse::SignIn), caller).await
}

/// A sign-in that its person gave up.
#[derive(Debug)]
#[non_exhaustive]
pub struct Cancelled {
    /// The app that asked, and what for, if one did.
    pub asked: Option<(App, CheckedRequest)>,
    /// Whether the account cannot be proven as well as the app wants (FAC-103).
    pub is_unmet: bool,
}

/// The person gives the sign-in up: it is over. Answers with where the app is told.
///
/// # Errors
/// `SignInOver` when it was over already, or is another browser's.
pub async fn cancel(auth: &Auth, claim: &PendingClaim) -> Result<Cancelled, Error> {
    let open = pending::open(auth, claim).await?;
    let is_unmet = missing_step::is_unreachable(auth, &open).await?;
    let (id, now) = (open.pending.id.clone(), auth.ambient().now());
    let ended =
        auth.store().write_one(move |c| Box::pin(async move { store::pending::spend(c, &id, None, now).await }));
    match ended.await? {
        true => Ok(Cancelled { asked: asked(auth, &open.pending).await?, is_unmet }),
        false => Err(over()),
    }
}

/// A sign-in that finished a moment ago goes on in the session that it began: for the second of two equal posts (FAC-16).
/// None when that session is not this browser's, or the app's request cannot be answered any more.
///
/// # Errors
/// When host or database do not answer.
pub async fn go_on(
    auth: &Auth,
    (session, request): (&SessionId, &[(String, String)]),
    browser: &SignedInBrowser,
) -> Result<Option<(App, CheckedRequest, Step)>, Error> {
    if browser.session.id != *session || !is_for_app(request) {
        return Ok(None);
    }
    let asked = AuthorizationRequest::of_pairs(request);
    let (app, checked) = match request::check(auth, &asked, Omitted::FromRegistration).await {
        Ok(checked) => checked,
        Err(RequestError::Refused(..)) => return Ok(None),
        Err(RequestError::Failed(error)) => return Err(error),
    };
    let step = sign_in::in_session(auth, browser, (&app, &checked), Consent::Always).await?;
    Ok(step.map(|step| (app, checked, step)))
}
