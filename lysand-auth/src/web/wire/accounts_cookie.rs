//! The cookie with the accounts that were signed in to with a browser (FAC-121): sealed under a key of `keys.secrets`, and no longer
//! than the operator lets it be. It follows the sign-in cookie: whatever sets or removes that changes it.

use actix_web::HttpResponse;
use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::cookies;
use super::request;
use super::session_cookie::session_cookie;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::keys::Sealed;
use crate::model::account::AccountId;
use crate::model::browser_accounts::with_first;
use crate::model::session::{ListedAccount, SessionId};

/// For what the list is sealed.
const PLACE: [&str; 2] = ["cookie", "accounts"];
/// The longest value that is looked at: a browser keeps 4,096 bytes.
const LONGEST: usize = 4_000;
/// How long a name stays whose session has ended.
const NAME_KEPT: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// Account, session, and when it was noticed that it has ended.
type Entry = (String, String, Option<i64>);

fn name(auth: &Auth) -> &'static str {
    if auth.config().base_url.is_secure() { "__Host-accounts" } else { "accounts" }
}

/// How many accounts a browser can have.
pub(crate) fn most(auth: &Auth) -> usize {
    usize::try_from(auth.config().sessions.accounts_per_browser).unwrap_or(1)
}

/// The accounts of a browser, the one used last first. What is none of ours is as good as none.
pub(crate) fn listed(auth: &Auth, headers: &HeaderMap) -> Vec<ListedAccount> {
    if most(auth) <= 1 {
        return current(auth, headers).into_iter().collect();
    }
    let kept = request::cookie(headers, name(auth)).and_then(|value| opened(auth, &value)).unwrap_or_default();
    match current(auth, headers) {
        // One that began before there was a list.
        Some(current) if !kept.iter().any(|listed| listed.account == current.account) => {
            with_first(&kept, current, most(auth))
        }
        _ => kept,
    }
}

/// What the sign-in cookie says. Whether that session stands is for others to ask.
fn current(auth: &Auth, headers: &HeaderMap) -> Option<ListedAccount> {
    of_cookie(auth, &session_cookie(auth, headers)?)
}

fn of_cookie(auth: &Auth, cookie: &str) -> Option<ListedAccount> {
    let claim = auth.keys().verify_session(cookie, &auth.config().base_url, auth.ambient().now()).ok()?;
    Some(ListedAccount::new(claim.account_id, claim.session_id))
}

fn opened(auth: &Auth, value: &str) -> Option<Vec<ListedAccount>> {
    let (key, bytes) = value.rsplit_once('.').filter(|_| value.len() <= LONGEST)?;
    let sealed = Sealed { key: key.to_owned(), bytes: URL_SAFE_NO_PAD.decode(bytes).ok()? };
    let plain = auth.config().keys.secrets().open(&PLACE, &sealed)?;
    let entries: Vec<Entry> = serde_json::from_slice(&plain).ok()?;
    let listed = |(account, session, ended_at): Entry| ListedAccount {
        ended_at: ended_at.map(Timestamp::from_micros),
        ..ListedAccount::new(AccountId::new(account), SessionId::new(session))
    };
    let now = auth.ambient().now();
    let is_kept = |listed: &ListedAccount| listed.ended_at.is_none_or(|ended| ended.plus(NAME_KEPT) > now);
    Some(entries.into_iter().map(listed).filter(is_kept).take(most(auth)).collect())
}

/// Puts the list on a reply; nothing is left of one that is empty.
///
/// # Errors
/// When it cannot be sealed, or fits into no header.
pub(crate) fn put<B>(auth: &Auth, reply: &mut HttpResponse<B>, list: &[ListedAccount]) -> Result<(), Error> {
    if most(auth) <= 1 || list.is_empty() {
        return cookies::add(reply, &cookies::removal(auth, name(auth)));
    }
    let entries: Vec<Entry> = list
        .iter()
        .map(|listed| {
            let ended_at = listed.ended_at.map(Timestamp::micros);
            (listed.account.as_str().to_owned(), listed.session.as_str().to_owned(), ended_at)
        })
        .collect();
    let plain = serde_json::to_vec(&entries).map_err(Error::failed)?;
    let sealed = auth.config().keys.secrets().seal(auth.ambient(), &PLACE, &plain);
    let Sealed { key, bytes } = sealed.ok_or_else(|| Error::failed("the list of accounts cannot be sealed"))?;
    let value = format!("{key}.{}", URL_SAFE_NO_PAD.encode(bytes));
    let lifetime = auth.config().lifetimes.session + NAME_KEPT;
    cookies::add(reply, &cookies::lasting(auth, name(auth), &value, lifetime))
}

/// Changes the list with the sign-in cookie that a reply sets or removes, unless the reply changes the list itself.
pub(crate) fn follow<B>(auth: &Auth, headers: &HeaderMap, reply: &mut HttpResponse<B>) {
    let set = |name: &str| {
        let cookie = reply.cookies().find(|cookie| cookie.name() == name && cookie.domain().is_none());
        cookie.map(|cookie| cookie.value().to_owned())
    };
    if most(auth) <= 1 || set(name(auth)).is_some() {
        return;
    }
    let Some(value) = set(&auth.config().session_cookie) else { return };
    let (before, first) = (listed(auth, headers), of_cookie(auth, &value));
    let after = match (&first, current(auth, headers)) {
        (Some(first), _) => with_first(&before, first.clone(), most(auth)),
        // It ends here, and is forgotten here.
        (None, Some(gone)) => before.into_iter().filter(|listed| listed.account != gone.account).collect(),
        (None, None) => return,
    };
    // The sign-in cookie alone says who it is while there is nobody else: answers stay small (faults A16).
    let is_needed = after.len() > usize::from(first.is_some());
    let has_one = request::cookie(headers, name(auth)).is_some();
    let kept = match (is_needed, has_one) {
        (true, _) => put(auth, reply, &after),
        (false, true) => put(auth, reply, &[]),
        (false, false) => return,
    };
    if let Err(error) = kept {
        tracing::error!(%error, "the accounts of a browser cannot be kept");
    }
}
