//! Second factors whose proof is a code: an authenticator app, a recovery code, a mailed code, and each kind of the host's own. All are
//! written over one trait, and nothing else knows them apart (FAC-164).
//!
//! A code is looked at here, and used up with what it buys (FAC-120).

use async_trait::async_trait;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::credentials::Credentials;
use crate::model::factors::{Consumed, FactorKind, StoredFactor, Usable, place};
use crate::model::mail_token::Purpose;
use crate::model::recovery_code;
use crate::model::totp::{self, TotpSecret};
use crate::steps::completion::wrong_code;
use crate::steps::{host_factors, mail, recovery_set};
use crate::store::{mail_tokens, recovery_codes};
use crate::texts;

/// The longest code that is looked at, in bytes (FAC-172).
const LONGEST: usize = 64;
/// How many digits a mailed code has.
const MAILED_DIGITS: usize = 8;

/// A kind of second factor whose proof is a code.
#[async_trait]
pub(crate) trait CodeFactor: Send + Sync {
    /// Whether the account can give one, by what is there of it.
    fn is_usable(&self, auth: &Auth, of: (&Account, Credentials), there: &Usable) -> bool;

    /// What counts of what was typed; none for what is no code of this kind.
    fn code_of(&self, typed: &str) -> Option<String>;

    /// What a right code uses up.
    ///
    /// # Errors
    /// `WrongFactor`; when the database or the host does not answer.
    async fn check(&self, auth: &Auth, answer: &Answer<'_>) -> Result<Consumed, Error>;
}

/// An answer with a code.
pub(crate) struct Answer<'a> {
    pub(crate) account: &'a Account,
    /// What is there of the account's factors.
    pub(crate) there: &'a Usable,
    /// What counts of what was typed.
    pub(crate) code: &'a str,
    /// The sign-in that it is for; none for a proof within a session.
    pub(crate) pending: Option<&'a str>,
    /// What came back of a factor of the host's own that began.
    pub(crate) state: &'a str,
}

/// The factor of this kind; none for a kind without codes.
pub(crate) fn of_kind(kind: FactorKind) -> Option<Box<dyn CodeFactor>> {
    match kind {
        FactorKind::Totp => Some(Box::new(AuthenticatorApp)),
        FactorKind::Recovery => Some(Box::new(RecoveryCode)),
        FactorKind::Email => Some(Box::new(MailedCode)),
        FactorKind::Host(kind) => Some(Box::new(OfHost(kind))),
        FactorKind::Passkey | FactorKind::Password => None,
    }
}

/// A code of the right form for its kind: what counts of it.
///
/// # Errors
/// 422 for one that is none; nothing is counted for it (FAC-172).
pub(crate) fn code_of(kind: FactorKind, typed: &str) -> Result<String, Error> {
    let factor = of_kind(kind).filter(|_| typed.len() <= LONGEST);
    let code = factor.and_then(|factor| factor.code_of(typed));
    code.ok_or_else(|| Error::refused(Code::Validation, texts::NO_CODE))
}

/// What a right code of this kind uses up.
///
/// # Errors
/// As [`CodeFactor::check`].
pub(crate) async fn check(auth: &Auth, kind: FactorKind, answer: &Answer<'_>) -> Result<Consumed, Error> {
    of_kind(kind).ok_or_else(wrong_code)?.check(auth, answer).await
}

/// So many digits, whatever blanks and hyphens stand between them.
fn digits(typed: &str, number: usize) -> Option<String> {
    let code: String = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    Some(code).filter(|code| code.len() == number && code.bytes().all(|byte| byte.is_ascii_digit()))
}

struct AuthenticatorApp;

#[async_trait]
impl CodeFactor for AuthenticatorApp {
    fn is_usable(&self, _: &Auth, _: (&Account, Credentials), there: &Usable) -> bool {
        !there.apps.is_empty()
    }

    fn code_of(&self, typed: &str) -> Option<String> {
        digits(typed, totp::DIGITS)
    }

