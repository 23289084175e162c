//! An app asks, a person decides (Mastodon §5, Lysand §3, §6, §7).

mod decision;

use std::time::Duration;

pub use self::decision::{asked, asked_of, consent, consent_at_once, deny, may_show, pending};
use crate::auth::Auth;
use crate::config::AuthorizeErrors;
use crate::error::{Code, Error, PendingClaim, Refusal};
use crate::model::app::App;
use crate::model::authorization::whole_request;
pub use crate::model::authorization::{AuthorizationRequest, CheckedRequest, RequestProblem, ResponseMode, ReturnPath};
pub use crate::model::pkce::{Challenge, ChallengeProblem};
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::steps::account_hint;
use crate::steps::request::{self, Omitted, RequestError};
use crate::steps::sign_in::{self, Consent, Missing, Step};
use crate::steps::{pending, proof, strength};

/// What `GET /oauth/authorize` comes to.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthorizeOutcome {
    /// Ask who the person is.
    SignIn(Box<App>, CheckedRequest),
    /// Ask for consent to this pending code.
    Consent(Box<App>, CheckedRequest, Secret),
    /// The session is weaker than what the app wants: ask for more, of the browser that shows this (FAC-102).
    StepUp(PendingClaim),
    /// The person consented before, or is not asked about this app: here is the code.
    Approved(ReturnPath, Secret),
    /// The app made a mistake and may be told.
    ErrorToApp(ReturnPath, Refusal),
    /// The app made a mistake, and is one that nobody ever let in: the person decides whether to go there (faults F11).
    ErrorOnPage(ReturnPath, Refusal),
}

/// How an app wants the person to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interaction {
    /// As little as possible.
    AsNeeded,
    /// The sign-in page again, even though somebody is signed in (`prompt`, `max_age`).
    SignInAgain,
    /// The same, unless somebody proved who they are no longer ago than this (`max_age`, FAC-104).
    Since(Duration),
    /// `force_login`: the same, but not for an app about which nobody is asked (DEV-17, Mastodon §5.4).
    ForceLogin,
    /// The consent page, whatever was consented to before.
    Consent,
    /// No page at all: `prompt=none` of OpenID Connect, of somebody who proved who they are no longer ago than this
    /// (FAC-135 to FAC-139, faults A8).
    Silent(Option<Duration>),
}

/// Checks a request that is to go on later, as a sign-in does.
///
/// # Errors
/// As [`begin`], and whatever else is wrong with the request.
pub async fn check(auth: &Auth, request: &AuthorizationRequest) -> Result<(), Error> {
    let checked = request::check(auth, request, Omitted::FromRegistration).await;
    checked.map(drop).map_err(|error| error.told(request::lysand))
}

/// The app of a request whose redirect URI it registered: for a page that says where somebody comes from.
///
/// # Errors
/// When the database does not answer.
pub async fn app_of(auth: &Auth, request: &AuthorizationRequest) -> Result<Option<App>, Error> {
    match request::check(auth, request, Omitted::FromRegistration).await {
        Ok((app, _)) => Ok(Some(app)),
        Err(RequestError::Refused(..)) => Ok(None),
        Err(RequestError::Failed(error)) => Err(error),
    }
}

