//! What the library does in a transaction of the host's.

use crate::error::Error;
use crate::model::account::AccountId;
use crate::store::{Conn, Work};

/// What must happen in the transaction that creates or changes an account; when it fails, the account stays as it was.
pub struct Along(AlongWork);

type AlongWork = Box<dyn for<'c> FnOnce(&'c mut Conn, &AccountId) -> Work<'c, ()> + Send>;

impl Along {
    pub(crate) fn new(work: impl for<'c> FnOnce(&'c mut Conn, &AccountId) -> Work<'c, ()> + Send + 'static) -> Self {
        Self(Box::new(work))
    }

    /// Does it, for the account that is being created or changed on this connection.
    ///
    /// # Errors
    /// When the transaction must be rolled back. Pass the error on as [`AccountsError::Failed`](super::AccountsError::Failed).
    pub async fn run(self, conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
        (self.0)(conn, account).await
    }
}
