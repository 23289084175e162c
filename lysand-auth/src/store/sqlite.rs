//! SQLite: one writer thread that commits several waiting units of work together, and readers that any thread borrows.

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use futures_util::FutureExt;
use tokio::sync::{Semaphore, oneshot};

use super::conn::{Conn, Work};
use super::error::StoreError;
use super::migrate::{self, MigrationSet, MigrationState};
use crate::error::Error;

/// How many units of work may share one commit.
const MOST_IN_A_COMMIT: usize = 64;
/// How many units of work may wait for the writer before more are refused.
const MOST_WAITING: usize = 1_024;

/// Settings of every connection. A reader waits for nobody in WAL mode; the time-out covers recovery and check-points.
const EVERY: &str = "PRAGMA busy_timeout=4000; PRAGMA foreign_keys=ON; PRAGMA cache_size=-1024;";
/// A commit is on the disk before it is answered (security DUR-1).
const WRITER: &str = "PRAGMA synchronous=FULL;";
const READER: &str = "PRAGMA query_only=ON;";

pub(super) struct Sqlite {
    readers: Arc<Readers>,
    queue: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

struct Readers {
    connections: Vec<Mutex<Conn>>,
    admission: Semaphore,
}

/// A unit of work on its way to the writer.
type Job = Box<dyn FnOnce(&mut Conn) -> JobResult + Send>;

/// A unit of work on its way to a reader.
type Reading = Box<dyn FnOnce(&mut Conn) + Send>;

/// What became of a unit of work: whether to keep it, and how to tell its caller once the commit is through.
struct JobResult {
    keep: bool,
    report: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

impl Sqlite {
    pub(super) fn open(url: &str, max_connections: usize) -> Result<Self, StoreError> {
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.contains('?') {
            return Err(StoreError::Url(
                "write sqlite:path/to/file; a database in memory would lose everything".into(),
            ));
        }
        create_privately(Path::new(path))?;
        let mut writer = connect(path, WRITER)?;
        log_ahead(&mut writer).map_err(|error| StoreError::Unavailable(format!("{path}: {error}")))?;
        let count = if max_connections == 0 { 4 } else { max_connections };
        let connections = (0..count).map(|_| connect(path, READER).map(Mutex::new)).collect::<Result<Vec<_>, _>>()?;
        let readers = Arc::new(Readers { connections, admission: Semaphore::new(count) });
        let (queue, jobs) = bounded(MOST_WAITING);
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || serve(writer, &jobs))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { readers, queue: Some(queue), writer: Some(writer) })
    }

