//! Sessions of native clients that have one token, which is extended with its use: they begin with a password and a code of a second
//! factor at once, with the token of another one, or with the token of a mail and a new password (native 3.2 to 3.6).

mod extend;
mod login;
mod named;
mod renew;
mod reset;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::form_error::FormError;
use crate::model::native::{Dialect, Program};
use crate::model::resonite::{Salted, SessionTerms};
use crate::secret::Secret;
use crate::steps::native_sign_in::NativeTokens;
use crate::steps::refused_sign_in::{self, Whom};
use crate::store::{native_sign_ins, resonite_sessions};

pub use self::extend::{end_session, extend_session, is_of_machine};
pub use crate::model::resonite::{account_of, user_id};

/// What stands before all that a machine is known by, under a key that is for something else as well.
const KEY: &str = "machine of a native client";

/// Whom a session is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionName {
    /// A user name or an e-mail address, in any case of letters.
    Typed(String),
    /// The id of an account, as clients of the dialect write it.
    UserId(String),
}

/// By what a session begins.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SessionProof {
    /// The password.
    Password(Secret),
    /// The token of a session that lives.
    SessionToken(Secret),
    /// The token of a mail, and the password from now on.
    Reset {
        /// That of the mail.
        token: Secret,
        /// The new one.
        password: Secret,
    },
}

/// What a program sends to begin a session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionLogin {
    /// Whom it is for.
    pub name: SessionName,
    /// By what it begins.
    pub proof: SessionProof,
    /// The code of a second factor, which came with it.
    pub code: Option<Secret>,
    /// What the program says of the machine that it runs on.
    pub uid: Secret,
    /// The same, once more.
    pub machine: Secret,
    /// Whether its owner wants to be remembered.
    pub remember: bool,
    /// From where.
    pub caller: Caller,
}

impl SessionLogin {
    /// A session for whom, and by what.
    #[must_use]
    pub fn new(name: SessionName, proof: SessionProof, caller: Caller) -> Self {
        let (uid, machine) = (Secret::default(), Secret::default());
        Self { name, proof, code: None, uid, machine, remember: false, caller }
    }

    /// The same with a code of a second factor.
    #[must_use]
    pub fn with_code(self, code: Option<Secret>) -> Self {
        Self { code, ..self }
    }

    /// The same on a machine.
    #[must_use]
    pub fn on_machine(self, uid: Secret, machine: Secret) -> Self {
        Self { uid, machine, ..self }
    }

    /// The same for longer, or not.
    #[must_use]
    pub fn remembered(self, remember: bool) -> Self {
        Self { remember, ..self }
    }
}

/// A session that began. The token is shown this once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BegunSession {
    /// Whose it is.
    pub account: Account,
    /// What opens routes.
    pub token: Secret,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends unless it is extended.
    pub expires_at: Timestamp,
    /// Whether its owner wants to be remembered.
    pub remembered: bool,
    /// Whether it is good on this machine alone.
    pub machine_bound: bool,
    /// What stands for the first name of the machine.
    pub uid: Salted,
    /// What stands for the second.
    pub machine: Salted,
}

/// Why no session begins.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionRefused {
    /// Nobody has that name, the proof is no proof, or the account may not act: one answer for all (native C3).
    Credentials,
    /// The first proof is right, and the account wants a second one, which is missing or wrong.
    SecondFactor,
    /// The password is right, and must be replaced first.
    PasswordChange,
    /// The new password cannot be one.
    Unfit(FormError),
    /// Everything else: a limit, a network that is kept out, a failure.
    Other(Error),
}

impl From<Error> for SessionRefused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Begins a session.
///
/// # Errors
/// Why not.
pub async fn begin_session(auth: &Auth, login: SessionLogin) -> Result<BegunSession, SessionRefused> {
    let begun = match &login.proof {
        SessionProof::Password(password) => login::with_password(auth, &login, password).await,
        SessionProof::SessionToken(token) => renew::with_token(auth, &login, token).await,
        SessionProof::Reset { token, password } => reset::with_new_password(auth, &login, (token, password)).await,
    };
    if let Err(refused) = &begun {
        let error = match refused {
            SessionRefused::Other(Error::Refused(refusal)) => Error::Refused(refusal.clone()),
            SessionRefused::Other(Error::Failed(_)) => return begun,
            _ => Error::refused(Code::InvalidGrant, ""),
        };
        let (SessionName::Typed(typed) | SessionName::UserId(typed)) = &login.name;
        refused_sign_in::log(auth, &Whom::Typed(typed), login.caller.source, &error);
    }
    begun
}

/// What a session is told of its machine.
struct Machine {
    terms: SessionTerms,
    machine: Salted,
    key: Secret,
}

impl Machine {
    fn of(auth: &Auth, login: &SessionLogin, absolute_at: Option<Timestamp>) -> Self {
        let ambient = auth.ambient();
        let terms = SessionTerms {
            remembered: login.remember,
            machine_bound: auth.config().native.resonite.machine_bound,
            uid: Salted::of(ambient, &login.uid),
            absolute_at,
        };
        // A key of its own, by the word in front.
        let named = [KEY.as_bytes(), login.uid.expose().as_bytes(), login.machine.expose().as_bytes()];
        let key = Secret::derive(&auth.challenge_key(), &named);
        Self { terms, machine: Salted::of(ambient, &login.machine), key }
    }

    fn program(&self) -> Program {
        let program = Program::of(Dialect::Resonite).on_device(Some(self.key.expose().to_owned()));
        program.with_session(self.terms.clone())
    }

    /// The session that these tokens are of.
    async fn begun(self, auth: &Auth, account: Account, tokens: NativeTokens) -> Result<BegunSession, Error> {
        let family = tokens.sign_in.clone();
        let found = auth.store().look_up(move |c| {
            Box::pin(async move {
                let sign_in = native_sign_ins::of_family(c, &family).await?;
                Ok(sign_in.zip(resonite_sessions::of_family(c, &family).await?))
            })
        });
        let (sign_in, session) = found.await?.ok_or_else(|| Error::failed("a session that began is not there"))?;
        Ok(BegunSession {
            account,
            token: tokens.access_token,
            created_at: sign_in.created_at,
            expires_at: sign_in.expires_at,
            remembered: session.remembered,
            machine_bound: session.machine_bound,
            uid: self.terms.uid,
            machine: self.machine,
        })
    }
}
