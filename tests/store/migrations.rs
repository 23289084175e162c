//! Migrations: up, down and up again; several at once; interrupted; refused on a newer database (security DUR-5).

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use lysand_auth::store::{MIGRATIONS, MigrationSet, Store, StoreError};
use reference_server::database::MIGRATIONS as ALL;

use crate::database::{Database, facts, run};
use crate::on_both;
use crate::schemas::schema;

/// One migration that works, and one that breaks off in the middle.
static FAILING: [MigrationSet; 2] = [MIGRATIONS, diesel_migrations::embed_migrations!("store/failing")];

/// The folders of all migrations, oldest first.
fn folders() -> Vec<PathBuf> {
    let sets = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("migrations");
    let below = |set: &str| {
        let entries = fs::read_dir(sets.join(set)).expect("a set of migrations");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let mut folders = [below("auth"), below("accounts")].concat();
    folders.sort_by_key(|folder| folder.file_name().expect("a name").to_owned());
    folders
}

fn names() -> Vec<String> {
    let name = |folder: &PathBuf| folder.file_name().expect("a name").to_string_lossy().into_owned();
    folders().iter().map(name).collect()
}

on_both!(migrations_up_down_up_restore_the_same_schema, |database| {
    let store = database.open().await;
    let fresh = store.migration_state(&ALL).await.expect("an answer");
    assert_eq!((fresh.applied, fresh.pending, fresh.unknown), (vec![], names(), vec![]));

    assert_eq!(store.migrate(&ALL).await.expect("migrated"), names());
    let first = schema(&store).await;
    assert!(
        first.iter().any(|fact| fact.starts_with("auth_app.")) && first.iter().any(|fact| fact.starts_with("account."))
    );
    let state = store.migration_state(&ALL).await.expect("an answer");
    assert_eq!((state.applied, state.pending, state.unknown), (names(), vec![], vec![]));
    assert_eq!(store.migrate(&ALL).await.expect("nothing to do"), Vec::<String>::new());

    for folder in folders().iter().rev() {
        run(&store, &fs::read_to_string(folder.join("down.sql")).expect("a way back")).await;
    }
    run(&store, "DELETE FROM __diesel_schema_migrations").await;
    assert_eq!(schema(&store).await, Vec::<String>::new());

    assert_eq!(store.migrate(&ALL).await.expect("migrated"), names());
    assert_eq!(schema(&store).await, first);
});

on_both!(migrations_started_in_parallel_are_applied_once, |database| {
    let start = || {
        let url = database.url();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let store = Store::open(&url, 2).await?;
                store.migrate(&ALL).await
            })
        })
    };
    let threads: Vec<_> = (0..8).map(|_| start()).collect();
    let applied: Vec<_> =
        threads.into_iter().map(|thread| thread.join().expect("no panic").expect("migrated")).collect();
    let did_something: Vec<_> = applied.iter().filter(|names| !names.is_empty()).collect();
    assert_eq!(did_something, [&names()]);
});

on_both!(migrate_newer_database_is_refused_naming_the_version, |database| {
    let store = database.open().await;
    store.migrate(&ALL).await.expect("migrated");
    run(&store, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").await;
    let error = store.migrate(&ALL).await.expect_err("the database is newer");
    assert!(matches!(&error, StoreError::Newer(version) if version == "99990101000000"), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the database is newer than this program: it knows the migration 99990101000000, which this version does not"
    );
    let state = store.migration_state(&ALL).await.expect("an answer");
    assert_eq!(state.unknown, ["99990101000000"]);
});

on_both!(migrate_newer_database_is_refused_before_applying_anything, |database| {
    let store = database.open().await;
    store.migrate(&ALL[..1]).await.expect("migrated");
    let before = schema(&store).await;
    run(&store, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").await;
    assert!(matches!(store.migrate(&ALL).await, Err(StoreError::Newer(_))));
    assert_eq!(schema(&store).await, before);
});

on_both!(migration_that_fails_is_rolled_back_completely, |database| {
    let store = database.open().await;
    let error = store.migrate(&FAILING).await.expect_err("the second one fails");
    assert!(matches!(&error, StoreError::Migration(why) if why.contains("nowhere")), "{error:?}");
    assert_eq!(schema(&store).await, Vec::<String>::new());

    let applied = store.migrate(&FAILING[..1]).await.expect("migrated");
    let before = schema(&store).await;
    store.migrate(&FAILING).await.expect_err("the second one fails");
    assert_eq!(schema(&store).await, before);
    let state = store.migration_state(&FAILING).await.expect("an answer");
    assert_eq!((state.applied.len(), state.pending.len()), (applied.len(), 2));

    // The failure cost nothing: the store still works, and so does the next migration.
    store.migrate(&ALL).await.expect("migrated");
    run(&store, "UPDATE account_turn SET taken = 0").await;
});

/// Tables are made where queries look for them.
#[tokio::test]
async fn migrations_honor_database_url_options_on_postgres() {
    let database = Database::fresh(tests::Backend::Postgres).await;
    let plain = database.open().await;
    run(&plain, "CREATE SCHEMA aside").await;
    let url = format!("{}?options=-csearch_path%3Daside", database.url().expose());
    let store = Store::open(&lysand_auth::Secret::new(url), 1).await.expect("a database");
    store.migrate(&ALL).await.expect("migrated");
    let made =
        facts(&plain, "SELECT table_schema::text AS fact FROM information_schema.tables WHERE table_name = 'auth_app'");
    assert_eq!(made.await, ["aside"]);
    assert_eq!(facts(&store, "SELECT count(*)::text AS fact FROM auth_app").await, ["3"]);
}
