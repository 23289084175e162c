//! PostgreSQL: a pool on a thread of its own, so that a unit of work outlives the request that began it and a client
//! that hangs up leaves no open transaction behind.

use std::pin::Pin;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::connection::{CacheSize, SimpleConnection};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::bearer_batches::BearerBatches;
use super::conn::{Conn, Work};
use super::error::StoreError;
use super::migrate::{self, MigrationSet, MigrationState};
use super::pooled_conn::{PooledConn, TIMEOUT};
use super::pooler::{self, Pooler};
use super::postgres_tls;
use crate::error::Error;

/// How long a statement, a connection and a place in the pool may take; together with [`TIMEOUT`] less
/// than the 5 s of LOAD-4.
const STATEMENT: Duration = Duration::from_secs(4);
const CONNECT: Duration = Duration::from_secs(3);
const ACQUIRE: Duration = Duration::from_secs(3);

const BEGIN_MIGRATION: &str = "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = 0";
/// Any number that nobody else takes for an advisory lock on the same database.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7310583094241357)";

pub(super) struct Postgres {
    pub(super) bearer_batches: BearerBatches,
    pool: Pool<AsyncPgConnection>,
    server: Server,
    runtime: Handle,
    /// Dropping it ends the thread.
    _alive: oneshot::Sender<()>,
}

