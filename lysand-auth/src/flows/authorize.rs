//! An app asks, a person decides (Mastodon §5, Lysand §3, §6, §7).

use crate::auth::Auth;
use crate::config::AuthorizeErrors;
use crate::error::{Code, Error, Refusal};
use crate::model::app::App;
use crate::model::authorization::{Authorization, AuthorizationRequest, CheckedRequest, ReturnPath};
use crate::model::redirect_uri::RedirectUri;
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::store::{apps, authorizations, grants, sessions};
use crate::texts;

/// What `GET /oauth/authorize` comes to.
#[derive(Debug)]
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
    let (app, redirect_uri) = client_and_redirect(auth, request).await?;
    // Out of band there is no app to tell, so the person sees it.
    let tell_app = auth.config().oauth.authorize_errors == AuthorizeErrors::Redirect && !redirect_uri.is_out_of_band();
    let checked = match request.check(&app, redirect_uri.clone(), &auth.config().oauth) {
        Ok(checked) => checked,
        Err(Error::Refused(refusal)) if tell_app => {
            return Ok(AuthorizeOutcome::ErrorToApp(request.return_path(redirect_uri), refusal));
        }
        Err(error) => return Err(error),
    };
    let asks_again = asking == Interaction::SignInAgain || (asking == Interaction::ForceLogin && !app.skips_consent());
    let Some(browser) = browser.filter(|_| !asks_again) else {
        return Ok(AuthorizeOutcome::SignIn(Box::new(app), checked));
    };
    if app.skips_consent() {
        return Ok(match insert_approved(auth, &app, &checked, browser).await? {
            Some(code) => AuthorizeOutcome::Approved(checked, code),
            None => AuthorizeOutcome::SignIn(Box::new(app), checked),
        });
    }
    if asking == Interaction::AsNeeded
        && consented_before(auth, &app, &checked, browser).await?
        && let Some(code) = insert_approved(auth, &app, &checked, browser).await?
    {
        return Ok(AuthorizeOutcome::Approved(checked, code));
    }
    let code = insert_authorization(auth, &app, &checked, browser, false).await?;
    Ok(AuthorizeOutcome::Consent(Box::new(app), checked, code))
}

async fn client_and_redirect(auth: &Auth, request: &AuthorizationRequest) -> Result<(App, RedirectUri), Error> {
    let client_id = request.client_id.clone().ok_or_else(Error::missing_client_id)?;
    let stored =
        auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await })).await?;
    let app = stored.ok_or_else(Error::invalid_client)?.app;
    let redirect_uri = app
        .admit_redirect(request.redirect_uri.as_deref(), auth.config().oauth.redirect_match)
        .ok_or_else(|| Error::refused(Code::InvalidRedirectUri, "The redirect uri included is not valid."))?;
    Ok((app, redirect_uri))
}

/// A live grant covers the request, and the redirect URI proves who receives the code (DEV-17). A public app proves
/// nothing of itself, and is asked about every time (security AS-2).
async fn consented_before(
    auth: &Auth,
    app: &App,
    checked: &CheckedRequest,
    browser: &SignedInBrowser,
) -> Result<bool, Error> {
    if app.is_public || !checked.redirect_uri.proves_receiver() {
        return Ok(false);
    }
    let now = auth.ambient().now();
    let (account, app_id) = (browser.account.id.clone(), app.id.clone());
    let granted = auth
        .store()
        .look_up(move |c| Box::pin(async move { grants::live_scopes(c, &account, &app_id, now).await }))
        .await?;
    Ok(granted.iter().any(|scopes| scopes.cover_all(&checked.scopes)))
}

/// Keeps an authorization for this browser's session and mints its code.
async fn insert_authorization(
    auth: &Auth,
    app: &App,
    checked: &CheckedRequest,
    browser: &SignedInBrowser,
    approved: bool,
) -> Result<Secret, Error> {
    let (code, authorization) = new_authorization(auth, app, checked, browser, approved);
    let (digest, now) = (code.digest(), auth.ambient().now());
    auth.store()
        .write_one(move |c| Box::pin(async move { authorizations::insert(c, digest, &authorization, now).await }))
        .await?;
    if approved {
        tracing::info!(account = %browser.account.id, app = %app.id, scopes = %checked.scopes, "authorized");
    }
    Ok(code)
}

