//! Cookies: set, read and cleared in one place (security WEB-2).

use std::borrow::Cow;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::Auth;
use crate::error::{Error, PendingClaim};
use crate::model::session::{Browser, Session};
use crate::secret::Secret;
use crate::steps::sign_in::{SessionStart, SignedIn};
use crate::steps::throttle::KNOWN;
use crate::steps::{trusted_browsers, waiting};
use crate::web::wire::request;

/// Puts the cookie of a new session on a reply: for a host's own pages.
///
/// # Errors
/// When it fits into no header.
pub fn put_session(auth: &Auth, reply: &mut HttpResponse, jwt: &Secret) -> Result<(), Error> {
    let lifetime = Duration::try_from(auth.config().lifetimes.session).unwrap_or(Duration::MAX);
    if let Some(twin) = auth.config().session_cookie_twin() {
        add(reply, &build(auth, twin, &jwt.digest().to_base64url(), Some(lifetime)))?;
    }
    add(reply, &build(auth, auth.config().session_cookie.clone(), jwt.expose(), Some(lifetime)))
}

/// The cookies that remove what [`put_session`] set.
pub(crate) fn session_removals(auth: &Auth) -> impl Iterator<Item = Cookie<'static>> {
    let names = auth.config().session_cookie_twin().into_iter().chain([auth.config().session_cookie.clone()]);
    names.map(|name| removal(auth, name)).collect::<Vec<_>>().into_iter()
}

/// Puts the cookies of a sign-in on a reply: that of the session, and that by which the browser is known.
///
/// # Errors
/// When one fits into no header.
pub(crate) fn put_sign_in(auth: &Auth, reply: &mut HttpResponse, signed_in: &SignedIn) -> Result<(), Error> {
    put_session(auth, reply, &signed_in.cookie)?;
    let lifetime = Duration::try_from(KNOWN).unwrap_or(Duration::MAX);
    add(reply, &build(auth, known_cookie_name(auth), signed_in.known_by.expose(), Some(lifetime)))?;
    put_trusted(auth, reply, signed_in.trusted_by.as_ref())
}

/// What a browser has of earlier sign-ins. A value that is none of ours is as good as none.
pub(crate) fn browser(auth: &Auth, req: &HttpRequest, session: Option<&Session>) -> Browser {
    let known_by = request::cookie(req.headers(), known_cookie_name(auth)).filter(|value| value.len() == 43);
    let session = session.map(|session| session.id.clone());
    let caller = request::caller(req, auth.config());
    let trusted_by = request::cookie(req.headers(), trusted_cookie_name(auth));
    let trusted_by = trusted_by.map(|value| trusted_browsers::values(&value)).unwrap_or_default();
    Browser { session, known_by: known_by.map(Secret::new), caller, trusted_by, ..Browser::default() }
}

/// Removes the cookie by which the browser was known.
///
/// # Errors
/// When the removal fits into no header.
pub(crate) fn clear_known(auth: &Auth, reply: &mut HttpResponse) -> Result<(), Error> {
    add(reply, &removal(auth, known_cookie_name(auth)))
}

fn known_cookie_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-known" } else { "known" }
}

/// Puts the cookies of a session that began for no app on a reply.
///
/// # Errors
/// When one fits into no header.
pub(crate) fn put_start(auth: &Auth, reply: &mut HttpResponse, start: &SessionStart) -> Result<(), Error> {
    put_session(auth, reply, &start.cookie)?;
    let lifetime = Duration::try_from(KNOWN).unwrap_or(Duration::MAX);
    add(reply, &build(auth, known_cookie_name(auth), start.known_by.expose(), Some(lifetime)))?;
    put_trusted(auth, reply, start.trusted_by.as_ref())
}

/// Puts the cookie on a reply by which accounts trust a browser, where one was made just now (FAC-97).
fn put_trusted(auth: &Auth, reply: &mut HttpResponse, trusted_by: Option<&Secret>) -> Result<(), Error> {
    let Some(value) = trusted_by else { return Ok(()) };
    let lifetime = Duration::try_from(auth.config().factors.remember_for).unwrap_or(Duration::MAX);
    add(reply, &build(auth, trusted_cookie_name(auth), value.expose(), Some(lifetime)))
}

