//! Setting up a second factor on the way through a sign-in, where the account must have one (FAC-34, FAC-92).

use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::flows::factors::passkeys::{self, AddedPasskey, NewPasskey, PasskeySetup};
use crate::flows::factors::sign_in::{Finished, LastStep, finish};
use crate::flows::factors::totp::{self, Enrolled, Setup};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::factors::FactorKind;
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::completion::Completion;
use crate::steps::factor_change::FactorChange;
use crate::steps::owner::Owner;
use crate::steps::pending::{self, Open};
use crate::steps::presence::OwnProof;
use crate::steps::recovery_set::{FirstCodes, RecoverySet};
use crate::steps::sign_in::BeforeSession;
use crate::steps::{enrolment, events, missing_step};
use crate::store::credentials;
use crate::texts;

/// A second factor was set up, and the sign-in went on with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct EnrolledAtSignIn {
    /// The recovery codes, when they were made just now: they are never shown again.
    pub recovery_codes: Vec<Secret>,
    /// Whose they are.
    pub username: String,
    /// What came of the sign-in.
    pub finished: Finished,
}

/// The sign-in that a browser shows, while it waits for a second factor of this kind to be set up.
async fn waiting(auth: &Auth, claim: &PendingClaim, kind: FactorKind) -> Result<(Open, Owner), Error> {
    let open = pending::open(auth, claim).await?;
    let (methods, _) = missing_step::enrolment(auth, &open).await?;
    let waits = missing_step::lacks(auth, &open).await? == Some(BeforeSession::Enrolment);
    match waits && methods.contains(&kind) {
        true => {
            let owner = Owner::in_sign_in(auth, &open);
            Ok((open, owner))
        }
        false => Err(not_offered()),
    }
}

fn not_offered() -> Error {
    Error::refused(Code::NotOffered, texts::NOT_OFFERED)
}

/// Begins to set an authenticator app up.
///
/// # Errors
/// `SignInOver`; `NotOffered` when the sign-in waits for something else; as [`totp::begin`].
pub async fn begin_totp(auth: &Auth, claim: &PendingClaim, caller: &Caller) -> Result<Setup, Error> {
    let (_, owner) = waiting(auth, claim, FactorKind::Totp).await?;
    totp::begin(auth, &owner, &OwnProof::default(), caller).await
}

/// The app that is being set up, as it was shown: for the page after a wrong code.
///
/// # Errors
/// `SignInOver`; `NotOffered`; 404 when it is none of this sign-in's, or over.
pub async fn totp_again(auth: &Auth, claim: &PendingClaim, id: &str) -> Result<Setup, Error> {
    let (_, owner) = waiting(auth, claim, FactorKind::Totp).await?;
    totp::again(auth, &owner, id).await
}

/// The first code of the app, which finishes the sign-in: there is nothing stronger to ask for.
///
/// # Errors
/// As [`totp::confirm`], and as an [`answer`](super::sign_in::answer) that was right.
pub async fn confirm_totp(
    auth: &Auth,
    claim: &PendingClaim,
    given: (&str, &str, &str),
    browser: Browser,
) -> Result<EnrolledAtSignIn, Error> {
    let (_, owner) = waiting(auth, claim, FactorKind::Totp).await?;
    let proof = OwnProof::default();
    let Enrolled { recovery_codes, .. } = totp::confirm(auth, (&owner, None), given, &proof, &browser.caller).await?;
    goes_on(auth, claim, (FactorKind::Totp, recovery_codes), browser).await
}

/// Begins to add a passkey.
///
/// # Errors
/// `SignInOver`; `NotOffered` when the sign-in waits for something else; as [`passkeys::begin`].
pub async fn begin_passkey(auth: &Auth, claim: &PendingClaim, caller: &Caller) -> Result<PasskeySetup, Error> {
    let (_, owner) = waiting(auth, claim, FactorKind::Passkey).await?;
    passkeys::begin(auth, &owner, &OwnProof::default(), caller).await
}

