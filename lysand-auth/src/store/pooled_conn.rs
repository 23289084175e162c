//! A connection of the PostgreSQL pool, lent for one unit of work.

use std::time::Duration;

use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

use super::conn::{Conn, Work};
use crate::error::Error;

/// How long a whole unit of work may take, waiting for a connection included: less than the 5 s of LOAD-4.
pub(super) const TIMEOUT: Duration = Duration::from_millis(4_500);

/// After a failed statement PostgreSQL takes a bare COMMIT for a ROLLBACK and calls it a success. The empty SELECT fails
/// then, so that nobody is told that what was rolled back is kept (security DUR-1).
const COMMIT: &str = "SELECT; COMMIT";

/// A connection of the pool. Unless it is given back it is closed: dropped in the middle of something, by a panic or a
/// time-out, it may have a transaction open that its next user would commit, or wait for an answer that never comes.
pub(super) struct PooledConn(Option<Conn>);

impl PooledConn {
    /// A connection, after waiting for one if need be.
    async fn of(pool: &Pool<AsyncPgConnection>) -> Result<Self, Error> {
        match pool.get().await {
            Ok(object) => Ok(Self(Some(Conn::Pg(object)))),
            Err(error) => {
                tracing::warn!(%error, "no connection to the database");
                Err(Error::unavailable())
            }
        }
    }

    /// One unit of work: within a transaction where `begin` says how it begins, which is committed when the work is good.
    pub(super) async fn unit<T, F>(pool: &Pool<AsyncPgConnection>, begin: Option<&str>, work: F) -> Result<T, Error>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T>,
    {
        let mut conn = Self::of(pool).await?;
        if let Some(begin) = begin {
            conn.execute(begin).await?;
        }
        let result = work(conn.conn()).await;
        if begin.is_some() {
            // When this fails, the caller learns that nothing is confirmed.
            conn.execute(if result.is_ok() { COMMIT } else { "ROLLBACK" }).await?;
        }
        conn.release();
        result
    }

    fn conn(&mut self) -> &mut Conn {
        self.0.as_mut().expect("it is there until it is given back")
    }

    async fn execute(&mut self, sql: &str) -> Result<(), Error> {
        match &mut self.0 {
            Some(Conn::Pg(object)) => SimpleAsyncConnection::batch_execute(&mut **object, sql).await?,
            #[cfg(feature = "sqlite")]
            Some(Conn::Sqlite(_)) => {}
            None => {}
        }
        Ok(())
    }

    /// Nothing is under way: others may have it.
    fn release(mut self) {
        drop(self.0.take());
    }
}

impl Drop for PooledConn {
    fn drop(&mut self) {
        if let Some(Conn::Pg(object)) = self.0.take() {
            drop(Object::take(object));
        }
    }
}
