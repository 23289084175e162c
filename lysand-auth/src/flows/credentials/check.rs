//! Name and password where there is no browser: for the host's IMAP, XMPP or whatever else greets with both (FAC-166).

use crate::auth::Auth;
use crate::error::Error;
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::credentials::Demand;
use crate::model::event::EventKind;
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::host_rules::{self, Proven};
use crate::steps::sign_in::{self, BeforeSession};
use crate::steps::{blocks, events, identifier, recovery, refused_sign_in, standing, throttle};

/// What name and password come to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checked {
    /// They are right, and nothing else is asked of this account.
    Account(Box<Account>),
    /// They are right, and the account wants more than that protocol can ask: its owner uses a personal token there.
    SecondFactorNeeded,
    /// Everything else: nobody has that name, the password is another, the account may not act, or must have a new password.
    No,
}

/// Checks name and password for a protocol without a second step, under the limits of a sign-in. No session begins.
///
/// # Errors
/// 429 after too many failures of the account or the address, 403 from a network that staff keeps out, 503 when no slot for hashing
/// became free; when host or database do not answer.
pub async fn check(auth: &Auth, typed: &str, password: &Secret, caller: &Caller) -> Result<Checked, Error> {
    throttle::refuse_address(auth, caller.source)?;
    let let_in = blocks::may_sign_in(auth, caller.source, None).await?;
    let typed = typed.trim().to_lowercase();
    let is_empty = typed.is_empty() || password.is_empty();
    let is_too_long = typed.len() > identifier::LONGEST || password.expose().len() > crate::password::MAX_BYTES;
    if is_empty || is_too_long || auth.config().sso.forced {
        return Ok(Checked::No);
    }
    let identifier = identifier::named(auth, typed).await?;
    let attempts = throttle::sign_in(auth, caller.source, &identifier, &Browser::default()).await?;
    let known = recovery::known_of(auth, &identifier).await?;
    let account = match auth.accounts().check_password(&identifier, password).await.map_err(Error::from_host) {
        Ok(account) => account,
        Err(error) => {
            throttle::forget(auth, attempts).await?;
            return Err(error);
        }
    };
    // A demanded password makes the old one as good as a wrong one (people PPL-13).
    let Some(account) = account.filter(|_| known.demanded != Some(Demand::Now)) else {
        record_failure(auth, &identifier, caller).await?;
        return Ok(Checked::No);
    };
    throttle::forget(auth, attempts).await?;
    let proven = Proven {
        known_before: Some(known),
        let_in: Some(let_in),
        puts_off: true,
        ..Proven::new(&account, &ProofKind::Password)
    };
    match sign_in::lacks_before_session(auth, &proven, known).await? {
        _ if standing::may_sign_in(&account).is_err() => Ok(Checked::No),
        Some(BeforeSession::Factor | BeforeSession::Enrolment) => Ok(Checked::SecondFactorNeeded),
        Some(BeforeSession::Password | BeforeSession::Review) => Ok(Checked::No),
        None => match host_rules::before_session(auth, proven, None).await {
            Ok(_) => Ok(Checked::Account(Box::new(account))),
            Err(Error::Refused(refusal)) => {
                tracing::info!(account = %account.id, why = %refusal.why, "the host refuses name and password");
                Ok(Checked::No)
            }
            Err(error) => Err(error),
        },
    }
}

/// Records that somebody proved nothing, as a sign-in does.
async fn record_failure(auth: &Auth, identifier: &str, caller: &Caller) -> Result<(), Error> {
    let event = events::event(auth, EventKind::SignInFailed, caller).with("step", "password");
    let event = match auth.accounts().by_identifier(identifier).await.map_err(Error::from_host)? {
        Some(account) => event.about(&account.id, &account.username),
        None => event.with("typed", refused_sign_in::digest(auth, identifier)),
    };
    events::record_refusal(auth, event).await
}