/// Begins what an authorization request asks for, as far as it can without the person.
///
/// # Errors
/// Checks 1 to 3 of Mastodon §5.2: these must be shown on a page and never sent to the unverified redirect URI.
pub async fn begin(
    auth: &Auth,
    request: &AuthorizationRequest,
    browser: Option<&SignedInBrowser>,
    asking: Interaction,
) -> Result<AuthorizeOutcome, Error> {
    let is_silent = matches!(asking, Interaction::Silent(_));
    let request = &with_account_hint(auth, request);
    let (app, checked) = match request::check(auth, request, Omitted::Refused).await {
        Ok(checked) => checked,
        Err(RequestError::Refused(problem, Some(path))) if is_told_to_app(auth, &path, is_silent) => {
            return match request::mastodon(problem) {
                Error::Refused(refusal) if is_silent || path.is_approved || browser.is_some() => {
                    Ok(AuthorizeOutcome::ErrorToApp(path, refusal))
                }
                Error::Refused(refusal) => Ok(AuthorizeOutcome::ErrorOnPage(path, refusal)),
                failed @ Error::Failed(_) => Err(failed),
            };
        }
        Err(error) => return Err(error.told(|_| None)),
    };
    if let Interaction::Silent(max_age) = asking {
        return silently(auth, browser, (&app, &checked), max_age).await;
    }
    let now = auth.ambient().now();
    let asks_again = |browser: &SignedInBrowser| match asking {
        Interaction::SignInAgain => true,
        Interaction::ForceLogin => !app.skips_consent(),
        Interaction::Since(max_age) => now.since(browser.session.authenticated_at) > max_age,
        Interaction::AsNeeded | Interaction::Consent | Interaction::Silent(_) => false,
    };
    let is_meant = |browser: &SignedInBrowser| !account_hint::is_another(auth, &checked, &browser.account);
    let Some(browser) = browser.filter(|browser| is_meant(browser) && !asks_again(browser)) else {
        return Ok(AuthorizeOutcome::SignIn(Box::new(app), checked));
    };
    match strength::of_session(auth, browser, checked.acr_values.as_deref()).await? {
        strength::Standing::Enough => {}
        // A factor is set up by whoever proved a moment ago to be the owner (FAC-190).
        strength::Standing::Unreachable if !proof::is_fresh(auth, &browser.session) => {
            return Ok(AuthorizeOutcome::SignIn(Box::new(app), checked));
        }
        strength::Standing::Weaker | strength::Standing::Unreachable => {
            let claim = pending::step_up(auth, browser, whole_request(&app, &checked), false).await?;
            return Ok(AuthorizeOutcome::StepUp(claim));
        }
    }
    let consent = match asking {
        Interaction::AsNeeded | Interaction::Since(_) => Consent::AsNeeded,
        _ => Consent::Always,
    };
    Ok(match sign_in::in_session(auth, browser, (&app, &checked), consent).await? {
        // Whoever the app did not mean was asked to sign in above.
        None | Some(Step { missing: Some(Missing::AccountMeant), .. }) => {
            AuthorizeOutcome::SignIn(Box::new(app), checked)
        }
        Some(Step { missing: None, code }) => AuthorizeOutcome::Approved(checked.return_path(&app), code),
        Some(Step { missing: Some(Missing::Consent), code }) => AuthorizeOutcome::Consent(Box::new(app), checked, code),
    })
}

/// The code without any page, or why there must be one (OpenID Connect Core §3.1.2.1).
async fn silently(
    auth: &Auth,
    browser: Option<&SignedInBrowser>,
    (app, checked): (&App, &CheckedRequest),
    max_age: Option<Duration>,
) -> Result<AuthorizeOutcome, Error> {
    let path = checked.return_path(app);
    let now = auth.ambient().now();
    let is_recent = |browser: &&SignedInBrowser| {
        max_age.is_none_or(|max_age| now.since(browser.session.authenticated_at) <= max_age)
    };
    let browser = browser.filter(is_recent);
    if let Some(browser) = browser
        && strength::of_session(auth, browser, checked.acr_values.as_deref()).await? != strength::Standing::Enough
    {
        let why = "The authorization server requires the person to prove more.";
        return to_app_or_page(path, Error::refused(Code::InteractionRequired, why));
    }
    let step = match browser {
        Some(browser) => sign_in::silently(auth, browser, (app, checked)).await?,
        None => None,
    };
    let (code, why) = match step {
        Some(Ok(code)) => return Ok(AuthorizeOutcome::Approved(path, code)),
        Some(Err(Missing::Consent)) => {
            (Code::ConsentRequired, "The authorization server requires the person's consent.")
        }
        None | Some(Err(Missing::AccountMeant)) => {
            (Code::SignInRequired, "The authorization server requires the person to sign in.")
        }
    };
    to_app_or_page(path, Error::refused(code, why))
}

/// The request with the hint that goes on in the place of an id token; one that is not ours is told as every mistake of the
/// app's. Without `openid` the parameter means nothing.
fn with_account_hint(auth: &Auth, request: &AuthorizationRequest) -> AuthorizationRequest {
    let mut request = request.clone();
    let Some(token) = request.id_token_hint.take().filter(|_| request.asks_openid()) else { return request };
    match auth.keys().understand_id_token(&token, &auth.config().base_url) {
        Some(known) => request.account_hint = Some(account_hint::of_subject(auth, &known.sub)),
        None => request.unsupported = request.unsupported.or(Some(RequestProblem::IdTokenHint)),
    }
    request
}

/// Tells the app; out of band there is none to tell, so the person sees it.
fn to_app_or_page(path: ReturnPath, error: Error) -> Result<AuthorizeOutcome, Error> {
    match error {
        Error::Refused(refusal) if !path.redirect_uri.is_out_of_band() => {
            Ok(AuthorizeOutcome::ErrorToApp(path, refusal))
        }
        error => Err(error),
    }
}

/// Whether an app is told of its mistake. Out of band there is no app to tell, so the person sees it.
fn is_told_to_app(auth: &Auth, path: &ReturnPath, is_silent: bool) -> bool {
    let tells = is_silent || auth.config().oauth.authorize_errors == AuthorizeErrors::Redirect;
    tells && !path.redirect_uri.is_out_of_band()
}