fn trusted_cookie_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-trusted" } else { "trusted" }
}

/// Puts the cookie on a reply by which a browser waits for an account (people PPL-59).
///
/// # Errors
/// When it fits into no header.
pub(crate) fn put_waiting(auth: &Auth, reply: &mut HttpResponse, token: &Secret) -> Result<(), Error> {
    let lifetime = Duration::try_from(waiting::LIFETIME).unwrap_or(Duration::MAX);
    add(reply, &build(auth, waiting_cookie_name(auth), token.expose(), Some(lifetime)))
}

/// Removes what [`put_waiting`] set.
///
/// # Errors
/// When the removal fits into no header.
pub(crate) fn clear_waiting(auth: &Auth, reply: &mut HttpResponse) -> Result<(), Error> {
    add(reply, &removal(auth, waiting_cookie_name(auth)))
}

/// What a browser that waits for an account shows.
pub(crate) fn waiting_cookie(auth: &Auth, headers: &HeaderMap) -> Option<Secret> {
    request::cookie(headers, waiting_cookie_name(auth)).map(Secret::new)
}

fn waiting_cookie_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-waiting" } else { "waiting" }
}

/// How long a browser keeps the cookie of a sign-in that lacks something: its life, and an hour after it (FAC-12).
const PENDING: std::time::Duration = std::time::Duration::from_secs(4_200);
/// How many such cookies a browser has at most.
const MOST_PENDING: usize = 8;

/// Puts the cookie on a reply by which a browser goes on with a sign-in that lacks something. With eight others the oldest makes
/// room: ids sort by their time.
///
/// # Errors
/// When it fits into no header.
pub(crate) fn put_pending(
    auth: &Auth,
    headers: &HeaderMap,
    reply: &mut HttpResponse,
    claim: &PendingClaim,
) -> Result<(), Error> {
    let start = pending_cookie_start(auth);
    let others: Vec<String> = request::cookies_after(headers, start);
    for id in others.iter().take((others.len() + 1).saturating_sub(MOST_PENDING)).filter(|id| is_pending_id(id)) {
        add(reply, &removal(auth, format!("{start}{id}")))?;
    }
    let lifetime = Duration::try_from(PENDING).unwrap_or(Duration::MAX);
    add(reply, &build(auth, format!("{start}{}", claim.id), claim.browser.expose(), Some(lifetime)))
}

/// Removes what [`put_pending`] set.
///
/// # Errors
/// When the removal fits into no header.
pub(crate) fn clear_pending(auth: &Auth, reply: &mut HttpResponse, id: &str) -> Result<(), Error> {
    match is_pending_id(id) {
        true => add(reply, &removal(auth, format!("{}{id}", pending_cookie_start(auth)))),
        false => Ok(()),
    }
}

/// What the browser shows for the sign-in with this id; without one, for the youngest (FAC-13).
pub(crate) fn pending_claim(auth: &Auth, headers: &HeaderMap, id: Option<&str>) -> Option<PendingClaim> {
    let start = pending_cookie_start(auth);
    let id = match id {
        Some(id) => id.to_owned(),
        None => request::cookies_after(headers, start).into_iter().rfind(|id| is_pending_id(id))?,
    };
    if !is_pending_id(&id) {
        return None;
    }
    let value = request::cookie(headers, &format!("{start}{id}"))?;
    Some(PendingClaim::new(id, Secret::new(value)))
}

/// Whether this may be an id of ours: nothing else is put into the name of a cookie.
fn is_pending_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn pending_cookie_start(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-signin_" } else { "signin_" }
}

/// How long a browser remembers what it was about when it asked for a link (people PPL-93).
const ASKED: std::time::Duration = std::time::Duration::from_secs(3600);
/// The longest request that is remembered: a browser keeps 4,096 bytes.
const LONGEST_ASKED: usize = 3_000;

