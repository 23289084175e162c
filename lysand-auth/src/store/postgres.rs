//! PostgreSQL: a pool on a thread of its own, so that a unit of work outlives the request that began it and a client
//! that hangs up leaves no open transaction behind.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::bearer_batches::BearerBatches;
use super::conn::{Conn, Work};
use super::error::StoreError;
use super::migrate::{self, MigrationSet, MigrationState};
use super::pooled_conn::{PooledConn, TIMEOUT};
use crate::error::Error;

/// How long a statement, a connection and a place in the pool may take; together with [`TIMEOUT`] less
/// than the 5 s of LOAD-4.
const STATEMENT: Duration = Duration::from_secs(4);
const CONNECT: Duration = Duration::from_secs(3);
const ACQUIRE: Duration = Duration::from_secs(3);

/// Any number that nobody else takes for an advisory lock on the same database.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7310583094241357)";

/// After a failed statement PostgreSQL takes a bare COMMIT for a ROLLBACK and calls it a success. The empty SELECT fails
/// then, so that nobody is told that what was rolled back is kept (security DUR-1).
const COMMIT: &str = "SELECT; COMMIT";

pub(super) struct Postgres {
    pub(super) bearer_batches: BearerBatches,
    pool: Pool<AsyncPgConnection>,
    config: tokio_postgres::Config,
    runtime: Handle,
    /// Dropping it ends the thread.
    _alive: oneshot::Sender<()>,
}

impl Postgres {
    pub(super) async fn open(url: &str, max_connections: usize) -> Result<Self, StoreError> {
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|error: tokio_postgres::Error| StoreError::Url(error.to_string()))?;
        config.connect_timeout(CONNECT);
        limit_statements(&mut config, STATEMENT);
        let (runtime, alive) = own_runtime()?;
        let mut manager = ManagerConfig::default();
        manager.recycling_method = RecyclingMethod::Fast;
        let setup = config.clone();
        manager.custom_setup = Box::new(move |_| {
            let config = setup.clone();
            async move { connect(&config).await }.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config("", manager);
        let pool = Pool::builder(manager)
            .max_size(if max_connections == 0 { 8 } else { max_connections })
            .wait_timeout(Some(ACQUIRE))
            .create_timeout(Some(CONNECT))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let bearer_batches = BearerBatches::start(pool.clone(), &runtime);
        let store = Self { bearer_batches, pool, config, runtime, _alive: alive };
        let pool = store.pool.clone();
        let first = store.runtime.spawn(async move { pool.get().await.map(drop) });
        match first.await {
            Ok(Ok(())) => Ok(store),
            Ok(Err(error)) => Err(StoreError::Unavailable(error.to_string())),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    /// Runs each statement in a transaction of its own.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        let pool = self.pool.clone();
        self.detached(async move {
            let mut conn = PooledConn::of(&pool).await?;
            let result = work(conn.conn()).await;
            conn.release();
            result
        })
        .await
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        let pool = self.pool.clone();
        self.detached(async move {
            let mut conn = PooledConn::of(&pool).await?;
            conn.execute("BEGIN").await?;
            let result = work(conn.conn()).await;
            // When this fails, the caller learns that nothing is confirmed.
            conn.execute(if result.is_ok() { COMMIT } else { "ROLLBACK" }).await?;
            conn.release();
            result
        })
        .await
    }

    pub(super) async fn migrate(&self, sets: &'static [MigrationSet]) -> Result<Vec<String>, StoreError> {
        self.blocking(move |conn| migrate::run(conn, sets)).await
    }

    pub(super) async fn migration_state(&self, sets: &'static [MigrationSet]) -> Result<MigrationState, StoreError> {
        self.blocking(move |conn| migrate::state(conn, sets)).await
    }

    /// Runs on the pool's own thread, to its end, whoever stops waiting for it; but no longer than a caller may wait.
    async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let bounded = tokio::time::timeout(TIMEOUT, work);
        match self.runtime.spawn(bounded).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::unavailable()),
            Err(panicked) => Err(Error::failed(panicked)),
        }
    }

    /// Migrations need a synchronous connection and no statement time-out: one of their own, in one transaction that
    /// holds the lock.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AsyncConnectionWrapper<AsyncPgConnection>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut config = self.config.clone();
        limit_statements(&mut config, Duration::ZERO);
        let task = self.runtime.spawn(async move {
            let mut conn = connect(&config).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            let begin = async {
                SimpleAsyncConnection::batch_execute(&mut conn, "BEGIN").await?;
                SimpleAsyncConnection::batch_execute(&mut conn, MIGRATION_LOCK).await
            };
            begin.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            tokio::task::spawn_blocking(move || {
                let mut conn = AsyncConnectionWrapper::from(conn);
                let result = work(&mut conn)?;
                SimpleConnection::batch_execute(&mut conn, "COMMIT")
                    .map_err(|error| StoreError::Migration(error.to_string()))?;
                Ok(result)
            })
            .await
            .map_err(|error| StoreError::Migration(error.to_string()))?
        });
        task.await.map_err(|error| StoreError::Migration(error.to_string()))?
    }
}

/// How long a statement may take, zero for ever, and that a commit is on the disk before it is answered, whatever the
/// cluster's default (security DUR-1). The other options of the URL stay.
fn limit_statements(config: &mut tokio_postgres::Config, limit: Duration) {
    let options = config.get_options().unwrap_or_default();
    let options = format!("{options} -c synchronous_commit=on -c statement_timeout={}", limit.as_millis());
    config.options(options.trim());
}

/// A thread that drives the pool's connections until the sender is dropped.
fn own_runtime() -> Result<(Handle, oneshot::Sender<()>), StoreError> {
    let away = |error: std::io::Error| StoreError::Unavailable(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(away)?;
    let handle = runtime.handle().clone();
    let (alive, dropped) = oneshot::channel::<()>();
    std::thread::Builder::new()
        .name("postgres".into())
        .spawn(move || {
            let _ = runtime.block_on(dropped);
        })
        .map_err(away)?;
    Ok((handle, alive))
}

/// One connection; over TLS unless the URL says otherwise or the server is reached by a socket file.
async fn connect(config: &tokio_postgres::Config) -> ConnectionResult<AsyncPgConnection> {
    let bad = |error: &dyn std::fmt::Display| ConnectionError::BadConnection(error.to_string());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await.map_err(|error| bad(&error))?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}
