//! Ending something, and telling the host that it is over.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::{Revocations, Revoked};
use crate::store::{Conn, Work};

/// How long the answer waits for the host.
const HOST_TIMEOUT: Duration = Duration::from_secs(10);

/// Does `work` in one transaction, and tells the host what that revoked, if `name` finds that it revoked something.
///
/// # Errors
/// When the transaction fails. Never on account of the host: what is over stays so.
pub(crate) async fn revoke<T: Send + 'static>(
    auth: &Auth,
    work: impl for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    name: impl FnOnce(&T) -> Option<Revoked> + Send + 'static,
) -> Result<T, Error> {
    revoke_all(auth, work, |done| name(done).into_iter().collect()).await
}

/// The same where several things end at once.
///
/// # Errors
/// As [`revoke`].
pub(crate) async fn revoke_all<T: Send + 'static>(
    auth: &Auth,
    work: impl for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    names: impl FnOnce(&T) -> Vec<Revoked> + Send + 'static,
) -> Result<T, Error> {
    if !auth.revocations().is_watched() {
        return auth.store().write(work).await;
    }
    // The transaction goes on when the caller stops waiting, and so must the news of it.
    let auth = auth.clone();
    let task = tokio::spawn(async move {
        let done = auth.store().write(work).await?;
        for revoked in names(&done) {
            notify(&auth, &revoked).await;
        }
        Ok(done)
    });
    task.await.map_err(Error::failed)?
}

/// Tells the host what is over already, and before it the streams that are open in this process.
pub(crate) async fn notify(auth: &Auth, revoked: &Revoked) {
    auth.revocations().tell(revoked);
    if let Some(host) = auth.revocations().host() {
        notify_host(&**host, revoked).await;
    }
}

async fn notify_host(host: &dyn Revocations, revoked: &Revoked) {
    let told = AssertUnwindSafe(host.revoked(revoked)).catch_unwind();
    let why = match tokio::time::timeout(HOST_TIMEOUT, told).await {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(_) => "it took too long".to_owned(),
    };
    tracing::error!(?revoked, %why, "the host was not notified of a revocation");
}
