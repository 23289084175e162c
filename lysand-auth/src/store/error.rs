//! Why the database does not do what is wanted: it is unavailable, or something is wrong with it.

use diesel::result::DatabaseErrorKind;

use crate::error::Error;

/// Why a database cannot be opened or migrated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL names no database that this library knows.
    #[error("the database URL must begin with sqlite: or postgres: (found {0:?})")]
    Scheme(String),
    /// The URL cannot be read.
    #[error("the database URL cannot be read: {0}")]
    Url(String),
    /// The database server answers and refuses, in its own words and with its SQLSTATE.
    #[error("the database refuses: {message} (SQLSTATE {code})")]
    #[non_exhaustive]
    Refused {
        /// The SQLSTATE.
        code: String,
        /// The server's sentence.
        message: String,
    },
    /// The database does not answer.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A connection pooler hands each transaction to another server connection, and nobody said so.
    #[error("a connection pooler lends server connections for one transaction each")]
    TransactionPooler,
    /// A migration failed; the database is as it was.
    #[error("the migration failed: {0}")]
    Migration(String),
    /// The database was migrated by a newer version of this program.
    #[error("the database is newer than this program: it knows the migration {0}, which this version does not")]
    Newer(String),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        if !is_unavailable(&error) {
            return Self::failed(error);
        }
        tracing::warn!(%error, "the database does not answer");
        Self::unavailable()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused { code, message } => {
                tracing::warn!(%code, %message, "the database refuses");
                Self::unavailable()
            }
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "the database does not answer");
                Self::unavailable()
            }
            other => Self::failed(other),
        }
    }
}

/// Whether an error tells of an absent, locked, full or restarting database rather than of a wrong query (LOAD-4).
fn is_unavailable(error: &diesel::result::Error) -> bool {
    const SIGNS: [&str; 12] = [
        "locked",
        "busy",
        "disk is full",
        "disk i/o error",
        "readonly database",
        "unable to open",
        "connection",
        "terminating",
        "starting up",
        "shutting down",
        "statement timeout",
        "too many clients",
    ];
    match error {
        diesel::result::Error::DatabaseError(kind, detail) => match kind {
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ReadOnlyTransaction => true,
            DatabaseErrorKind::Unknown => {
                let text = detail.message().to_ascii_lowercase();
                SIGNS.iter().any(|sign| text.contains(sign))
            }
            _ => false,
        },
        diesel::result::Error::BrokenTransactionManager => true,
        _ => false,
    }
}
