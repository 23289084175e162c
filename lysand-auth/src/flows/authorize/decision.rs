//! The person decides about a request, by the pending code that stands for it or in the request's own words (Lysand §6, §7,
//! Mastodon §5.6).
//!
//! A form can come twice, late, or after another tab decided: what it stands for is found by its code all the same, so that
//! no app is told of a mistake that it did not make (faults A1).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::authorization::{Authorization, AuthorizationRequest, CheckedRequest, RequestProblem, ReturnPath};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::steps::request::{self, Omitted};
use crate::steps::strength::{self, Standing};
use crate::steps::{events, session, sign_in};
use crate::store;
use crate::store::authorizations::{self, ApprovedCode};
use crate::texts;

/// What a pending code stands for, whatever became of it.
struct Asked {
    app: App,
    authorization: Authorization,
}

impl Asked {
    async fn find(auth: &Auth, pending: &Secret) -> Result<Option<Self>, Error> {
        let codes = codes(auth, pending);
        let found = auth.store().look_up(move |c| {
            Box::pin(async move {
                match authorizations::by_code(c, codes.pending).await? {
                    // What was approved at once has no consent page: this is not its pending code.
                    Some((authorization, _)) if authorization.approved_at.is_some() => Ok(None),
                    Some(found) => Ok(Some(found)),
                    None => authorizations::by_code(c, codes.approved).await,
                }
            })
        });
        Ok(found.await?.map(|(authorization, stored)| Self { app: stored.app, authorization }))
    }

    /// The same, if it belongs to this browser's session.
    async fn in_session(auth: &Auth, pending: &Secret, browser: &SignedInBrowser) -> Result<Self, Error> {
        let found = Self::find(auth, pending).await?;
        found.filter(|asked| asked.authorization.session_id == browser.session.id).ok_or_else(invalid_code)
    }

    fn path(&self) -> ReturnPath {
        self.authorization.request.return_path(&self.app)
    }

    /// The person said no; nothing else ends a pending code whose session stands.
    fn was_denied(&self, now: Timestamp) -> bool {
        let Authorization { approved_at, used_at, expires_at, .. } = &self.authorization;
        approved_at.is_none() && used_at.is_some() && now < *expires_at
    }
}

/// The request behind a pending code and its app, whatever became of it and whose session it is: so that a page can begin it
/// anew. `None` once it is deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn asked(auth: &Auth, code: &Secret) -> Result<Option<(App, CheckedRequest)>, Error> {
    Ok(Asked::find(auth, code).await?.map(|asked| (asked.app, asked.authorization.request)))
}

/// The same while it waits, and whose word it waits for.
///
/// # Errors
/// When the database does not answer.
pub async fn asked_of(auth: &Auth, code: &Secret) -> Result<Option<(App, CheckedRequest, AccountId)>, Error> {
    let now = auth.ambient().now();
    let asked = Asked::find(auth, code).await?.filter(|asked| asked.authorization.is_pending(now));
    Ok(asked.map(|asked| (asked.app, asked.authorization.request, asked.authorization.account_id)))
}

/// The request behind a pending code, for the consent page of the session that it belongs to (Lysand §3.2).
///
/// # Errors
/// `invalid_grant` when the code is not pending, or another session's.
pub async fn pending(auth: &Auth, code: &Secret, browser: &SignedInBrowser) -> Result<(App, CheckedRequest), Error> {
    let asked = Asked::in_session(auth, code, browser).await?;
    match asked.authorization.is_pending(auth.ambient().now()) {
        true => Ok((asked.app, asked.authorization.request)),
        false => Err(invalid_code()),
    }
}

/// Whether this browser's session was just given `code`, to be copied by hand: the page that shows a code shows no other text
/// (faults F15).
///
/// # Errors
/// When the database does not answer.
pub async fn may_show(auth: &Auth, code: &Secret, browser: &SignedInBrowser) -> Result<bool, Error> {
    let digest = code.digest();
    let found = auth.store().look_up(move |c| Box::pin(async move { authorizations::by_code(c, digest).await }));
    Ok(found.await?.is_some_and(|(authorization, _)| {
        authorization.session_id == browser.session.id
            && authorization.request.redirect_uri.is_out_of_band()
            && authorization.is_redeemable(auth.ambient().now())
    }))
}