/// Lets the browser remember an app's request while its owner chooses a new password. It is what the address of the sign-in page
/// says anyway, and is checked as that is.
///
/// # Errors
/// When it fits into no header.
pub(crate) fn put_asked(auth: &Auth, reply: &mut HttpResponse, request: &[(String, String)]) -> Result<(), Error> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(request).finish();
    let value = URL_SAFE_NO_PAD.encode(query);
    if request.is_empty() || value.len() > LONGEST_ASKED {
        return Ok(());
    }
    let lifetime = Duration::try_from(ASKED).unwrap_or(Duration::MAX);
    add(reply, &build(auth, asked_cookie_name(auth), &value, Some(lifetime)))
}

/// What the browser remembers of an app's request.
pub(crate) fn asked(auth: &Auth, headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = request::cookie(headers, asked_cookie_name(auth)).filter(|value| value.len() <= LONGEST_ASKED);
    let query = kept.and_then(|value| URL_SAFE_NO_PAD.decode(value).ok()).unwrap_or_default();
    form_urlencoded::parse(&query).into_owned().collect()
}

fn asked_cookie_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-asked" } else { "asked" }
}

/// How long the sign-in page remembers what was typed: a minute, in which a person comes back to it.
const TYPED: std::time::Duration = std::time::Duration::from_secs(60);
/// The longest name that is remembered, in bytes; longer ones sign nobody in.
const LONGEST_TYPED: usize = 320;

/// Keeps the name of a try that failed for the sign-in page that follows. An address would show it in histories and logs (faults
/// B7).
pub(crate) fn put_typed_name(auth: &Auth, reply: &mut HttpResponse, typed: &str) -> Result<(), Error> {
    if typed.is_empty() || typed.len() > LONGEST_TYPED {
        return Ok(());
    }
    let lifetime = Duration::try_from(TYPED).unwrap_or(Duration::MAX);
    add(reply, &build(auth, typed_cookie_name(auth), &URL_SAFE_NO_PAD.encode(typed), Some(lifetime)))
}

/// The name that this browser's last try was made with.
pub(crate) fn typed_name(auth: &Auth, headers: &HeaderMap) -> Option<String> {
    let kept = request::cookie(headers, typed_cookie_name(auth)).filter(|value| value.len() <= 2 * LONGEST_TYPED)?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(kept).ok()?).ok()
}

/// How long a browser keeps the cookie that its challenges for a passkey hold for: longer than any of them.
const PASSKEY: std::time::Duration = std::time::Duration::from_secs(3600);

/// Puts the cookie on a reply that the challenges of this browser hold for (FAC-75).
///
/// # Errors
/// When it fits into no header.
pub(crate) fn put_passkey(auth: &Auth, reply: &mut HttpResponse, cookie: &Secret) -> Result<(), Error> {
    let lifetime = Duration::try_from(PASSKEY).unwrap_or(Duration::MAX);
    add(reply, &build(auth, passkey_cookie_name(auth), cookie.expose(), Some(lifetime)))
}

/// That cookie. A value that is none of ours is as good as none.
pub(crate) fn passkey_cookie(auth: &Auth, headers: &HeaderMap) -> Option<Secret> {
    request::cookie(headers, passkey_cookie_name(auth)).filter(|value| value.len() == 43).map(Secret::new)
}

/// The longest id of a passkey as base64url: 1,023 bytes (FAC-74).
const LONGEST_PASSKEY: usize = 1_364;

/// Keeps the id of a passkey that nobody has here for the sign-in page that follows, whose script tells the browser (FAC-79). What an
/// address says would be believed of anybody.
///
/// # Errors
/// When it fits into no header.
pub(crate) fn put_unknown_passkey(auth: &Auth, reply: &mut HttpResponse, id: &str) -> Result<(), Error> {
    if !is_passkey_id(id) {
        return Ok(());
    }
    let lifetime = Duration::try_from(TYPED).unwrap_or(Duration::MAX);
    add(reply, &build(auth, unknown_passkey_name(auth), id, Some(lifetime)))
}

/// That id.
pub(crate) fn unknown_passkey(auth: &Auth, headers: &HeaderMap) -> Option<String> {
    request::cookie(headers, unknown_passkey_name(auth)).filter(|id| is_passkey_id(id))
}

