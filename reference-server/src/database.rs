//! The database: its migrations, how it is opened and brought up to date, and the errors that say what to do.

use std::path::Path;
use std::sync::LazyLock;

use diesel::connection::SimpleConnection as _;
use diesel::migration::MigrationSource;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{Connection as _, ExpressionMethods as _, QueryDsl, SqliteConnection};
use lysand_auth::error::Error;
use lysand_auth::on;
use lysand_auth::store::{self, MigrationSet, MigrationState, Store, StoreError};

use crate::accounts;
use crate::settings::{Database, Settings};

/// All migrations: the library's tables and ours.
pub static MIGRATIONS: [MigrationSet; 2] = [store::MIGRATIONS, accounts::MIGRATIONS];

/// Below this many free bytes a commit may not find space for itself and the next checkpoint.
const MIN_FREE_DISK: u64 = 16 * 1024 * 1024;
/// How long a copy waits for a writer that has the database, in milliseconds.
const COPY_PATIENCE: u32 = 30_000;

diesel::table! {
    /// What Diesel keeps about applied migrations.
    #[sql_name = "__diesel_schema_migrations"]
    applied_migration (version) {
        version -> Text,
    }
}

/// Why the database cannot be used: one line, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database cannot be opened, migrated or trusted.
    #[error("{url}: {source}: {remedy}")]
    Unusable {
        /// The database's URL, masked.
        url: String,
        /// What the store says.
        source: StoreError,
        /// What to do.
        remedy: &'static str,
    },
    /// There is none, and only `serve` and `migrate` make one.
    #[error(
        "{0}: there is no such database: name the server's configuration with --config, mend database.url, or make a new \
         database with `reference-server migrate`"
    )]
    Missing(String),
    /// The schema is behind, and `database.migrate_on_start` is off.
    #[error(
        "{0} migrations wait: run `reference-server migrate`, or start the server with database.migrate_on_start = true"
    )]
    Pending(usize),
}

impl DatabaseError {
    fn new(settings: &Settings, source: StoreError) -> Self {
        let remedy = match &source {
            StoreError::Refused { code, .. } => remedy_of(code),
            StoreError::Migration(why) if why.contains("permission denied") => {
                "let the user of database.url create tables: GRANT CREATE ON SCHEMA public, or make it the database's owner"
            }
            StoreError::Unavailable(why) if why.contains("certificate") || why.contains("TLS") => {
                "mend sslmode and sslrootcert in database.url, or the server's certificate"
            }
            StoreError::TransactionPooler => {
                "set database.pooler = \"transaction\", or let the pooler lend them for a session (pool_mode)"
            }
            StoreError::Unavailable(_) => "start the database or mend database.url",
            StoreError::Newer(_) => "install that version or a newer one",
            StoreError::Migration(_) => "nothing was changed; report it with this line",
            _ => "mend database.url",
        };
        Self::Unusable { url: settings.masked_database_url(), source, remedy }
    }
}

/// What to do about a refusal of PostgreSQL's, by its SQLSTATE (faults D4).
fn remedy_of(code: &str) -> &'static str {
    match code {
        "28P01" => "mend user and password in database.url",
        "28000" => "mend the user in database.url, or let this host in by pg_hba.conf of the database server",
        "3D000" => "create the database (`createdb`), or mend its name in database.url",
        "22021" => "create the database anew with ENCODING 'UTF8' (and TEMPLATE template0)",
        "25006" => "name the primary in database.url; of several hosts, target_session_attrs=read-write finds it",
        "53300" => "lower database.max_connections, or raise max_connections of the database server",
        "57P03" => "wait until the database server has started",
        "42501" => "grant the user of database.url what it lacks",
        _ => "mend database.url or the database server",
    }
}

/// Demands a database that is there: of an embedded one the file. What a server has is found by its migrations.
///
/// # Errors
/// When there is none.
pub fn require(settings: &Settings) -> Result<(), DatabaseError> {
    match sqlite_file(&settings.database).is_some_and(|file| !file.exists()) {
        true => Err(DatabaseError::Missing(settings.masked_database_url())),
        false => Ok(()),
    }
}

