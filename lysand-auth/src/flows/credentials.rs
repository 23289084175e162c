//! Changing the password, and setting the first one.

mod check;

pub use self::check::{Checked, PasswordCheck, check, greeting, token};
use crate::auth::Auth;
use crate::config::ChangeEnds;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::{FormError, FormErrors};
pub use crate::model::session::ActingToken;
use crate::model::session::{SessionId, SignedInBrowser};
use crate::secret::Secret;
use crate::steps::ending::Spared;
use crate::steps::mail::Outgoing;
use crate::steps::new_password::{self, NotSet, PasswordChange};
pub use crate::steps::presence::ProofWanted;
use crate::steps::presence::{self, Present};
use crate::steps::session::{self, NewSession};
use crate::steps::{events, recovery};
use crate::store::tokens::SparedTokens;
use crate::texts;

/// A new password, as its owner typed it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NewPassword {
    /// The password so far; not asked for where there is none.
    pub current: Option<Secret>,
    /// The new one.
    pub password: Option<Secret>,
    /// Whether apps stay whose tokens no refresh replaces, where the server lets people choose that.
    pub keep_apps: bool,
}

impl NewPassword {
    /// Nothing is filled in yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Why the password stays as it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChangeError {
    /// What is wrong with the fields.
    Fields(FormErrors),
    /// Everything else: `WrongPassword`, `ProofRequired`, a limit.
    Refused(Error),
}

impl From<Error> for ChangeError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<FormError> for ChangeError {
    fn from(error: FormError) -> Self {
        Self::Fields(error.into())
    }
}

impl From<NotSet> for ChangeError {
    fn from(error: NotSet) -> Self {
        match error {
            NotSet::Unfit(problem) => problem.into(),
            // Somebody else proved the same password and was faster: it is none any more (people PPL-98).
            NotSet::Lost => presence::wrong_password().into(),
            NotSet::Failed(error) => error.into(),
        }
    }
}

/// What the page of the password shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasswordState {
    /// Whether there is one.
    pub exists: bool,
    /// Whether one can be set without the one before: somebody signed in a moment ago.
    pub is_fresh: bool,
    /// Whether the person may let apps stay.
    pub offers_apps: bool,
}

/// Demands that there are passwords here that can be changed.
///
/// # Errors
/// 404 where there are none.
pub async fn require(auth: &Auth) -> Result<(), Error> {
    recovery::require_passwords(auth).await
}

/// Whether whoever is signed in with a browser proved a moment ago to be there: by two proofs where a sign-in needs two (people
/// PPL-23, FAC-107).
///
/// # Errors
/// When the database does not answer.
pub async fn is_proven(auth: &Auth, browser: &SignedInBrowser) -> Result<bool, Error> {
    Present::in_session(auth, &browser.session).is_proven(auth, &browser.account).await
}

/// What whoever is signed in with a browser still has to give before a change that could take the account over.
///
/// # Errors
/// When host or database do not answer.
pub async fn proof_wanted(auth: &Auth, browser: &SignedInBrowser) -> Result<ProofWanted, Error> {
    Present::in_session(auth, &browser.session).wanted(auth, &browser.account).await
}

/// What the page of the password shows in this browser.
///
/// # Errors
/// 404 where no password signs anybody in.
pub async fn state(auth: &Auth, browser: &SignedInBrowser) -> Result<PasswordState, Error> {
    recovery::require_passwords(auth).await?;
    let exists = auth.accounts().has_password(&browser.account.id).await.map_err(Error::from_host)?;
    let is_fresh = is_proven(auth, browser).await?;
    Ok(PasswordState { exists, is_fresh, offers_apps: auth.config().password.change_ends == ChangeEnds::Sessions })
}

