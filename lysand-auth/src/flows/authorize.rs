//! An app asks, a person decides (Mastodon §5, Lysand §3, §6, §7).

use crate::auth::Auth;
use crate::config::AuthorizeErrors;
use crate::error::{Code, Error, Refusal};
use crate::model::app::App;
pub use crate::model::authorization::{AuthorizationRequest, CheckedRequest, RequestProblem, ResponseMode, ReturnPath};
pub use crate::model::pkce::{Challenge, ChallengeProblem};
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::steps::request::{self, Omitted, RequestError};
use crate::steps::sign_in::{self, Consent, Missing, Step};
use crate::store::authorizations;
use crate::texts;

/// What `GET /oauth/authorize` comes to.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthorizeOutcome {
    /// Ask who the person is.
    SignIn(Box<App>, CheckedRequest),
    /// Ask for consent to this pending code.
    Consent(Box<App>, CheckedRequest, Secret),
    /// The person consented before, or is not asked about this app: here is the code.
    Approved(CheckedRequest, Secret),
    /// The app made a mistake and may be told.
    ErrorToApp(ReturnPath, Refusal),
}

/// How an app wants the person to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interaction {
    /// As little as possible.
    AsNeeded,
    /// The sign-in page again, even though somebody is signed in (`prompt`, `max_age`).
    SignInAgain,
    /// `force_login`: the same, but not for an app about which nobody is asked (DEV-17, Mastodon §5.4).
    ForceLogin,
    /// The consent page, whatever was consented to before.
    Consent,
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
    let (app, checked) = match request::check(auth, request, Omitted::Refused).await {
        Ok(checked) => checked,
        Err(RequestError::Refused(problem, Some(path))) if is_told_to_app(auth, &path) => {
            return match request::mastodon(problem) {
                Error::Refused(refusal) => Ok(AuthorizeOutcome::ErrorToApp(path, refusal)),
                failed @ Error::Failed(_) => Err(failed),
            };
        }
        Err(error) => return Err(error.told(|_| None)),
    };
    let asks_again = asking == Interaction::SignInAgain || (asking == Interaction::ForceLogin && !app.skips_consent());
    let Some(browser) = browser.filter(|_| !asks_again) else {
        return Ok(AuthorizeOutcome::SignIn(Box::new(app), checked));
    };
    let consent = if asking == Interaction::AsNeeded { Consent::AsNeeded } else { Consent::Always };
    Ok(match sign_in::in_session(auth, browser, (&app, &checked), consent).await? {
        None => AuthorizeOutcome::SignIn(Box::new(app), checked),
        Some(Step { missing: None, code }) => AuthorizeOutcome::Approved(checked, code),
        Some(Step { missing: Some(Missing::Consent), code }) => AuthorizeOutcome::Consent(Box::new(app), checked, code),
    })
}

/// Whether an app is told of its mistake. Out of band there is no app to tell, so the person sees it.
fn is_told_to_app(auth: &Auth, path: &ReturnPath) -> bool {
    auth.config().oauth.authorize_errors == AuthorizeErrors::Redirect && !path.redirect_uri.is_out_of_band()
}

/// The request behind a pending code, for the consent page of the session that it belongs to (Lysand §3.2).
///
/// # Errors
/// `invalid_grant` when the code is not pending, or another session's.
pub async fn pending(auth: &Auth, code: &Secret, browser: &SignedInBrowser) -> Result<(App, CheckedRequest), Error> {
    let digest = code.digest();
    let found = auth.store().look_up(move |c| Box::pin(authorizations::by_code(c, digest))).await?;
    let now = auth.ambient().now();
    found
        .filter(|(authorization, _)| authorization.is_pending(now) && authorization.session_id == browser.session.id)
        .map(|(authorization, stored)| (stored.app, authorization.request))
        .ok_or_else(invalid_code)
}

/// The person says yes to a pending code (`POST /api/auth/redirect`, Lysand §6).
///
/// # Errors
/// `invalid_grant` when the code is not pending, another client's or another session's; `invalid_request` when the
/// redirect URI is not the one that it was made for.
pub async fn consent(
    auth: &Auth,
    code: &Secret,
    client_id: &str,
    redirect_uri: &str,
    browser: &SignedInBrowser,
) -> Result<CheckedRequest, Error> {
    let (app, checked) = pending(auth, code, browser).await?;
    if app.client_id != client_id {
        return Err(invalid_code());
    }
    if checked.redirect_uri.as_str() != redirect_uri {
        return Err(Error::refused(Code::InvalidRequest, texts::REDIRECT_URI_MISMATCH));
    }
    if !sign_in::consented_to_pending(auth, browser, (&app, &checked), code.digest()).await? {
        return Err(invalid_code());
    }
    Ok(checked)
}

/// The person says yes to a request that a frontend carried in its form (`POST /oauth/authorize`, Lysand §7). A pending
/// code that came along is spent.
///
/// # Errors
/// With the names and texts of Lysand §7.
pub async fn consent_at_once(
    auth: &Auth,
    request: &AuthorizationRequest,
    pending_code: Option<&Secret>,
    browser: &SignedInBrowser,
) -> Result<(CheckedRequest, Secret), Error> {
    let response_type = request.response_type.as_deref().unwrap_or_default();
    if !response_type.split(' ').any(|word| matches!(word, "code" | "token" | "id_token")) {
        return Err(Error::refused(Code::InvalidRequest, texts::INVALID_RESPONSE_TYPE));
    }
    if request.redirect_uri.is_none() {
        return Err(Error::refused(Code::InvalidRequest, texts::REDIRECT_URI_REQUIRED));
    }
    let checked = request::check(auth, request, Omitted::Refused).await;
    let (app, checked) = checked.map_err(|error| {
        error.told(|problem| match problem {
            RequestProblem::UnknownClient => Some(Error::refused(Code::InvalidClient, texts::UNKNOWN_CLIENT)),
            other => request::lysand(other),
        })
    })?;
    // As if the cookie had come a moment later, when it opened nothing any more.
    let ended = || Error::refused(Code::InvalidRequest, texts::UNVERIFIABLE_COOKIE);
    let pending_code = pending_code.map(Secret::digest);
    let step = sign_in::consented(auth, browser, (&app, &checked), pending_code).await?.ok_or_else(ended)?;
    if step.missing.is_some() {
        return Err(invalid_code());
    }
    Ok((checked, step.code))
}

/// The person says no (Mastodon §5.6). A pending code dies; the app is told where it may be.
///
/// # Errors
/// Checks 1 to 3 of Mastodon §5.2, when no pending code vouches for the redirect URI.
pub async fn deny(
    auth: &Auth,
    request: &AuthorizationRequest,
    pending_code: Option<&Secret>,
    browser: &SignedInBrowser,
) -> Result<ReturnPath, Error> {
    if let Some(code) = pending_code {
        let (app, checked) = pending(auth, code, browser).await?;
        revoke_pending(auth, code, browser).await?;
        tracing::info!(account = %browser.account.id, app = %app.id, "denied");
        return Ok(checked.return_path());
    }
    request::return_path(auth, request).await.map_err(|error| error.told(|_| None))
}

async fn revoke_pending(auth: &Auth, code: &Secret, browser: &SignedInBrowser) -> Result<(), Error> {
    let now = auth.ambient().now();
    let (digest, session) = (code.digest(), browser.session.id.clone());
    auth.store()
        .write_one(move |c| Box::pin(async move { authorizations::revoke_pending(c, digest, &session, now).await }))
        .await
        .map(drop)
}

fn invalid_code() -> Error {
    Error::refused(Code::InvalidGrant, texts::INVALID_CODE)
}