/// The person says yes to a pending code (`POST /api/auth/redirect`, Lysand §6), and the app gets the code that follows from
/// it. While nobody redeemed that, a second yes gives the same one (faults A1).
///
/// # Errors
/// `invalid_grant` when the code is over, another client's or another session's; `invalid_request` when the
/// redirect URI is not the one that it was made for.
pub async fn consent(
    auth: &Auth,
    code: &Secret,
    client_id: &str,
    redirect_uri: &str,
    browser: &SignedInBrowser,
) -> Result<(ReturnPath, Secret), Error> {
    let asked = Asked::in_session(auth, code, browser).await?;
    if asked.app.client_id != client_id {
        return Err(invalid_code());
    }
    if asked.authorization.request.redirect_uri.as_str() != redirect_uri {
        return Err(Error::refused(Code::InvalidRequest, texts::REDIRECT_URI_MISMATCH));
    }
    approve(auth, code, asked, None, browser).await
}

/// The person says yes to a request that a frontend carried in its form (`POST /oauth/authorize`, Lysand §7). Where a pending
/// code came along, challenge, nonce and response mode are those that it was asked for with (faults A15), and it is used up.
///
/// # Errors
/// With the names and texts of Lysand §7.
pub async fn consent_at_once(
    auth: &Auth,
    request: &AuthorizationRequest,
    pending_code: Option<&Secret>,
    browser: &SignedInBrowser,
) -> Result<(ReturnPath, Secret), Error> {
    let response_type = request.response_type.as_deref().unwrap_or_default();
    if !response_type.split(' ').any(|word| matches!(word, "code" | "token" | "id_token")) {
        return Err(Error::refused(Code::InvalidRequest, texts::INVALID_RESPONSE_TYPE));
    }
    if request.redirect_uri.is_none() {
        return Err(Error::refused(Code::InvalidRequest, texts::REDIRECT_URI_REQUIRED));
    }
    let asked = match pending_code {
        Some(code) => Some(Asked::in_session(auth, code, browser).await),
        None => None,
    };
    let completed = match &asked {
        Some(Ok(asked)) => &complete(request, &asked.authorization.request),
        _ => request,
    };
    let checked = request::check(auth, completed, Omitted::Refused).await;
    let (app, checked) = checked.map_err(|error| {
        error.told(|problem| match problem {
            RequestProblem::UnknownClient => Some(Error::refused(Code::InvalidClient, texts::UNKNOWN_CLIENT)),
            other => request::lysand(other),
        })
    })?;
    if let (Some(code), Some(asked)) = (pending_code, asked) {
        let asked = asked?;
        must_be_asked(&app, &checked, &asked)?;
        return approve(auth, code, asked, Some(&checked), browser).await;
    }
    if strength::of_session(auth, browser, checked.acr_values.as_deref()).await? != Standing::Enough {
        let why = "The authorization server requires the person to prove more.";
        return Err(Error::refused(Code::InteractionRequired, why));
    }
    // As if the cookie had come a moment later, when it opened nothing any more.
    let ended = || Error::refused(Code::InvalidRequest, texts::UNVERIFIABLE_COOKIE);
    let step = sign_in::consented(auth, browser, (&app, &checked)).await?.ok_or_else(ended)?;
    if step.missing.is_some() {
        return Err(invalid_code());
    }
    Ok((checked.return_path(&app), step.code))
}

/// The person says no (Mastodon §5.6). A pending code dies; the app is told where it may be, twice where the person says it
/// twice.
///
/// # Errors
/// Checks 1 to 3 of Mastodon §5.2, when no pending code vouches for the redirect URI.
pub async fn deny(
    auth: &Auth,
    request: &AuthorizationRequest,
    pending_code: Option<&Secret>,
    browser: &SignedInBrowser,
) -> Result<ReturnPath, Error> {
    let Some(code) = pending_code else {
        return request::return_path(auth, request).await.map_err(|error| error.told(|_| None));
    };
    let asked = Asked::in_session(auth, code, browser).await?;
    if asked.authorization.is_pending(auth.ambient().now()) && end_pending(auth, (code, &asked.app), browser).await? {
        tracing::info!(account = %browser.account.id, app = %asked.app.id, "denied");
        return Ok(asked.path());
    }
    // It was decided about before, perhaps a moment ago.
    let now = Asked::in_session(auth, code, browser).await?;
    if now.was_denied(auth.ambient().now()) { Ok(now.path()) } else { Err(invalid_code()) }
}