/// Changes the password in a browser. Everything else of the account ends, and a new session takes the place of this one:
/// answers with its cookie (people PPL-94 to PPL-97).
///
/// # Errors
/// What is wrong with the fields; `WrongPassword` and `ProofRequired`; 429 after too many guesses.
pub async fn change_in_browser(
    auth: &Auth,
    browser: &SignedInBrowser,
    new: &NewPassword,
    caller: &Caller,
) -> Result<Secret, ChangeError> {
    recovery::require_passwords(auth).await?;
    let (account, id) = (&browser.account, browser.session.id.clone());
    let known = session::credentials_of(auth, &account.id).await?;
    let present = Present::in_session(auth, &browser.session);
    let password = checked(auth, account, new, &present).await?;
    let (session, cookie) = NewSession::new(auth, account, Some(id), known)?;
    let change = PasswordChange {
        proven_with: Some(known),
        spared: Spared { session: None, tokens: spared(auth, new, SparedTokens::default()) },
        session: Some(session.in_place_of(&browser.session)),
        ..change(auth, account, &present, caller)
    };
    new_password::set(auth, account, &password, change).await?;
    Ok(cookie)
}

/// The same by a program with a token of the person's. That token stays, with its family and the session that it came from.
///
/// # Errors
/// As [`change_in_browser`].
pub async fn change_by_token(
    auth: &Auth,
    (token, account): (&ActingToken, &Account),
    new: &NewPassword,
    caller: &Caller,
) -> Result<(), ChangeError> {
    recovery::require_passwords(auth).await?;
    let known = session::credentials_of(auth, &account.id).await?;
    let (present, session) = Present::with_token(auth, token, account).await?;
    let password = checked(auth, account, new, &present).await?;
    let tokens = SparedTokens { id: Some(token.id.clone()), family: token.family.clone(), lasting: false };
    let session: Option<SessionId> = session.map(|session| session.id);
    let change = PasswordChange {
        proven_with: Some(known),
        spared: Spared { session, tokens: spared(auth, new, tokens) },
        ..change(auth, account, &present, caller)
    };
    Ok(new_password::set(auth, account, &password, change).await?)
}

fn spared(auth: &Auth, new: &NewPassword, tokens: SparedTokens) -> SparedTokens {
    let lasting = new.keep_apps && auth.config().password.change_ends == ChangeEnds::Sessions;
    SparedTokens { lasting, ..tokens }
}

fn change(auth: &Auth, account: &Account, present: &Present, caller: &Caller) -> PasswordChange {
    let kind = if present.had_password() { EventKind::PasswordChanged } else { EventKind::PasswordSet };
    let event = events::event(auth, kind, caller).by(Actor::Account(account.id.clone()));
    PasswordChange {
        token: None,
        sign_in: None,
        demands: None,
        proven_with: None,
        spared: Spared::default(),
        session: None,
        begins: None,
        notice: Outgoing::to_confirmed(auth, account, new_password::changed(auth, caller)),
        event: event.about(&account.id, &account.username),
        now: auth.ambient().now(),
    }
}

/// The new password, once it is one and its owner proved to be there. All that is wrong with the form is told at once.
async fn checked(auth: &Auth, account: &Account, new: &NewPassword, present: &Present) -> Result<Secret, ChangeError> {
    let password = new.password.clone().unwrap_or_else(|| Secret::new(""));
    let current = new.current.as_ref().filter(|current| !current.is_empty());
    let exists = auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
    let mut problems = Vec::new();
    if exists && current.is_none() {
        problems.push(FormError::blank("current_password"));
    }
    problems.extend(new_password::problem(auth, account, &password).await?);
    if !problems.is_empty() {
        return Err(ChangeError::Fields(FormErrors(problems)));
    }
    match (exists, current) {
        (true, Some(current)) => {
            present.prove(auth, account, current).await?;
            if *current == password {
                return Err(FormError::new("password", "ERR_INVALID", texts::SAME_PASSWORD).into());
            }
            present.note_password();
        }
        _ => present.require(auth, account, None).await?,
    }
    Ok(password)
}

/// Sends a link that sets the first password to the confirmed address of whoever is signed in (people PPL-95).
///
/// # Errors
/// 429 when too many mails went there.
pub async fn send_link(auth: &Auth, account: &Account, caller: &Caller) -> Result<(), Error> {
    recovery::require_passwords(auth).await?;
    recovery::send_reset(auth, account, caller, Actor::Account(account.id.clone())).await
}
