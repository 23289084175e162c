//! The database: its migrations, how it is opened and brought up to date, and the errors that say what to do.

use std::path::Path;
use std::sync::LazyLock;

use diesel::QueryDsl;
use diesel::migration::MigrationSource;
use diesel::sqlite::Sqlite;
use lysand_auth::error::Error;
use lysand_auth::on;
use lysand_auth::store::{self, MigrationSet, MigrationState, Store, StoreError};

use crate::accounts;
use crate::settings::{Database, Settings};

/// All migrations: the library's tables and ours.
pub static MIGRATIONS: [MigrationSet; 2] = [store::MIGRATIONS, accounts::MIGRATIONS];

/// Below this many free bytes a commit may not find space for itself and the next checkpoint.
const MIN_FREE_DISK: u64 = 16 * 1024 * 1024;

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
    /// The schema is behind, and `database.migrate_on_start` is off.
    #[error("{0} migrations wait: run `reference-server migrate`, or set database.migrate_on_start = true")]
    Pending(usize),
}

impl DatabaseError {
    fn new(settings: &Settings, source: StoreError) -> Self {
        let remedy = match source {
            StoreError::Unavailable(_) => "start the database or mend database.url",
            StoreError::Newer(_) => "install that version or a newer one",
            StoreError::Migration(_) => "nothing was changed; report it with this line",
            _ => "mend database.url",
        };
        Self::Unusable { url: settings.masked_database_url(), source, remedy }
    }
}

/// Opens the database as the settings describe it; its schema is left as it is.
///
/// # Errors
/// When it cannot be reached.
pub async fn open(settings: &Settings) -> Result<Store, DatabaseError> {
    let connections = usize::try_from(settings.database.max_connections).unwrap_or(0);
    Store::open(&settings.database.url, connections).await.map_err(|source| DatabaseError::new(settings, source))
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
    let state = migration_state(store, settings).await?;
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

/// Whether exactly the migrations of this version are applied.
///
/// # Errors
/// When the database does not answer, or has no record of migrations.
pub async fn schema_is_current(store: &Store) -> Result<bool, Error> {
    let query = applied_migration::table.select(applied_migration::version).order(applied_migration::version);
    let applied: Vec<String> = store.read(move |c| Box::pin(async move { Ok(on!(c, c => query.load(c))?) })).await?;
    Ok(applied == *KNOWN_VERSIONS)
}

/// Whether the disk of an embedded database is full. A database server looks after its own disk.
#[must_use]
pub fn disk_is_full(database: &Database) -> bool {
    let Some(path) = database.url.expose().strip_prefix("sqlite:") else { return false };
    let file = Path::new(path.strip_prefix("//").unwrap_or(path));
    rustix::fs::statvfs(file).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < MIN_FREE_DISK)
}