/// The passkey that the browser made, which finishes the sign-in. It is asked for after the password from now on, too.
///
/// # Errors
/// As [`passkeys::confirm`], and as an [`answer`](super::sign_in::answer) that was right.
pub async fn confirm_passkey(
    auth: &Auth,
    claim: &PendingClaim,
    new: NewPasskey<'_>,
    browser: Browser,
) -> Result<EnrolledAtSignIn, Error> {
    let (_, owner) = waiting(auth, claim, FactorKind::Passkey).await?;
    let (proof, new) = (OwnProof::default(), NewPasskey { two_step: Some(true), ..new });
    let added = passkeys::confirm(auth, (&owner, None), new, &proof, &browser.caller).await?;
    let AddedPasskey { recovery_codes, .. } = added;
    goes_on(auth, claim, (FactorKind::Passkey, recovery_codes), browser).await
}

async fn goes_on(
    auth: &Auth,
    claim: &PendingClaim,
    (kind, recovery_codes): (FactorKind, Vec<Secret>),
    browser: Browser,
) -> Result<EnrolledAtSignIn, Error> {
    let open = pending::open(auth, claim).await?;
    let username = open.account.username.clone();
    let last = LastStep { by: Some(kind.proof()), completion: nothing(auth, &open), puts_off: false };
    let finished = finish(auth, open, last, browser).await?;
    Ok(EnrolledAtSignIn { recovery_codes, username, finished })
}

fn nothing(auth: &Auth, open: &Open) -> Completion {
    Completion::of_nothing(open.pending.id.clone(), open.account.id.clone(), auth.ambient().now())
}

/// The person has a second factor, and turns on that sign-ins ask for it: so does this one. Recovery codes are made where there are
/// none.
///
/// # Errors
/// `SignInOver`; `NotOffered` when the sign-in waits for something else, or there is no factor; `Conflict` when something of the
/// account was changed at the same moment; as an [`answer`](super::sign_in::answer) that was right.
pub async fn turn_on(auth: &Auth, claim: &PendingClaim, browser: Browser) -> Result<EnrolledAtSignIn, Error> {
    let open = pending::open(auth, claim).await?;
    let waits = missing_step::lacks(auth, &open).await? == Some(BeforeSession::Enrolment);
    if !waits || open.known.two_step || !enrolment::has_factor(auth, &open.account).await? {
        return Err(not_offered());
    }
    let owner = Owner::in_sign_in(auth, &open);
    let mut change = FactorChange::new(auth, &owner, open.known, false);
    let account = &open.account;
    let event = |kind| {
        let event = events::event(auth, kind, &browser.caller).by(Actor::Account(account.id.clone()));
        event.about(&account.id, &account.username)
    };
    change.events.push(event(EventKind::TwoStepOn));
    let set = RecoverySet::new(auth, account);
    let first = FirstCodes::new(auth, account, &set, event(EventKind::RecoveryMade));
    let id = account.id.clone();
    let turned_on = change.make(auth, move |c| {
        Box::pin(async move {
            credentials::set_two_step(c, &id, true).await?;
            first.keep(c).await
        })
    });
    let recovery_codes = if turned_on.await? { set.codes } else { Vec::new() };
    tracing::info!(account = %account.id, "two-step sign-in was turned on");
    let open = pending::open(auth, claim).await?;
    let username = open.account.username.clone();
    let last = LastStep { by: None, completion: nothing(auth, &open), puts_off: false };
    let finished = finish(auth, open, last, browser).await?;
    Ok(EnrolledAtSignIn { recovery_codes, username, finished })
}

/// The person puts it off, as long as that is possible.
///
/// # Errors
/// `SignInOver`; `NotOffered` when the sign-in waits for something else, or the time is over; as an
/// [`answer`](super::sign_in::answer) that was right.
pub async fn put_off(auth: &Auth, claim: &PendingClaim, browser: Browser) -> Result<Finished, Error> {
    let open = pending::open(auth, claim).await?;
    let lacks = missing_step::lacks(auth, &open).await?;
    let (_, enrolment) = missing_step::enrolment(auth, &open).await?;
    if lacks == Some(BeforeSession::Factor) || enrolment.later_until.is_none() {
        return Err(not_offered());
    }
    let last = LastStep { by: None, completion: nothing(auth, &open), puts_off: true };
    finish(auth, open, last, browser).await
}
