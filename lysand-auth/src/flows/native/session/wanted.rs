//! What a program sends to begin a session, and what comes of it.

use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::form_error::FormError;
use crate::model::resonite::Salted;
use crate::secret::Secret;

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
