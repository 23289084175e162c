//! Signing in with a passkey in place of name and password (FAC-54, FAC-55, FAC-78, FAC-83).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, whole_request};
use crate::model::caller::Caller;
use crate::model::credentials::Demand;
use crate::model::event::EventKind;
use crate::model::proofs::ProofKind;
use crate::model::rate_limit::Rule;
use crate::model::session::Browser;
use crate::passkey::Verification;
use crate::secret::Secret;
use crate::steps::host_rules::Proven;
use crate::steps::passkeys::{self, Ceremony};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::request;
pub use crate::steps::sign_in::SignedIn;
use crate::steps::{events, passkey_use, second_step, session, sign_in, standing, throttle, waiting};
use crate::texts;

/// A passkey that a browser used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PasskeyAttempt {
    /// What the app asked for, as at a sign-in with a password.
    pub request: AuthorizationRequest,
    /// What the browser sent: the credential as JSON.
    pub credential: String,
    /// The cookie with which it got the [`options`].
    pub cookie: Option<Secret>,
    /// What this browser has of earlier sign-ins.
    pub browser: Browser,
}

impl PasskeyAttempt {
    /// A credential, for this request, from this browser.
    #[must_use]
    pub fn new(request: AuthorizationRequest, credential: String, cookie: Option<Secret>, browser: Browser) -> Self {
        Self { request, credential, cookie, browser }
    }
}

/// Whether a passkey can take the place of name and password here.
#[must_use]
pub fn is_offered(auth: &Auth) -> bool {
    passkeys::sign_in_domain(auth).is_some()
}

/// What `navigator.credentials.get` takes as `publicKey`, in the browser with this cookie: JSON, with bytes as base64url. Nothing is
/// kept of it.
///
/// # Errors
/// 404 where passkeys sign nobody in.
pub fn options(auth: &Auth, cookie: &Secret) -> Result<String, Error> {
    let party = passkeys::require(auth)?;
    if !auth.config().factors.passkey_sign_in {
        return Err(Error::refused(Code::NotFound, "Record not found"));
    }
    let challenge = passkeys::draw(auth, Ceremony::SignIn(cookie));
    Ok(party.request_options(&challenge, &[], Verification::Required).to_string())
}

/// The same for whoever asks for it by itself: counted for the address.
///
/// # Errors
/// As [`options`]; 429 beyond the limit.
pub async fn start(auth: &Auth, cookie: &Secret, caller: &Caller) -> Result<String, Error> {
    let options = options(auth, cookie)?;
    throttle::count_from(auth, Rule::PasskeyStart, caller).await?;
    Ok(options)
}

/// Signs somebody in.
///
/// # Errors
/// As a sign-in with a password: 422, 400 and what Lysand §5 lists for the request; `UnknownPasskey` for one that nobody has here;
/// `WrongPasskey` for every other cause that lies in it; `access_denied` when it is right and the account may not act.
pub async fn sign_in(auth: &Auth, attempt: PasskeyAttempt) -> Result<SignedIn, Error> {
    if !is_offered(auth) {
        return Err(Error::refused(Code::NotFound, "Record not found"));
    }
    let source = attempt.browser.caller.source;
    let mut whose = None;
    let signed_in = checked(auth, attempt, &mut whose).await;
    if let Err(error) = &signed_in {
        let whom = whose.as_ref().map_or(Whom::Typed(""), Whom::Account);
        refused_sign_in::log(auth, &whom, source, error);
    }
    signed_in
}

async fn checked(
    auth: &Auth,
    attempt: PasskeyAttempt,
    whose: &mut Option<crate::model::account::AccountId>,
) -> Result<SignedIn, Error> {
    let PasskeyAttempt { request, credential, cookie, browser } = attempt;
    throttle::refuse_address(auth, browser.caller.source)?;
    let (app, request) = request::check_sign_in(auth, &request).await?;
    let cookie = cookie.unwrap_or_else(|| Secret::new(""));
    let presented = passkeys::presented(auth, Ceremony::SignIn(&cookie), &credential)?;
    let passkey = match passkey_use::found(auth, &presented).await {
        Ok(passkey) => passkey,
        Err(error) => {
            passkeys::waste(auth, passkeys::digest(&presented.challenge)).await?;
            return Err(error);
        }
    };
    *whose = Some(passkey.account.clone());
    let account = auth.account(&passkey.account).await?.ok_or_else(passkey_use::unknown)?;
    let known = session::credentials_of(auth, &account.id).await?;
    let synced = match passkey_use::used(auth, (&passkey, &account), &presented, &browser.caller).await {
        Ok(synced) => synced,
        Err(error) => return Err(failed(auth, error, (&account, &app), &browser).await?),
    };
    // Staff want a reset: what was there before counts no more.
    if known.demanded == Some(Demand::Now) {
        return Err(Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY));
    }
    let proven = Proven { known_before: Some(known), synced, ..Proven::new(&account, &ProofKind::Passkey) };
    if !second_step::is_missing(auth, &proven, known)
        && let Err(inactive) = standing::may_sign_in(&account)
    {
        return Err(waiting::instead_of(auth, inactive, &account, whole_request(&app, &request), &browser).await?);
    }
    sign_in::after_proof(auth, proven, (app, request), browser, None).await
}

/// Records that a passkey did not sign in, and answers with why.
async fn failed(auth: &Auth, why: Error, (owner, app): (&Account, &App), browser: &Browser) -> Result<Error, Error> {
    let event = events::event(auth, EventKind::SignInFailed, &browser.caller).through(&app.id);
    let event = event.with("step", "passkey").about(&owner.id, &owner.username);
    events::record_refusal(auth, event).await?;
    Ok(why)
}