/// Forgets it.
///
/// # Errors
/// When the removal fits into no header.
pub(crate) fn clear_unknown_passkey(auth: &Auth, reply: &mut HttpResponse) -> Result<(), Error> {
    add(reply, &removal(auth, unknown_passkey_name(auth)))
}

fn is_passkey_id(id: &str) -> bool {
    (1..=LONGEST_PASSKEY).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn unknown_passkey_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-unknown_passkey" } else { "unknown_passkey" }
}

fn passkey_cookie_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-passkey" } else { "passkey" }
}

/// Forgets it.
pub(crate) fn clear_typed_name(auth: &Auth, reply: &mut HttpResponse) -> Result<(), Error> {
    add(reply, &removal(auth, typed_cookie_name(auth)))
}

fn typed_cookie_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-typed" } else { "typed" }
}

/// The cookie by which a callback knows the browser again that began its flow. Each flow has its own, so that two tabs do
/// not disturb each other, and it goes along when the provider sends the browser back: `Lax` (Lysand §1).
///
/// # Errors
/// When it fits into no header.
pub(crate) fn set_flow_cookie(
    auth: &Auth,
    reply: &mut HttpResponse,
    flow_id: &str,
    secret: &Secret,
) -> Result<(), Error> {
    let lifetime = Duration::try_from(auth.config().sso.flow_lifetime).unwrap_or(Duration::MAX);
    add(reply, &build(auth, flow_cookie_name(auth, flow_id), secret.expose(), Some(lifetime)))
}

/// Removes what [`set_flow_cookie`] set.
///
/// # Errors
/// When the removal fits into no header.
pub(crate) fn clear_flow_cookie(auth: &Auth, reply: &mut HttpResponse, flow_id: &str) -> Result<(), Error> {
    add(reply, &removal(auth, flow_cookie_name(auth, flow_id)))
}

/// What the browser keeps of a flow that it began.
pub(crate) fn flow_cookie(auth: &Auth, headers: &HeaderMap, flow_id: &str) -> Option<Secret> {
    request::cookie(headers, &flow_cookie_name(auth, flow_id)).map(Secret::new)
}

fn flow_cookie_name(auth: &Auth, flow_id: &str) -> String {
    format!("{}sso_{flow_id}", if auth.config().base_url.is_secure() { "__Host-" } else { "" })
}

/// The name of the cookie that holds a browser's form session.
pub(crate) fn form_cookie_name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-form" } else { "form" }
}

/// The cookie that holds a browser's form session until the browser is closed; without one, its removal.
pub(crate) fn form_cookie(auth: &Auth, id: Option<&str>) -> Cookie<'static> {
    let name = form_cookie_name(auth);
    id.map_or_else(|| removal(auth, name), |id| build(auth, name, id, None))
}

pub(super) fn add<B>(reply: &mut HttpResponse<B>, cookie: &Cookie<'static>) -> Result<(), Error> {
    reply.add_cookie(cookie).map_err(|error| Error::failed(error.to_string()))
}

/// A cookie that removes the one of this name.
pub(crate) fn removal(auth: &Auth, name: impl Into<Cow<'static, str>>) -> Cookie<'static> {
    let mut cookie = build(auth, name, "", None);
    cookie.make_removal();
    cookie
}

/// A cookie that the browser keeps for so long.
pub(super) fn lasting(auth: &Auth, name: &'static str, value: &str, lifetime: std::time::Duration) -> Cookie<'static> {
    build(auth, name, value, Some(Duration::try_from(lifetime).unwrap_or(Duration::MAX)))
}

/// A cookie with a lifetime, or one that the browser keeps until it is closed.
fn build(auth: &Auth, name: impl Into<Cow<'static, str>>, value: &str, lifetime: Option<Duration>) -> Cookie<'static> {
    let mut cookie = Cookie::build(name, value.to_owned())
        .path("/")
        .http_only(true)
        .secure(auth.config().base_url.is_secure())
        .same_site(SameSite::Lax)
        .finish();
    cookie.set_max_age(lifetime);
    cookie
}