impl Postgres {
    pub(super) async fn open(url: &str, max_connections: usize, pooler: Pooler) -> Result<Self, StoreError> {
        let (mut config, tls) = postgres_tls::read(url)?;
        config.connect_timeout(CONNECT);
        let server = Server { config, tls, pooler };
        let (runtime, alive) = own_runtime()?;
        let mut manager = ManagerConfig::default();
        manager.recycling_method = RecyclingMethod::Fast;
        let setup = server.clone();
        manager.custom_setup = Box::new(move |_| {
            let server = setup.clone();
            async move { server.connect().await.map_err(|error| ConnectionError::BadConnection(error.to_string())) }
                .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config("", manager);
        let pool = Pool::builder(manager)
            .max_size(if max_connections == 0 { 8 } else { max_connections })
            .wait_timeout(Some(ACQUIRE))
            .create_timeout(Some(CONNECT))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let bearer_batches = BearerBatches::start(pool.clone(), pooler.begin_reading(STATEMENT), &runtime);
        let store = Self { bearer_batches, pool, server: server.clone(), runtime, _alive: alive };
        // By itself, because the pool would hide why there is no connection (faults D4).
        let first = store.runtime.spawn(async move { look_at(&server).await });
        match first.await {
            Ok(looked) => looked.map(|()| store),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    /// Runs each statement in a transaction of its own, unless a pooler wants all of them in one.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        let (pool, begin) = (self.pool.clone(), self.server.pooler.begin_reading(STATEMENT));
        self.detached(async move { PooledConn::unit(&pool, begin.as_deref(), work).await }).await
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        let (pool, begin) = (self.pool.clone(), self.server.pooler.begin(STATEMENT));
        self.detached(async move { PooledConn::unit(&pool, Some(&begin), work).await }).await
    }

    pub(super) async fn migrate(&self, sets: &'static [MigrationSet]) -> Result<Vec<String>, StoreError> {
        self.blocking(move |conn| {
            let applied = migrate::run(conn, sets)?;
            migrate::keep_events_on_postgres(conn)?;
            Ok(applied)
        })
        .await
    }

    pub(super) async fn migration_state(&self, sets: &'static [MigrationSet]) -> Result<MigrationState, StoreError> {
        self.blocking(move |conn| migrate::state(conn, sets)).await
    }

    /// Runs on the pool's own thread, to its end, whoever stops waiting for it; but no longer than a caller may wait.
    async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let (tell, told) = oneshot::channel();
        // One type for all of them: what runs it is compiled once, not for each unit of work.
        let work = async move {
            let _ = tell.send(work.await);
        };
        self.spawned(Box::pin(work)).await?;
        told.await.unwrap_or_else(|_| Err(Error::unavailable()))
    }

    async fn spawned(&self, work: Pin<Box<dyn Future<Output = ()> + Send>>) -> Result<(), Error> {
        match self.runtime.spawn(tokio::time::timeout(TIMEOUT, work)).await {
            Ok(Ok(())) => Ok(()),
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
        let server = self.server.clone();
        let task = self.runtime.spawn(async move {
            let mut conn = server.connect().await?;
            let begin = async {
                SimpleAsyncConnection::batch_execute(&mut conn, BEGIN_MIGRATION).await?;
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

/// Where the server is, and how it is spoken to.
#[derive(Clone)]
struct Server {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    pooler: Pooler,
}

impl Server {
    /// One connection.
    async fn connect(&self) -> Result<AsyncPgConnection, StoreError> {
        // Not longer than the driver's own time-out for each address, of which there may be several.
        let connected = tokio::time::timeout(CONNECT * 4, self.config.connect(self.tls.clone())).await;
        let (client, mut connection) = connected
            .map_err(|_| StoreError::Unavailable("it took too long to connect".to_owned()))?
            .map_err(|error| no_connection(&error))?;
        if self.pooler == Pooler::Transaction {
            // The driver settles its own with prepared statements, which last no longer than a transaction.
            let begun = tokio::select! {
                begun = client.batch_execute("BEGIN") => begun,
                ended = &mut connection => ended,
            };
            begun.map_err(|error| no_connection(&error))?;
        }
        let conn = AsyncPgConnection::try_from_client_and_connection(client, connection).await;
        let mut conn = conn.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        if self.pooler == Pooler::Transaction {
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        }
        self.pooler.settle(&mut conn, STATEMENT).await?;
        Ok(conn)
    }
}

/// Whether this is a server that the library can work with.
async fn look_at(server: &Server) -> Result<(), StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Text)]
        encoding: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        read_only: String,
    }
    let connected = server.connect().await;
    // Behind an unnamed pooler of transactions the driver finds its statements gone, which tells nobody anything.
    let is_lost = |error: &StoreError| error.to_string().contains("prepared statement");
    if server.pooler == Pooler::None && connected.as_ref().err().is_none_or(is_lost) {
        pooler::refuse_unnamed(&server.config, &server.tls).await?;
    }
    let mut conn = connected?;
    let unavailable = |error: diesel::result::Error| StoreError::Unavailable(error.to_string());
    SimpleAsyncConnection::batch_execute(&mut conn, "BEGIN").await.map_err(unavailable)?;
    let query = "SELECT current_setting('server_encoding') AS encoding, \
                 current_setting('transaction_read_only') AS read_only";
    let asked = diesel_async::RunQueryDsl::get_result::<Found>(diesel::sql_query(query), &mut conn).await;
    let found = asked.map_err(unavailable)?;
    SimpleAsyncConnection::batch_execute(&mut conn, "COMMIT").await.map_err(unavailable)?;
    drop(conn);
    let refused = |code: &str, why: String| Err(StoreError::Refused { code: code.to_owned(), message: why });
    match (&*found.encoding, &*found.read_only) {
        ("UTF8", "off") => Ok(()),
        ("UTF8", _) => refused("25006", "the server takes no changes: it is read-only".to_owned()),
        (other, _) => refused("22021", format!("the database has the encoding {other} and not UTF8")),
    }
}

/// Why there is no connection: the server's own sentence and code, or what happened on the way to it.
fn no_connection(error: &tokio_postgres::Error) -> StoreError {
    if let Some(refusal) = error.as_db_error() {
        let detail = refusal.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
        let message = format!("{}{detail}", refusal.message());
        return StoreError::Refused { code: refusal.code().code().to_owned(), message };
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    StoreError::Unavailable(text)
}
