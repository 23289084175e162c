//! Bearer checks on PostgreSQL travel together: while one look-up is on its way, the next ones gather, and then go as one.
//!
//! A check sees the database as it was after the check was asked for, never an earlier answer, so a token that was revoked
//! before is found revoked (security REV-1). Under load this spares most of the round trips.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::pooled_conn::{PooledConn, TIMEOUT};
use super::tokens::{self, Found};
use crate::error::Error;
use crate::secret::Digest;

/// How many checks go in one query.
const MOST_TOGETHER: usize = 64;
/// How many checks may wait before more are refused.
const MOST_WAITING: usize = 4_096;

type Check = (Digest, oneshot::Sender<Option<Found>>);

/// The way in for bearer checks; cheap to clone.
#[derive(Clone)]
pub(super) struct BearerBatches(mpsc::Sender<Check>);

impl BearerBatches {
    /// Starts to answer on `runtime`, each time within a transaction where `begin` says how it begins; ends when the last
    /// sender is gone.
    pub(super) fn start(pool: Pool<AsyncPgConnection>, begin: Option<String>, runtime: &Handle) -> Self {
        let (sender, checks) = mpsc::channel(MOST_WAITING);
        runtime.spawn(answer(pool, begin, checks));
        Self(sender)
    }

    /// The token with this digest and its app.
    pub(super) async fn check(&self, digest: Digest) -> Result<Option<Found>, Error> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send((digest, answer)).map_err(|_| Error::unavailable())?;
        match tokio::time::timeout(TIMEOUT, answered).await {
            Ok(Ok(found)) => Ok(found),
            // A dropped sender is a look-up that failed; it was logged where it did.
            Ok(Err(_)) | Err(_) => Err(Error::unavailable()),
        }
    }
}

async fn answer(pool: Pool<AsyncPgConnection>, begin: Option<String>, mut checks: mpsc::Receiver<Check>) {
    let mut waiting: Vec<Check> = Vec::with_capacity(MOST_TOGETHER);
    while checks.recv_many(&mut waiting, MOST_TOGETHER).await > 0 {
        // Whoever has stopped waiting is not asked for.
        waiting.retain(|(_, answer)| !answer.is_closed());
        if waiting.is_empty() {
            continue;
        }
        let mut digests: Vec<Digest> = waiting.iter().map(|(digest, _)| *digest).collect();
        digests.sort_unstable();
        digests.dedup();
        // A task of its own, so that neither a panic nor a database that has fallen silent ends all later checks.
        let looked = tokio::spawn(tokio::time::timeout(TIMEOUT, look_up(pool.clone(), begin.clone(), digests)));
        let found = match looked.await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err(Error::unavailable()),
            Err(panicked) => Err(Error::failed(panicked)),
        };
        match found {
            Ok(found) => {
                let found: HashMap<Vec<u8>, Found> = found.into_iter().collect();
                for (digest, answer) in waiting.drain(..) {
                    let _ = answer.send(found.get(digest.as_bytes()).cloned());
                }
            }
            Err(error) => {
                tracing::warn!(%error, checks = waiting.len(), "bearer checks failed");
                waiting.clear();
            }
        }
    }
}

async fn look_up(
    pool: Pool<AsyncPgConnection>,
    begin: Option<String>,
    digests: Vec<Digest>,
) -> Result<Vec<(Vec<u8>, Found)>, Error> {
    PooledConn::unit(&pool, begin.as_deref(), move |c| Box::pin(async move { tokens::by_digests(c, &digests).await }))
        .await
}