/// The file of an embedded database.
fn sqlite_file(database: &Database) -> Option<&Path> {
    let path = database.url.expose().strip_prefix("sqlite:")?;
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// Opens the database as the settings describe it; its schema is left as it is.
///
/// # Errors
/// When it cannot be reached.
pub async fn open(settings: &Settings) -> Result<Store, DatabaseError> {
    let connections = usize::try_from(settings.database.max_connections).unwrap_or(0);
    let opened = Store::open_behind(&settings.database.url, connections, settings.database.pooler).await;
    opened.map_err(|source| DatabaseError::new(settings, source))
}

/// Applies the pending migrations and returns their names.
///
/// # Errors
/// When one of them fails, or a newer version has migrated this database.
pub async fn migrate(store: &Store, settings: &Settings) -> Result<Vec<String>, DatabaseError> {
    store.migrate(&MIGRATIONS).await.map_err(|source| DatabaseError::new(settings, source))
}

/// Which migrations are applied, pending and unknown to this version.
///
/// # Errors
/// When the database does not answer.
pub async fn migration_state(store: &Store, settings: &Settings) -> Result<MigrationState, DatabaseError> {
    store.migration_state(&MIGRATIONS).await.map_err(|source| DatabaseError::new(settings, source))
}

/// Applies the pending migrations where `database.migrate_on_start` allows it.
///
/// # Errors
/// When a migration fails, is pending and may not be applied, or is of a newer version.
pub async fn bring_up_to_date(store: &Store, settings: &Settings) -> Result<(), DatabaseError> {
    if settings.database.migrate_on_start {
        let applied = migrate(store, settings).await?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "the database was brought up to date");
        }
        return Ok(());
    }
    is_current(&migration_state(store, settings).await?, settings)
}

/// Demands a database with the schema of this version, and changes nothing.
///
/// # Errors
/// When there is none, migrations are pending, or a newer version has migrated it.
pub async fn require_schema(store: &Store, settings: &Settings) -> Result<(), DatabaseError> {
    let state = migration_state(store, settings).await?;
    match state.applied.is_empty() {
        true => Err(DatabaseError::Missing(settings.masked_database_url())),
        false => is_current(&state, settings),
    }
}

fn is_current(state: &MigrationState, settings: &Settings) -> Result<(), DatabaseError> {
    if let Some(version) = state.unknown.first() {
        return Err(DatabaseError::new(settings, StoreError::Newer(version.clone())));
    }
    match state.pending.len() {
        0 => Ok(()),
        pending => Err(DatabaseError::Pending(pending)),
    }
}

/// The versions of all migrations, in order.
static KNOWN_VERSIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let migrations = MIGRATIONS.iter().flat_map(|set| MigrationSource::<Sqlite>::migrations(set).unwrap_or_default());
    let mut versions: Vec<_> = migrations.map(|migration| migration.name().version().to_string()).collect();
    versions.sort_unstable();
    versions
});

/// All migrations by the names under which `migrate` lists them, in order.
#[must_use]
pub fn names_of_migrations() -> Vec<String> {
    let migrations = MIGRATIONS.iter().flat_map(|set| MigrationSource::<Sqlite>::migrations(set).unwrap_or_default());
    let mut names: Vec<_> = migrations.map(|migration| migration.name().to_string()).collect();
    names.sort_unstable();
    names
}

/// Whether exactly the migrations of this version are applied.
///
/// # Errors
/// When the database does not answer, or has no record of migrations.
pub async fn schema_is_current(store: &Store) -> Result<bool, Error> {
    let query = applied_migration::table.select(applied_migration::version).order(applied_migration::version);
    let applied: Vec<String> = store.read(move |c| Box::pin(async move { Ok(on!(c, c => query.load(c))?) })).await?;
    Ok(applied == *KNOWN_VERSIONS)
}

/// Tries what most requests need, and changes nothing: a transaction that writes.
///
/// # Errors
/// When the database does not answer, or takes no changes.
pub async fn try_write(store: &Store) -> Result<(), Error> {
    let nothing = || applied_migration::table.filter(applied_migration::version.eq(""));
    store
        .write(move |c| {
            Box::pin(async move {
                on!(c, c => diesel::update(nothing()).set(applied_migration::version.eq("")).execute(c))?;
                Ok(())
            })
        })
        .await
}

/// Whether the disk of an embedded database is full. A database server looks after its own disk.
#[must_use]
pub fn disk_is_full(database: &Database) -> bool {
    let Some(file) = sqlite_file(database) else { return false };
    rustix::fs::statvfs(file).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < MIN_FREE_DISK)
}
/// Copies the SQLite database at `source` into the empty file `target`, as it is at one moment, while others work on it.
///
/// # Errors
/// What SQLite says.
pub fn copy_sqlite(source: &str, target: &str) -> Result<(), String> {
    let mut conn = SqliteConnection::establish(source).map_err(|error| error.to_string())?;
    conn.batch_execute(&format!("PRAGMA busy_timeout = {COPY_PATIENCE}")).map_err(|error| error.to_string())?;
    let copied = diesel::RunQueryDsl::execute(diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(target), &mut conn);
    copied.map(drop).map_err(|error| error.to_string())
}
