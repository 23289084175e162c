//! Name and password, or a token, where there is no browser: for the host's IMAP, XMPP or whatever else greets with them (FAC-166,
//! native NAT-30 to NAT-32).

use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::native;
use crate::model::rate_limit::FailedAttempts;
use crate::model::strength::Acr;
use crate::secret::Secret;
use crate::steps::bearer::{self, Bearer};
use crate::steps::host_rules::{self, Proven};
use crate::steps::password_check::{self, Right, Try};
use crate::steps::sign_in::{self, BeforeSession};
use crate::steps::{identifier, session, standing, throttle};

/// The longest word for a service, in characters.
const LONGEST_SERVICE: usize = 32;
/// The rule by which name and network of a service are counted.
const RULE: &str = "service";
/// The length of an access token.
const TOKEN_LENGTH: usize = 43;

/// A name and a password that somebody greets with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PasswordCheck {
    /// User name, handle or e-mail address, in any case of letters.
    pub identifier: String,
    /// The password.
    pub password: Secret,
    /// Where it comes from; without, failures count for the account alone.
    pub source: Option<IpAddr>,
    /// The host's word for what asks, such as `imap`: it stands in events, and what fails there closes nothing elsewhere. Of a
    /// longer one the first 32 characters count.
    pub service: String,
}

impl PasswordCheck {
    /// A name and a password, from an address.
    #[must_use]
    pub fn new(identifier: impl Into<String>, password: Secret, source: Option<IpAddr>) -> Self {
        Self { identifier: identifier.into(), password, source, service: String::new() }
    }

    /// The same at this service.
    #[must_use]
    pub fn at(self, service: &str) -> Self {
        Self { service: service_word(service), ..self }
    }
}

fn service_word(service: &str) -> String {
    service.chars().filter(|letter| !letter.is_control()).take(LONGEST_SERVICE).collect()
}

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
/// 429 after too many failures of the account, the address, or this name from there, 403 from a network that staff keeps out, 503
/// when no slot for hashing became free; when host or database do not answer.
pub async fn check(auth: &Auth, check: PasswordCheck) -> Result<Checked, Error> {
    let service = service_word(&check.service);
    let caller = Caller::new(check.source);
    let tried = Try {
        typed: &check.identifier,
        password: &check.password,
        caller: &caller,
        service: &service,
        rule: RULE,
        lockout: &auth.config().native.toki.lockout,
    };
    let Some(Right { account, known, let_in, .. }) = password_check::check(auth, &tried).await? else {
        return Ok(Checked::No);
    };
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

/// What a token opens that somebody greets with: any live access token or personal token of an account that may act, from an address
/// that it is for. What it may do is the host's to ask ([`Bearer::require`]). `None` for every other text.
///
/// # Errors
/// 429 after too many texts from there that are none; when host or database do not answer.
pub async fn token(auth: &Auth, secret: &Secret, source: Option<IpAddr>) -> Result<Option<Bearer>, Error> {
    throttle::refuse_address(auth, source)?;
    let found = live(auth, secret, source).await?;
    if found.is_none() {
        count_failure(auth, source).await?;
    }
    Ok(found)
}

/// Whoever greets with a name and either a token of that very account or its password: the first message of toki's protocol, for
/// one. What looks like a token and is none may be a password.
///
/// # Errors
/// As those of [`check`].
pub async fn greeting(
    auth: &Auth,
    username: &str,
    secret: &Secret,
    source: Option<IpAddr>,
    service: &str,
) -> Result<Checked, Error> {
    throttle::refuse_address(auth, source)?;
    if is_like_token(secret.expose())
        && let Some(bearer) = live(auth, secret, source).await?
    {
        let owner = bearer.account(auth).await?;
        if is_named(auth, &owner, username).await? {
            return Ok(Checked::Account(Box::new(owner)));
        }
        count_failure(auth, source).await?;
        return Ok(Checked::No);
    }
    check(auth, PasswordCheck::new(username, secret.clone(), source).at(service)).await
}

fn is_like_token(text: &str) -> bool {
    let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.starts_with("lyp_") || (text.len() == TOKEN_LENGTH && text.bytes().all(is_url_safe))
}

/// Whether a name is that of this account, however it is written.
async fn is_named(auth: &Auth, account: &Account, typed: &str) -> Result<bool, Error> {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() || typed.len() > identifier::LONGEST || typed.contains('\0') {
        return Ok(false);
    }
    let named = identifier::named(auth, typed).await?;
    let found = auth.accounts().by_identifier(&named).await.map_err(Error::from_host)?;
    Ok(found.is_some_and(|found| found.id == account.id))
}

/// A live token, and an account behind it that may act; one proof alone is none where a sign-in needs two, unless an app or its
/// owner was given the token (native C9, C11).
async fn live(auth: &Auth, secret: &Secret, source: Option<IpAddr>) -> Result<Option<Bearer>, Error> {
    let bearer = match bearer::speaks_for_from(auth, secret, source).await {
        Ok(bearer) => bearer,
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidToken => return Ok(None),
        Err(error) => return Err(error),
    };
    let account = match bearer.account(auth).await {
        Ok(account) => account,
        Err(Error::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_native = native::is_built_in(bearer.app.id.as_str());
    let is_weak = bearer.authentication.is_none_or(|proven| proven.acr == Acr::One);
    let wants_two = is_native && is_weak && session::credentials_of(auth, &account.id).await?.two_step;
    Ok(Some(bearer).filter(|_| !wants_two))
}

async fn count_failure(auth: &Auth, source: Option<IpAddr>) -> Result<(), Error> {
    let counters = [auth.config().rate_limits.by_address(source), None, None];
    throttle::count(auth, FailedAttempts { counters, now: auth.ambient().now() }, source).await.map(drop)
}
