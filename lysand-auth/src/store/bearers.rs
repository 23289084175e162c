//! Bearer checks on PostgreSQL travel together: while one look-up is on its way, the next ones gather, and then go as one.
//!
//! A check sees the database as it was after the check was asked for, never an earlier answer, so a token that was revoked
//! before is found revoked (security REV-1). Under load this spares most of the round trips.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::Conn;
use super::postgres::acquire;
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
pub(super) struct Bearers(mpsc::Sender<Check>);

impl Bearers {
    /// Starts to answer on `runtime`; ends when the last sender is gone.
    pub(super) fn start(pool: Pool<AsyncPgConnection>, runtime: &Handle) -> Self {
        let (sender, checks) = mpsc::channel(MOST_WAITING);
        runtime.spawn(answer(pool, checks));
        Self(sender)
    }

    /// The token with this digest and its app.
    pub(super) async fn check(&self, digest: Digest) -> Result<Option<Found>, Error> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send((digest, answer)).map_err(|_| Error::unavailable())?;
        // A dropped sender is a look-up that failed; it was logged where it did.
        answered.await.map_err(|_| Error::unavailable())
    }
}

async fn answer(pool: Pool<AsyncPgConnection>, mut checks: mpsc::Receiver<Check>) {
    let mut waiting: Vec<Check> = Vec::with_capacity(MOST_TOGETHER);
    while checks.recv_many(&mut waiting, MOST_TOGETHER).await > 0 {
        let mut digests: Vec<Digest> = waiting.iter().map(|(digest, _)| *digest).collect();
        digests.sort_unstable();
        digests.dedup();
        let found = async {
            let mut conn = Conn::Pg(acquire(&pool).await?);
            tokens::by_digests(&mut conn, &digests).await
        };
        match found.await {
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
