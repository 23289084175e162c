//! What a command says that did not do its work.

use lysand_auth::error::Error;
use lysand_auth::host::accounts::AccountsError;

use crate::database::DatabaseError;
use crate::server::ServeError;
use crate::state::StartError;

/// Why a command did not do its work: one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CommandError(String);

impl CommandError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl From<DatabaseError> for CommandError {
    fn from(error: DatabaseError) -> Self {
        Self(error.to_string())
    }
}

impl From<StartError> for CommandError {
    fn from(error: StartError) -> Self {
        Self(error.to_string())
    }
}

impl From<ServeError> for CommandError {
    fn from(error: ServeError) -> Self {
        Self(error.to_string())
    }
}

impl From<AccountsError> for CommandError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Failed(source) => Error::from_host(source).into(),
            refused => Self::new(refused.to_string()),
        }
    }
}
