//! Name and password where no browser waits for a second step: a protocol of the host's own, or a native client (FAC-166, native
//! NAT-30).

use crate::auth::Auth;
use crate::config::Lockout;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::credentials::{Credentials, Demand};
use crate::model::event::EventKind;
use crate::model::lockout::Pair;
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::blocks::{self, LetIn};
use crate::steps::{events, identifier, lockout, recovery, refused_sign_in, throttle};

/// A name and a password.
pub(crate) struct Try<'a> {
    pub(crate) typed: &'a str,
    pub(crate) password: &'a Secret,
    pub(crate) caller: &'a Caller,
    /// What asks: a dialect, or the host's word for a protocol of its own. It stands in events.
    pub(crate) service: &'a str,
    /// By which rule the pair of name and network is counted, and how.
    pub(crate) rule: &'static str,
    pub(crate) lockout: &'a Lockout,
}

/// A right password, and what was known of its account before.
pub(crate) struct Right {
    pub(crate) account: Account,
    pub(crate) known: Credentials,
    pub(crate) let_in: LetIn,
    pub(crate) pair: Option<Pair>,
}

/// Checks it under the limits of a sign-in. `None` for everything that is no right password of an account: nobody has that name,
/// the password is another, or staff demanded a new one.
///
/// # Errors
/// 429 after too many failures of the account, the address or the pair, 403 from a network that staff keeps out, 503 when no slot
/// for hashing became free; when host or database do not answer.
pub(crate) async fn check(auth: &Auth, tried: &Try<'_>) -> Result<Option<Right>, Error> {
    let Try { password, caller, .. } = *tried;
    throttle::refuse_address(auth, caller.source)?;
    let let_in = blocks::may_sign_in(auth, caller.source, None).await?;
    let typed = tried.typed.trim().to_lowercase();
    let is_empty = typed.is_empty() || password.is_empty();
    let is_too_long = typed.len() > identifier::LONGEST || password.expose().len() > crate::password::MAX_BYTES;
    if is_empty || is_too_long || auth.config().sso.forced || typed.contains('\0') {
        return Ok(None);
    }
    let identifier = identifier::named(auth, typed).await?;
    let pair = lockout::pair(auth, tried.rule, &format!("{}\n{identifier}", tried.service), caller.source);
    lockout::admit(auth, pair, tried.lockout).await?;
    let attempts = match throttle::sign_in(auth, caller.source, &identifier, &Browser::default()).await {
        Ok(attempts) => attempts,
        Err(error) => {
            lockout::take_back(auth, pair).await?;
            return Err(error);
        }
    };
    let known = recovery::known_of(auth, &identifier).await?;
    let account = match auth.accounts().check_password(&identifier, password).await.map_err(Error::from_host) {
        Ok(account) => account,
        Err(error) => {
            throttle::forget(auth, attempts).await?;
            lockout::take_back(auth, pair).await?;
            return Err(error);
        }
    };
    // A demanded password makes the old one as good as a wrong one (people PPL-13).
    let Some(account) = account.filter(|_| known.demanded != Some(Demand::Now)) else {
        record_failure(auth, &identifier, tried).await?;
        return Ok(None);
    };
    throttle::forget(auth, attempts).await?;
    lockout::take_back(auth, pair).await?;
    Ok(Some(Right { account, known, let_in, pair }))
}

/// Records that somebody proved nothing, as a sign-in does.
async fn record_failure(auth: &Auth, identifier: &str, tried: &Try<'_>) -> Result<(), Error> {
    let event = events::event(auth, EventKind::SignInFailed, tried.caller).with("step", "password");
    let event = if tried.service.is_empty() { event } else { event.with("service", tried.service) };
    let event = match auth.accounts().by_identifier(identifier).await.map_err(Error::from_host)? {
        Some(account) => event.about(&account.id, &account.username),
        None => event.with("typed", refused_sign_in::digest(auth, identifier)),
    };
    events::record_refusal(auth, event).await
}