/// Approves what was asked, or less of it; the code of an earlier yes is given again.
async fn approve(
    auth: &Auth,
    code: &Secret,
    asked: Asked,
    in_words: Option<&CheckedRequest>,
    browser: &SignedInBrowser,
) -> Result<(ReturnPath, Secret), Error> {
    let request = in_words.unwrap_or(&asked.authorization.request);
    let path = request.return_path(&asked.app);
    // Who is meant, and how well they prove it, is decided by now, and not kept with the code.
    let in_words = CheckedRequest { account_hint: None, acr_values: None, ..request.clone() };
    let is_restated = in_words != asked.authorization.request;
    let approved_code = session::approved_code(auth, code);
    let approved = asked.authorization.is_pending(auth.ambient().now())
        && sign_in::consented_to_pending(auth, browser, (&asked.app, request), codes(auth, code), is_restated).await?;
    if approved {
        return Ok((path, approved_code));
    }
    // Somebody was faster: another press of the same button.
    let earlier = Asked::in_session(auth, code, browser).await?;
    match earlier.authorization.is_redeemable(auth.ambient().now()) {
        true => Ok((earlier.path(), approved_code)),
        false => Err(invalid_code()),
    }
}

/// The request with what its pending code knows better: a frontend's form need not carry it.
fn complete(request: &AuthorizationRequest, asked: &CheckedRequest) -> AuthorizationRequest {
    let mut request = request.clone();
    if let (None, Some(challenge)) = (&request.code_challenge, &asked.challenge) {
        request.code_challenge = Some(challenge.as_str().to_owned());
        request.code_challenge_method = Some("S256".to_owned());
    }
    request.nonce = request.nonce.or_else(|| asked.nonce.clone());
    request.state = request.state.or_else(|| asked.state.clone());
    request.response_mode.get_or_insert_with(|| asked.response_mode.name().to_owned());
    request.scope.get_or_insert_with(|| asked.scopes.to_string());
    request
}

/// Demands that a request is what its pending code was made for, or less (faults A15).
fn must_be_asked(app: &App, checked: &CheckedRequest, asked: &Asked) -> Result<(), Error> {
    let request = &asked.authorization.request;
    if app.id != asked.app.id {
        return Err(invalid_code());
    }
    if checked.redirect_uri != request.redirect_uri {
        return Err(Error::refused(Code::InvalidRequest, texts::REDIRECT_URI_MISMATCH));
    }
    if !request.scopes.cover_all(&checked.scopes) {
        return Err(Error::refused(Code::InvalidScope, texts::INVALID_SCOPE));
    }
    let same = checked.challenge == request.challenge
        && checked.nonce == request.nonce
        && checked.response_mode == request.response_mode;
    if same { Ok(()) } else { Err(Error::refused(Code::InvalidRequest, texts::REQUEST_DIFFERS)) }
}

async fn end_pending(auth: &Auth, (code, app): (&Secret, &App), browser: &SignedInBrowser) -> Result<bool, Error> {
    let now = auth.ambient().now();
    let (digest, session) = (code.digest(), browser.session.id.clone());
    let account = &browser.account;
    let event = events::event(auth, EventKind::ConsentDenied, &Caller::default()).refused().through(&app.id);
    let event = event.by(Actor::Account(account.id.clone())).about(&account.id, &account.username);
    let ended = auth.store().write(move |c| {
        Box::pin(async move {
            let ended = authorizations::revoke_pending(c, digest, &session, now).await?;
            if ended {
                store::events::add(c, event).await?;
            }
            Ok(ended)
        })
    });
    ended.await
}

fn codes(auth: &Auth, pending: &Secret) -> ApprovedCode {
    ApprovedCode { pending: pending.digest(), approved: session::approved_code(auth, pending).digest() }
}

fn invalid_code() -> Error {
    Error::refused(Code::InvalidGrant, texts::INVALID_CODE)
}