    async fn check(&self, auth: &Auth, answer: &Answer<'_>) -> Result<Consumed, Error> {
        let found = answer.there.apps.iter().find_map(|app| step(auth, app, answer.code).map(|step| (app, step)));
        let (app, step) = found.filter(|(app, step)| *step > app.last_step).ok_or_else(wrong_code)?;
        Ok(Consumed::Totp { factor: app.id.clone(), step })
    }
}

/// The time step that a code of this app is of.
pub(crate) fn step(auth: &Auth, app: &StoredFactor, code: &str) -> Option<i64> {
    secret_of(auth, app)?.step_of(code, auth.ambient().now())
}

/// What the app and this server share. None, and a line in the log, when its key is not there.
pub(crate) fn secret_of(auth: &Auth, app: &StoredFactor) -> Option<TotpSecret> {
    let opened = auth.config().keys.secrets().open(&place(&app.account, &app.id), &app.secret);
    if opened.is_none() {
        tracing::error!(factor = %app.id, key = %app.secret.key, "the secret of an authenticator app cannot be opened");
    }
    opened.map(TotpSecret::of)
}

struct RecoveryCode;

#[async_trait]
impl CodeFactor for RecoveryCode {
    fn is_usable(&self, _: &Auth, _: (&Account, Credentials), there: &Usable) -> bool {
        there.recovery_left > 0
    }

    fn code_of(&self, typed: &str) -> Option<String> {
        recovery_code::normalised(typed).map(|code| code.expose().to_owned())
    }

    async fn check(&self, auth: &Auth, answer: &Answer<'_>) -> Result<Consumed, Error> {
        for digest in recovery_set::digests(auth, answer.account, answer.code) {
            let id = answer.account.id.clone();
            let found =
                auth.store().look_up(move |c| Box::pin(async move { recovery_codes::is_unused(c, &id, digest).await }));
            if found.await? {
                return Ok(Consumed::Recovery(digest));
            }
        }
        Err(wrong_code())
    }
}

struct MailedCode;

#[async_trait]
impl CodeFactor for MailedCode {
    /// Never beside a stronger one unasked, and not while the mailbox alone has just set the password, for then it would be both
    /// proofs (FAC-87).
    fn is_usable(&self, auth: &Auth, (account, known): (&Account, Credentials), there: &Usable) -> bool {
        let reaches = mail::is_read(auth);
        let is_confirmed = account.email.as_ref().is_some_and(|email| email.confirmed);
        let is_asked = known.mail_factor || (there.apps.is_empty() && there.passkeys.is_empty());
        reaches && is_confirmed && !known.was_reset_by_mail() && is_asked
    }

    fn code_of(&self, typed: &str) -> Option<String> {
        digits(typed, MAILED_DIGITS)
    }

    async fn check(&self, auth: &Auth, answer: &Answer<'_>) -> Result<Consumed, Error> {
        let pending = answer.pending.map(str::to_owned).ok_or_else(wrong_code)?;
        let (id, now) = (answer.account.id.clone(), auth.ambient().now());
        let digest = mail::code_digest(auth, answer.code);
        let found = auth.store().look_up(move |c| {
            Box::pin(async move { mail_tokens::with_code(c, (&id, Purpose::Factor, &pending), digest, now).await })
        });
        found.await?.map(Consumed::Email).ok_or_else(wrong_code)
    }
}

/// A kind of the host's own, by its name.
struct OfHost(&'static str);

#[async_trait]
impl CodeFactor for OfHost {
    /// The host says so itself, and is asked elsewhere.
    fn is_usable(&self, _: &Auth, _: (&Account, Credentials), _: &Usable) -> bool {
        false
    }

    fn code_of(&self, typed: &str) -> Option<String> {
        Some(typed.trim().to_owned())
    }

    async fn check(&self, auth: &Auth, answer: &Answer<'_>) -> Result<Consumed, Error> {
        let pending = answer.pending.ok_or_else(wrong_code)?;
        host_factors::check(auth, answer.account, self.0, (answer.code, answer.state, pending)).await
    }
}
