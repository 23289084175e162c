//! A program without a browser asks for codes in its dialect, polls for its tokens, and somebody who is signed in elsewhere says yes
//! (native 2.5). Rows, page and states are those of the device grant; each code is its dialect's alone.

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::caller::Caller;
use crate::model::device_code::{DeviceCodeState, UserCode};
use crate::model::native::{Dialect, Program, app_of};
use crate::model::scope::Scopes;
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::steps::device_code::{self as step, NewCodes, Poll, Wanted};
use crate::steps::native_sign_in::{self, Kept, NativeTokens, Start};
use crate::steps::{enrolment, throttle};
use crate::store::{device_codes, native_sign_ins};
use crate::texts;

/// Makes codes for a program, which calls itself by this name.
///
/// # Errors
/// 429 when an address asks too often.
pub(crate) async fn begin_device(
    auth: &Auth,
    dialect: Dialect,
    name: Option<String>,
    caller: &Caller,
) -> Result<NewCodes, Error> {
    let scopes = Scopes::stored(&auth.config().native.tokens(dialect).scopes.join(" "));
    step::begin(auth, Wanted { client: app_of(dialect), scopes, program: name }, caller).await
}

/// What a poll comes to.
pub(crate) enum DevicePoll {
    /// Somebody said yes: once.
    Tokens(NativeTokens),
    /// Nobody has answered yet.
    Pending,
    /// Nor that, and the program asks too often: so long it waits from now on.
    TooSoon(Duration),
    /// Somebody said no, or the yes counts no more.
    Denied,
    /// The time is over, the code was used, or it is none of this dialect.
    Over,
}

/// Polls with a code. Whether a yes still counts is judged here again.
///
/// # Errors
/// From a network that is kept out; when host or database do not answer.
pub(crate) async fn poll_device(
    auth: &Auth,
    program: &Program,
    device_code: &Secret,
    caller: &Caller,
) -> Result<DevicePoll, Error> {
    let digest = device_code.digest();
    let found = auth.store().look_up(move |c| Box::pin(async move { device_codes::by_device(c, digest).await }));
    let of_dialect = found.await?.filter(|(code, _)| code.app_id == app_of(program.dialect));
    let Some((code, _)) = of_dialect else { return Ok(DevicePoll::Over) };
    let approval = match step::poll(auth, &code, auth.ambient().now()).await? {
        Poll::Pending => return Ok(DevicePoll::Pending),
        Poll::TooSoon(interval) => return Ok(DevicePoll::TooSoon(interval)),
        Poll::Denied => return Ok(DevicePoll::Denied),
        Poll::Over => return Ok(DevicePoll::Over),
        Poll::Approved(approval) => approval,
    };
    let Some(account) = step::who_approved(auth, &approval).await? else {
        step::drop_approved(auth, digest).await?;
        return Ok(DevicePoll::Denied);
    };
    let start = Start { program, caller, pair: None };
    match native_sign_in::after_approval(auth, &account, (digest, &approval), start).await? {
        Kept::Begun(tokens) => Ok(DevicePoll::Tokens(tokens)),
        Kept::Faster => Ok(DevicePoll::Over),
        Kept::Void => {
            step::drop_approved(auth, digest).await?;
            Ok(DevicePoll::Denied)
        }
    }
}

/// What becomes of a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceVerified {
    Yes,
    /// Somebody said yes before.
    Already,
    /// Somebody said no, or the time is over.
    Over,
    /// There is no such code of this dialect.
    Unknown,
}

/// Somebody who is signed in says yes to what they typed, for a code of this dialect alone. It counts as a guess, unless there is one.
///
/// # Errors
/// `FactorRequired` when what they proved is less than their account wants; 429 after too many wrong codes.
pub(crate) async fn verify_device(
    auth: &Auth,
    dialect: Dialect,
    (browser, typed): (&SignedInBrowser, &str),
    caller: &Caller,
) -> Result<DeviceVerified, Error> {
    let weak = || Error::refused(Code::FactorRequired, texts::MORE_PROOFS_DEMANDED);
    match enrolment::refuse_overdue(auth, &browser.account, Some(&browser.session)).await {
        Err(Error::Refused(refusal)) if refusal.code == Code::FactorDemanded => return Err(weak()),
        overdue => overdue?,
    }
    if step::lacks_proof(auth, &browser.account, &browser.session.methods).await? {
        return Err(weak());
    }
    let attempts = throttle::device_code(auth, caller.source, &browser.account.id).await?;
    let found = match UserCode::read(typed) {
        Some(code) => step::by_user_code(auth, &code).await?.filter(|(code, _)| code.app_id == app_of(dialect)),
        None => None,
    };
    let Some((code, _)) = found else { return Ok(DeviceVerified::Unknown) };
    throttle::forget(auth, attempts).await?;
    Ok(match code.state {
        DeviceCodeState::Approved | DeviceCodeState::Consumed => DeviceVerified::Already,
        _ if !code.is_open(auth.ambient().now()) => DeviceVerified::Over,
        _ if step::approve(auth, &code, browser).await? => DeviceVerified::Yes,
        _ => DeviceVerified::Already,
    })
}

/// A native sign-in in the form in which somebody in a browser says yes.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn as_browser(auth: &Auth, caller: &super::NativeCaller) -> Result<Option<SignedInBrowser>, Error> {
    let family = caller.sign_in().to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { native_sign_ins::of_family(c, &family).await }));
    let session = found.await?.map(|sign_in| sign_in.as_session());
    Ok(session.map(|session| SignedInBrowser { session, account: caller.account.clone() }))
}
