//! Migrations: embedded, portable, run under a lock, refused on a database that is newer than the program.

use diesel::backend::Backend;
use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::{Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::error::StoreError;

/// A set of embedded migrations: the library's own, or a host's.
pub type MigrationSet = EmbeddedMigrations;

/// The library's own migrations.
pub const MIGRATIONS: MigrationSet = embed_migrations!("migrations");

/// Which migrations a database has seen; each list is in the order of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationState {
    /// Applied ones.
    pub applied: Vec<String>,
    /// Known to the program and not applied yet.
    pub pending: Vec<String>,
    /// Applied, but unknown to this version of the program.
    pub unknown: Vec<String>,
}

/// Compares what is applied with what is known.
pub(super) fn state<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    sets: &[MigrationSet],
) -> Result<MigrationState, StoreError> {
    let known = ordered::<DB>(sets)?;
    let applied = harness.applied_migrations().map_err(failed)?;
    let mut state = MigrationState::default();
    for migration in &known {
        let name = migration.name().to_string();
        let list = if applied.contains(&migration.name().version()) { &mut state.applied } else { &mut state.pending };
        list.push(name);
    }
    let is_known =
        |version: &MigrationVersion<'_>| known.iter().any(|migration| migration.name().version() == *version);
    state.unknown = applied.iter().filter(|version| !is_known(version)).map(ToString::to_string).collect();
    state.unknown.sort();
    Ok(state)
}

/// Applies what is pending and names it. The caller holds the lock and the transaction.
pub(super) fn run<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    sets: &[MigrationSet],
) -> Result<Vec<String>, StoreError> {
    let state = state(harness, sets)?;
    if let Some(version) = state.unknown.first() {
        return Err(StoreError::Newer(version.clone()));
    }
    for migration in ordered::<DB>(sets)? {
        if state.pending.contains(&migration.name().to_string()) {
            harness.run_migration(&Part(&*migration)).map_err(failed)?;
        }
    }
    Ok(state.pending)
}

/// Makes the database itself refuse that an event is changed, beyond forgetting from where it came, and whose account it
/// was (people PPL-123, PPL-159). The
/// migrations are the same text for both databases, which triggers cannot be. Where there is no table of events, nothing happens.
#[cfg(feature = "postgres")]
pub(super) fn keep_events_on_postgres(conn: &mut impl SimpleConnection) -> Result<(), StoreError> {
    let changed = KEPT.map(|column| format!("NEW.{column} IS DISTINCT FROM OLD.{column}")).join(" OR ");
    let blurred =
        BLURRED.map(|column| format!("(NEW.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})"));
    let blurred = blurred.join(" OR ");
    let statement = format!(
        "DO $do$ BEGIN
            IF to_regclass('auth_event') IS NOT NULL THEN
                CREATE OR REPLACE FUNCTION auth_event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $kept$
                BEGIN
                    IF {changed} OR {blurred} THEN RAISE EXCEPTION 'an event is never changed'; END IF;
                    RETURN NEW;
                END $kept$;
                IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'auth_event_is_kept' AND tgrelid = 'auth_event'::regclass)
                THEN
                    CREATE TRIGGER auth_event_is_kept BEFORE UPDATE ON auth_event
                        FOR EACH ROW EXECUTE FUNCTION auth_event_is_kept();
                END IF;
            END IF;
        END $do$"
    );
    conn.batch_execute(&statement).map_err(|error| StoreError::Migration(error.to_string()))
}

/// The same on SQLite, under another name than that of the trigger that let no name be forgotten.
#[cfg(feature = "sqlite")]
pub(super) fn keep_events_on_sqlite(conn: &mut diesel::SqliteConnection) -> Result<(), StoreError> {
    use diesel::RunQueryDsl as _;
    let table = "(SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'auth_event')";
    let is_there = diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(table)).get_result::<i64>(conn);
    if is_there.map_err(|error| StoreError::Migration(error.to_string()))? == 0 {
        return Ok(());
    }
    let changed = KEPT.map(|column| format!("NEW.{column} IS NOT OLD.{column}")).join(" OR ");
    let blurred = BLURRED.map(|column| format!("(NEW.{column} IS NOT NULL AND NEW.{column} IS NOT OLD.{column})"));
    let blurred = blurred.join(" OR ");
    let statement = format!(
        "DROP TRIGGER IF EXISTS auth_event_is_kept;
        CREATE TRIGGER IF NOT EXISTS auth_event_stays BEFORE UPDATE ON auth_event WHEN {changed} OR {blurred}
        BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END"
    );
    conn.batch_execute(&statement).map_err(|error| StoreError::Migration(error.to_string()))
}

/// What of an event never changes.
const KEPT: [&str; 11] =
    ["id", "at", "event", "outcome", "actor_kind", "actor", "target_kind", "target", "app", "request_id", "detail"];
/// What is forgotten after a while, the name with its account, and never becomes anything else.
const BLURRED: [&str; 3] = ["name", "network", "agent"];

/// A migration as part of the caller's transaction: Diesel would open one of its own for each, which neither database
/// allows inside another.
struct Part<'a, DB: Backend>(&'a dyn Migration<DB>);

impl<DB: Backend> Migration<DB> for Part<'_, DB> {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> diesel::migration::Result<()> {
        self.0.run(conn)
    }

    fn revert(&self, conn: &mut dyn BoxableConnection<DB>) -> diesel::migration::Result<()> {
        self.0.revert(conn)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        &NoOwnTransaction
    }

    fn name(&self) -> &dyn MigrationName {
        self.0.name()
    }
}

struct NoOwnTransaction;

impl MigrationMetadata for NoOwnTransaction {
    fn run_in_transaction(&self) -> bool {
        false
    }
}

/// All migrations of all sets, oldest first.
fn ordered<DB: Backend>(sets: &[MigrationSet]) -> Result<Vec<Box<dyn Migration<DB>>>, StoreError> {
    let mut all = Vec::new();
    for set in sets {
        all.extend(MigrationSource::<DB>::migrations(set).map_err(failed)?);
    }
    all.sort_unstable_by(|a, b| a.name().version().cmp(&b.name().version()));
    Ok(all)
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Migration(error.to_string())
}
