//! Signing in with a password (`POST /api/auth/login`, Lysand §5).

use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, whole_request};
use crate::model::credentials::Demand;
use crate::model::event::EventKind;
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::host_rules::Proven;
use crate::steps::refused_sign_in::{self, Whom};
pub use crate::steps::sign_in::{Missing, SignedIn, Step};
use crate::steps::{
    blocks, events, identifier, recovery, request, second_step, sign_in, standing, throttle, trusted_browsers, waiting,
};
use crate::texts;

/// Lysand §5, §13.2.
const NO_PASSWORDS: &str = texts::PASSWORDS_DISABLED;

/// A try to sign in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PasswordAttempt {
    /// What the app asked for; all of `client_id`, `redirect_uri`, `response_type` and `scope` are required.
    pub request: AuthorizationRequest,
    /// User name, handle or e-mail address, in any case of letters.
    pub identifier: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// Where the request comes from, for the limit on attempts.
    pub source: Option<IpAddr>,
    /// What this browser has of earlier sign-ins.
    pub browser: Browser,
}

impl PasswordAttempt {
    /// A name and a password, for this request, from this browser.
    #[must_use]
    pub fn new(request: AuthorizationRequest, identifier: &str, password: Secret, browser: Browser) -> Self {
        let (identifier, password) = (Some(identifier.to_owned()), Some(password));
        Self { request, identifier, password, source: browser.caller.source, browser }
    }
}

/// Signs somebody in.
///
/// # Errors
/// In this order: 422 for a missing parameter, 400 for an unknown client, then as Lysand §5 lists them:
/// `invalid_request`, `unsupported_response_type`, `invalid_scope`, and one `invalid_grant` for every cause that lies in
/// the credentials. `access_denied` when they are right and the account may not act, with the reason. 429 after too many failures, 503 when no slot for hashing became free.
pub async fn with_password(auth: &Auth, attempt: PasswordAttempt) -> Result<SignedIn, Error> {
    let (identifier, password) = credentials(&attempt)?;
    let source = attempt.source;
    let mut refused = None;
    let signed_in = checked(auth, attempt, (&identifier, &password), &mut refused).await;
    if let Err(error) = &signed_in {
        let whom = refused.as_ref().map_or(Whom::Typed(&identifier), Whom::Account);
        refused_sign_in::log(auth, &whom, source, error);
    }
    signed_in
}

/// The sign-in itself; `whom` is the account that it is about, as soon as that is known.
async fn checked(
    auth: &Auth,
    attempt: PasswordAttempt,
    (identifier, password): (&str, &Secret),
    whom: &mut Option<AccountId>,
) -> Result<SignedIn, Error> {
    throttle::refuse_address(auth, attempt.source)?;
    let let_in = blocks::may_sign_in(auth, attempt.source, None).await?;
    let (app, checked) = request::check_sign_in(auth, &attempt.request).await?;
    if auth.config().sso.forced {
        return Err(Error::refused(Code::InvalidRequest, NO_PASSWORDS));
    }
    let identifier = identifier::named(auth, identifier.to_owned()).await?;
    let attempts = throttle::sign_in(auth, attempt.source, &identifier, &attempt.browser).await?;
    let known_before = recovery::known_of(auth, &identifier).await?;
    let account = auth.accounts().check_password(&identifier, password).await.map_err(Error::from_host);
    let account = match account {
        Ok(account) => account,
        Err(error) => {
            throttle::forget(auth, attempts).await?;
            return Err(error);
        }
    };
    // A demanded password makes the old one as good as a wrong one (people PPL-13).
    let account = account.filter(|_| known_before.demanded != Some(Demand::Now));
    let Some(account) = account else {
        // For the log alone: which account was tried.
        *whom = record_failure(auth, &attempt, &identifier, &app).await?;
        return Err(Error::refused(Code::InvalidGrant, texts::WRONG_CREDENTIALS));
    };
    *whom = Some(account.id.clone());
    let trusted = trusted_browsers::trusting(auth, &account, known_before, &attempt.browser).await?;
    let proven = Proven {
        known_before: Some(known_before),
        trusted: trusted.as_deref(),
        let_in: Some(let_in),
        ..Proven::new(&account, &ProofKind::Password)
    };
    // Whatever else is missing is asked for after the second proof: a stolen password alone learns and changes nothing (FAC-3,
    // FAC-5).
    if second_step::is_missing(auth, &proven, known_before) {
        return sign_in::after_proof(auth, proven, (app, checked), attempt.browser, Some(attempts)).await;
    }
    if let Err(inactive) = standing::may_sign_in(&account) {
        throttle::forget(auth, attempts).await?;
        return Err(
            waiting::instead_of(auth, inactive, &account, whole_request(&app, &checked), &attempt.browser).await?
        );
    }
    sign_in::after_proof(auth, proven, (app, checked), attempt.browser, Some(attempts)).await
}

/// Records that somebody proved nothing: by the account, if there is one, else by a digest of what was typed, never by the text
/// itself.
async fn record_failure(
    auth: &Auth,
    attempt: &PasswordAttempt,
    identifier: &str,
    app: &App,
) -> Result<Option<AccountId>, Error> {
    let account = auth.accounts().by_identifier(identifier).await.map_err(Error::from_host)?;
    let event = events::event(auth, EventKind::SignInFailed, &attempt.browser.caller).through(&app.id);
    let event = event.with("step", "password");
    let event = match &account {
        Some(account) => event.about(&account.id, &account.username),
        None => event.with("typed", refused_sign_in::digest(auth, identifier)),
    };
    events::record_refusal(auth, event).await?;
    Ok(account.map(|account| account.id))
}

fn credentials(attempt: &PasswordAttempt) -> Result<(String, Secret), Error> {
    let identifier = attempt.identifier.as_deref().map(|text| text.trim().to_lowercase()).unwrap_or_default();
    if identifier.is_empty() {
        return Err(Error::credentials("Required", "identifier"));
    }
    let password = attempt.password.clone().filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Error::credentials("Required", "password"))?;
    for (name, length, most) in [
        ("identifier", identifier.len(), identifier::LONGEST),
        ("password", password.expose().len(), crate::password::MAX_BYTES),
    ] {
        if length > most {
            return Err(Error::credentials("Too long", name));
        }
    }
    Ok((identifier, password))
}