    pub(super) async fn look_up<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        if let Some(mut reader) = self.readers.free() {
            return run(&mut reader, work);
        }
        self.read(work).await
    }

    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let reading: Reading = Box::new(move |conn| {
            let _ = tell.send(run(conn, work));
        });
        self.hop(reading).await?;
        told.await.unwrap_or_else(|_| Err(Error::unavailable()))
    }

    /// One type for all that is read: what runs it is compiled once, not for each unit of work.
    async fn hop(&self, reading: Reading) -> Result<(), Error> {
        let readers = Arc::clone(&self.readers);
        let _permit = self.readers.admission.acquire().await.map_err(|_| Error::unavailable())?;
        let hop = tokio::task::spawn_blocking(move || reading(&mut readers.wait()));
        hop.await.map_err(Error::failed)
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let result = run(conn, work);
            JobResult {
                keep: result.is_ok(),
                report: Box::new(move |committed| {
                    let _ = tell.send(match result {
                        Ok(value) => committed.map(|()| value),
                        Err(error) => Err(error),
                    });
                }),
            }
        });
        let queue = self.queue.as_ref().ok_or_else(Error::unavailable)?;
        queue.try_send(job).map_err(|_| Error::unavailable())?;
        told.await.unwrap_or_else(|_| Err(Error::unavailable()))
    }

    pub(super) async fn migrate(&self, sets: &'static [MigrationSet]) -> Result<Vec<String>, StoreError> {
        let migrated = self.write(move |conn| {
            Box::pin(async move {
                let Some(conn) = sqlite(conn) else { return Ok(Err(StoreError::Migration("wrong database".into()))) };
                // Inside the writer's transaction: a failure must undo all of it, so it is carried out as an error.
                let applied = migrate::run(conn, sets).and_then(|applied| {
                    migrate::keep_events_on_sqlite(conn)?;
                    Ok(applied)
                });
                applied.map(Ok).map_err(Error::failed)
            })
        });
        match migrated.await {
            Ok(result) => result,
            Err(Error::Failed(failure)) => Err(match failure.into_source().downcast::<StoreError>() {
                Ok(error) => *error,
                Err(error) => StoreError::Migration(error.to_string()),
            }),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    pub(super) async fn migration_state(&self, sets: &'static [MigrationSet]) -> Result<MigrationState, StoreError> {
        // Asking makes the table of applied migrations when there is none, so it takes the writer.
        let state = self.write(move |conn| {
            Box::pin(async move {
                let Some(conn) = sqlite(conn) else { return Ok(Err(StoreError::Migration("wrong database".into()))) };
                Ok(migrate::state(conn, sets))
            })
        });
        state.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}

impl Drop for Sqlite {
    /// Lets the writer finish what it has and close the database.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Readers {
    /// A connection that nobody uses at this moment.
    fn free(&self) -> Option<MutexGuard<'_, Conn>> {
        self.connections.iter().find_map(|connection| match connection.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        })
    }

    /// A connection, after waiting for one if need be; for threads that may block.
    fn wait(&self) -> MutexGuard<'_, Conn> {
        self.free().unwrap_or_else(|| self.connections[0].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs a unit of work to its end. On SQLite its future never waits, and a panic inside must not lose the connection.
fn run<T, F>(conn: &mut Conn, work: F) -> Result<T, Error>
where
    F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T>,
{
    catch_unwind(AssertUnwindSafe(|| work(conn).now_or_never()))
        .map_err(|_| Error::failed("a unit of work panicked"))?
        .unwrap_or_else(|| Err(Error::failed("a unit of work waited for something foreign")))
}

/// The writer: takes what waits, gives each unit but the first a savepoint, commits them together, then answers.
fn serve(mut conn: Conn, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut results = Vec::new();
        if let Err(error) = execute(&mut conn, "BEGIN IMMEDIATE") {
            tracing::warn!(%error, "the database cannot be written");
            // Dropping a job tells its caller that the database is away. Those behind it have waited as well: each with a
            // time-out of its own, the last would wait for all of them (security LOAD-4).
            jobs.try_iter().for_each(drop);
            continue;
        }
        let result = first(&mut conn);
        if !result.keep {
            // Nobody else is in the transaction yet, so it needs no savepoint.
            let _ = execute(&mut conn, "ROLLBACK");
            (result.report)(Ok(()));
            continue;
        }
        results.push(result);
        for job in jobs.try_iter().take(MOST_IN_A_COMMIT - 1) {
            if execute(&mut conn, "SAVEPOINT work").is_err() {
                break;
            }
            let result = job(&mut conn);
            let end = if result.keep { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" };
            let ended = execute(&mut conn, end);
            results.push(result);
            if ended.is_err() {
                break;
            }
        }
        let committed = execute(&mut conn, "COMMIT").map_err(|error| {
            tracing::warn!(%error, "a commit failed");
            let _ = execute(&mut conn, "ROLLBACK");
        });
        for result in results {
            (result.report)(committed.map_err(|()| Error::unavailable()));
        }
    }
}

fn execute(conn: &mut Conn, sql: &str) -> diesel::QueryResult<()> {
    sqlite(conn).ok_or(diesel::result::Error::NotInTransaction)?.batch_execute(sql)
}

/// The connection, which is always one to SQLite here.
fn sqlite(conn: &mut Conn) -> Option<&mut SqliteConnection> {
    match conn {
        Conn::Sqlite(conn) => Some(conn),
        #[cfg(feature = "postgres")]
        Conn::Pg(_) => None,
    }
}

fn connect(path: &str, settings: &str) -> Result<Conn, StoreError> {
    let away = |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("{path}: {error}"));
    let mut conn = SqliteConnection::establish(path).map_err(|error| away(&error))?;
    conn.batch_execute(EVERY).and_then(|()| conn.batch_execute(settings)).map_err(|error| away(&error))?;
    Ok(Conn::Sqlite(conn))
}

/// Switches to write-ahead logging. While another process does the same to a fresh file, SQLite says at once that it is
/// locked; a transaction does wait for that process.
fn log_ahead(conn: &mut Conn) -> diesel::QueryResult<()> {
    const TRIES: usize = 50;
    let mut switched = Ok(());
    for _ in 0..TRIES {
        switched = execute(conn, "PRAGMA journal_mode=WAL");
        match &switched {
            Err(error) if error.to_string().contains("locked") => execute(conn, "BEGIN IMMEDIATE; ROLLBACK")?,
            _ => break,
        }
    }
    switched
}

/// Makes folder and file readable for their owner alone, before SQLite would make them readable for more.
fn create_privately(path: &Path) -> Result<(), StoreError> {
    let away = |error: std::io::Error| StoreError::Unavailable(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(away)?;
    }
    // A file that exists is not touched: closing it here would end the locks of other connections of this process.
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(away(error)),
        _ => Ok(()),
    }
}