/// Keeps an approved authorization, if what lets it be approved still stands at the moment when it is kept: an app whose
/// access is removed meanwhile gets no code (Mastodon §20), and neither does the server's own when the session ends.
async fn insert_approved(
    auth: &Auth,
    app: &App,
    checked: &CheckedRequest,
    browser: &SignedInBrowser,
) -> Result<Option<Secret>, Error> {
    let (code, authorization) = new_authorization(auth, app, checked, browser, true);
    let (digest, now, skips_consent) = (code.digest(), auth.ambient().now(), app.skips_consent());
    let begun = auth.store().write(move |c| {
        Box::pin(async move {
            let stands = if skips_consent {
                sessions::hold(c, &authorization.session_id, now).await?
            } else {
                let granted = grants::hold(c, &authorization.account_id, &authorization.app_id, now).await?;
                granted.iter().any(|scopes| scopes.cover_all(&authorization.request.scopes))
            };
            if !stands {
                return Ok(false);
            }
            authorizations::insert(c, digest, &authorization, now).await?;
            Ok(true)
        })
    });
    if !begun.await? {
        return Ok(None);
    }
    let why = if app.skips_consent() { "authorized, as the server's own app" } else { "authorized as before" };
    tracing::info!(account = %browser.account.id, app = %app.id, scopes = %checked.scopes, "{why}");
    Ok(Some(code))
}

fn new_authorization(
    auth: &Auth,
    app: &App,
    checked: &CheckedRequest,
    browser: &SignedInBrowser,
    approved: bool,
) -> (Secret, Authorization) {
    let now = auth.ambient().now();
    let lifetimes = &auth.config().lifetimes;
    let begun = checked.clone().begin(app, &browser.session, lifetimes, now);
    let authorization = if approved { begun.approved(lifetimes, now) } else { begun };
    (Secret::generate(auth.ambient()), authorization)
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
    let now = auth.ambient().now();
    let expires_at = now.plus(checked.code_lifetime(&auth.config().lifetimes));
    let (digest, session) = (code.digest(), browser.session.id.clone());
    let approved = auth
        .store()
        .write_one(move |c| {
            Box::pin(async move { authorizations::approve(c, digest, &session, expires_at, now).await })
        })
        .await?;
    if !approved {
        return Err(invalid_code());
    }
    tracing::info!(account = %browser.account.id, app = %app.id, scopes = %checked.scopes, "authorized");
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
        return Err(Error::refused(
            Code::InvalidRequest,
            "Redirect URI is required for code flow (can be urn:ietf:wg:oauth:2.0:oob)",
        ));
    }
    let (app, redirect_uri) = client_and_redirect(auth, request).await.map_err(|error| match error {
        Error::Refused(Refusal { code: Code::InvalidClient, .. }) => {
            Error::refused(Code::InvalidClient, texts::UNKNOWN_CLIENT)
        }
        Error::Refused(Refusal { code: Code::InvalidRedirectUri, .. }) => {
            Error::refused(Code::InvalidRequest, texts::REDIRECT_URI_MISMATCH)
        }
        other => other,
    })?;
    let checked = request.check(&app, redirect_uri, &auth.config().oauth).map_err(|error| match error {
        Error::Refused(Refusal { code: Code::InvalidScope, .. }) => {
            Error::refused(Code::InvalidScope, texts::INVALID_SCOPE)
        }
        other => other,
    })?;
    if let Some(pending_code) = pending_code {
        void(auth, pending_code, browser).await?;
    }
    let code = insert_authorization(auth, &app, &checked, browser, true).await?;
    Ok((checked, code))
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
        void(auth, code, browser).await?;
        tracing::info!(account = %browser.account.id, app = %app.id, "denied");
        return Ok(checked.return_path());
    }
    let (_, redirect_uri) = client_and_redirect(auth, request).await?;
    Ok(request.return_path(redirect_uri))
}

async fn void(auth: &Auth, code: &Secret, browser: &SignedInBrowser) -> Result<(), Error> {
    let now = auth.ambient().now();
    let (digest, session) = (code.digest(), browser.session.id.clone());
    auth.store()
        .write_one(move |c| Box::pin(async move { authorizations::void(c, digest, &session, now).await }))
        .await
        .map(drop)
}

fn invalid_code() -> Error {
    Error::refused(Code::InvalidGrant, texts::INVALID_CODE)
}
