//! A program without a browser asks for codes, and a person answers for it on a page (RFC 8628, native §2.5, §2.12). The program's
//! polls are a [grant](super::token).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::app::{App, DEVICE_GRANT};
use crate::model::caller::Caller;
use crate::model::client::ClientClaim;
#[cfg(feature = "actix")]
pub(crate) use crate::model::device_code::LIFETIME;
use crate::model::device_code::{DeviceCode, DeviceCodeState, UserCode};
#[cfg(feature = "actix")]
pub(crate) use crate::model::device_polls::INTERVAL;
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::steps::device_code::{self as step, NewCodes, Wanted};
use crate::steps::throttle;
use crate::store::apps;

/// Where a person types the code.
pub(crate) const PAGE: &str = "/device";

/// A request for codes.
#[derive(Clone, Debug)]
pub(crate) struct DeviceRequest {
    pub(crate) client: ClientClaim,
    pub(crate) scope: Option<String>,
    pub(crate) caller: Caller,
}

/// Whether the grant is on.
pub(crate) fn is_offered(auth: &Auth) -> bool {
    auth.config().oauth.device_grant
}

/// Whether somebody's codes can be answered: an app's, or those of native clients that have some.
pub(crate) fn has_page(auth: &Auth) -> bool {
    is_offered(auth) || (cfg!(feature = "native") && auth.config().native.toki.enabled)
}

/// Makes codes for a registered app.
///
/// # Errors
/// `invalid_client`; `unauthorized_client` when the app did not register the grant; `invalid_scope`; 429 when an address asks too
/// often.
pub(crate) async fn begin(auth: &Auth, request: DeviceRequest) -> Result<NewCodes, Error> {
    let client_id = request.client.id.clone().unwrap_or_default();
    let found = auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await }));
    let app = found.await?.and_then(|stored| stored.admit(&request.client)).ok_or_else(Error::invalid_client)?;
    if !app.may_use(DEVICE_GRANT) {
        return Err(Error::grant_not_registered());
    }
    let scopes = app.scopes.grant(request.scope.as_deref(), &auth.config().scopes)?;
    step::begin(auth, Wanted { client: app.id, scopes, program: None }, &request.caller).await
}

/// A code that waits for a person's answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) user_code: UserCode,
    pub(crate) code: DeviceCode,
    pub(crate) app: App,
    /// What shows that this browser's session has looked the code up.
    pub(crate) looked_up: Secret,
}

/// What is found by a code that somebody typed.
#[derive(Debug)]
pub(crate) enum Found {
    /// It waits for an answer.
    Asked(Box<Asked>),
    /// It was answered before, or its time is over.
    Over,
    /// There is no such code.
    Unknown,
}

/// Looks up what somebody typed who is signed in: a guess each time, unless there is such a code.
///
/// # Errors
/// 429 after too many wrong ones of an account or an address.
pub(crate) async fn look_up(
    auth: &Auth,
    browser: &SignedInBrowser,
    typed: &str,
    caller: &Caller,
) -> Result<Found, Error> {
    let attempts = throttle::device_code(auth, caller.source, &browser.account.id).await?;
    let found = find(auth, browser, typed).await?;
    if !matches!(found, Found::Unknown) {
        throttle::forget(auth, attempts).await?;
    }
    Ok(found)
}

/// The same where this session has looked the code up before.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn again(
    auth: &Auth,
    browser: &SignedInBrowser,
    typed: &str,
    looked_up: &Secret,
) -> Result<Option<Found>, Error> {
    let is_proven = |code: UserCode| {
        step::looked_up_in(auth, &code, &browser.session).digest().matches(looked_up.digest().as_bytes())
    };
    if !UserCode::read(typed).is_some_and(is_proven) {
        return Ok(None);
    }
    find(auth, browser, typed).await.map(Some)
}

async fn find(auth: &Auth, browser: &SignedInBrowser, typed: &str) -> Result<Found, Error> {
    let Some(user_code) = UserCode::read(typed) else { return Ok(Found::Unknown) };
    Ok(match step::by_user_code(auth, &user_code).await? {
        Some((code, app)) if code.is_open(auth.ambient().now()) => {
            let looked_up = step::looked_up_in(auth, &user_code, &browser.session);
            Found::Asked(Box::new(Asked { user_code, code, app, looked_up }))
        }
        Some(_) => Found::Over,
        None => Found::Unknown,
    })
}

/// What becomes of a person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Allowed,
    Denied,
    Over,
    Unknown,
}

/// Somebody says yes or no. A second yes of the same session comes to the same while nothing else became of the first.
///
/// # Errors
/// As [`look_up`].
pub(crate) async fn answer(
    auth: &Auth,
    browser: &SignedInBrowser,
    (typed, allow): (&str, bool),
    caller: &Caller,
) -> Result<Answered, Error> {
    Ok(match look_up(auth, browser, typed, caller).await? {
        Found::Asked(asked) if allow && step::approve(auth, &asked.code, browser).await? => Answered::Allowed,
        Found::Asked(asked) if !allow && step::deny(auth, &asked.code, browser).await? => Answered::Denied,
        Found::Unknown => Answered::Unknown,
        Found::Asked(_) | Found::Over => match allow && was_allowed(auth, browser, typed).await? {
            true => Answered::Allowed,
            false => Answered::Over,
        },
    })
}

/// Whether this session has allowed the code before.
async fn was_allowed(auth: &Auth, browser: &SignedInBrowser, typed: &str) -> Result<bool, Error> {
    let Some(user_code) = UserCode::read(typed) else { return Ok(false) };
    let found = step::by_user_code(auth, &user_code).await?;
    Ok(found.is_some_and(|(code, _)| {
        let is_allowed = matches!(code.state, DeviceCodeState::Approved | DeviceCodeState::Consumed);
        is_allowed && code.approval.is_some_and(|approval| approval.session == browser.session.id)
    }))
}

/// Whether somebody has to prove more than they did before they can answer.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn lacks_proof(auth: &Auth, browser: &SignedInBrowser) -> Result<bool, Error> {
    step::lacks_proof(auth, &browser.account, &browser.session.methods).await
}
