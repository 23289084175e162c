//! Why an account is not created.

use lysand_auth::error::Error;
use lysand_auth::host::accounts::rules::RuleError;
use lysand_auth::host::accounts::{AccountsError, Field};

/// Why an account is not created, or a password not set.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// A value breaks a rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The user name or the e-mail address belongs to somebody.
    #[error("{0} has already been taken")]
    Taken(Field),
    /// Everything else: a failure of ours.
    #[error(transparent)]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl CreateError {
    /// The field that it is about, if it is about one.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Rule(error) => Some(error.field()),
            Self::Taken(field) => Some(*field),
            Self::Failed(_) => None,
        }
    }
}

impl From<Error> for CreateError {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<CreateError> for AccountsError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Rule(error) => error.into(),
            CreateError::Taken(field) => Self::Taken(field),
            CreateError::Failed(source) => Self::Failed(source),
        }
    }
}

/// Why the set-up link did not make an admin.
#[derive(Debug, thiserror::Error)]
pub enum FirstAdminError {
    /// The link is unknown, replaced by a newer one, or there is an admin already.
    #[error("This set-up link is no longer valid")]
    InvalidLink,
    /// The account cannot be made.
    #[error(transparent)]
    Refused(#[from] CreateError),
}

impl From<Error> for FirstAdminError {
    fn from(error: Error) -> Self {
        Self::Refused(error.into())
    }
}
