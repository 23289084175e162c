//! Why a host does not do what the library asks.

use crate::error::{Code, Error};
use crate::model::account_rules::{Field, RuleError};
use crate::texts;

/// What a host can refuse to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The host does not offer this operation.
    #[error("this host does not offer that operation")]
    NotOffered,
    /// The user name or the e-mail address belongs to somebody.
    #[error("{0} has already been taken")]
    Taken(Field),
    /// The value breaks a rule of the host.
    #[error("{0}")]
    Invalid(String),
    /// It would leave the instance without an admin who can act.
    #[error("This is the last admin who can act: make another one first")]
    LastAdmin,
    /// Everything else: the host's failure.
    #[error(transparent)]
    Failed(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl From<AccountsError> for Error {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Failed(source) => Self::from_host(source),
            AccountsError::LastAdmin => Self::refused(Code::Conflict, texts::LAST_ADMIN),
            refused => Self::refused(Code::Validation, refused.to_string()),
        }
    }
}

impl From<RuleError> for AccountsError {
    fn from(error: RuleError) -> Self {
        Self::Invalid(error.to_string())
    }
}
