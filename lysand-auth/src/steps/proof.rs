//! The proof that the owner of a known account is there: its password, wherever it is asked for once more.

use std::net::IpAddr;
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::session::{Session, SessionId};
use crate::secret::Secret;
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::throttle;
use crate::texts;

/// How long ago a password may have been given for a change of links (security ID-12).
const FRESH: Duration = Duration::from_secs(300);

/// Whether the session began so lately that it proves who is there (security ID-12).
#[must_use]
pub(crate) fn is_fresh(auth: &Auth, session: &Session) -> bool {
    is_recent(auth, session.first_proven_at.unwrap_or(session.authenticated_at))
}

/// Whether a proof of then still proves who is there.
pub(crate) fn is_recent(auth: &Auth, at: Timestamp) -> bool {
    auth.ambient().now().since(at) <= FRESH
}

/// Demands the password of this account and of no other. Failed attempts count as those at sign-in do (security ID-2), or for
/// the live `session` of its owner alone (faults F5); and where no password signs anybody in, none proves anything.
///
/// # Errors
/// `invalid_grant` when it is another's or none; 429 after too many; 503 when no slot for hashing became free.
pub(crate) async fn by_password(
    auth: &Auth,
    account: &Account,
    password: Option<&Secret>,
    source: Option<IpAddr>,
    session: Option<&SessionId>,
) -> Result<(), Error> {
    let proven = checked(auth, account, password, (source, session)).await;
    proven.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account.id), source, error))
}

async fn checked(
    auth: &Auth,
    account: &Account,
    password: Option<&Secret>,
    (source, session): (Option<IpAddr>, Option<&SessionId>),
) -> Result<(), Error> {
    let wrong = || Error::refused(Code::InvalidGrant, texts::WRONG_CREDENTIALS);
    let password = password.filter(|password| !password.is_empty()).ok_or_else(wrong)?;
    if auth.config().sso.forced || password.expose().len() > crate::password::MAX_BYTES {
        return Err(wrong());
    }
    let attempts = throttle::proof(auth, source, &account.id, session).await?;
    let proven = auth.accounts().check_password(&account.username, password).await.map_err(Error::from_host);
    // A try that came to no verdict is no failure either.
    if !matches!(&proven, Ok(None)) {
        throttle::forget(auth, attempts).await?;
    }
    match proven? {
        Some(proven) if proven.id == account.id => Ok(()),
        _ => Err(wrong()),
    }
}
