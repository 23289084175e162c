//! Several processes on one database: nothing is lost, nothing is counted twice.

use std::thread;

use diesel::{ExpressionMethods, QueryDsl};
use lysand_auth::on;
use lysand_auth::secret::Secret;
use lysand_auth::store::Store;
use tests::folder::temporary;

use crate::database::{add, facts, note, notes, run};
use crate::on_both;

const PROCESSES: i64 = 3;
const WRITES: i64 = 150;

/// Adds notes of its own and counts in a shared one, several at a time, as one process does.
fn process(url: Secret, number: i64) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let store = Store::open(&url, 2).await.expect("a database");
            for chunk in (0..WRITES).collect::<Vec<_>>().chunks(10) {
                let writes = chunk.iter().map(|write| {
                    let (store, id) = (&store, 1 + number * WRITES + write);
                    async move {
                        add(store, id).await.expect("an own note");
                        count(store).await;
                    }
                });
                futures_util::future::join_all(writes).await;
            }
        });
    })
}

async fn count(store: &Store) {
    let counted = store.write(|c| {
        Box::pin(async move {
            // The way of the store: one conditional statement, never a look followed by a write.
            let next = diesel::dsl::sql::<diesel::sql_types::Text>("CAST(CAST(text AS BIGINT) + 1 AS TEXT)");
            let change = diesel::update(note::table.find(0)).set(note::text.eq(next));
            Ok(on!(c, c => change.execute(c))?)
        })
    });
    assert_eq!(counted.await.expect("counted"), 1);
}

on_both!(store_writes_from_several_stores_lose_nothing, |database| {
    let store = database.with_notes().await;
    run(&store, "INSERT INTO note (id, text) VALUES (0, '0')").await;
    let processes: Vec<_> = (0..PROCESSES).map(|number| process(database.url(), number)).collect();
    for process in processes {
        process.join().expect("no failure");
    }
    assert_eq!(notes(&store).await, (0..=PROCESSES * WRITES).collect::<Vec<_>>());
    let counted = facts(&store, "SELECT text AS fact FROM note WHERE id = 0").await;
    assert_eq!(counted, [(PROCESSES * WRITES).to_string()]);
});

/// Whoever opens a file first switches it to write-ahead logging; others who open it at that moment must not stumble.
#[test]
fn store_new_file_opened_in_parallel_succeeds_on_sqlite() {
    for _ in 0..20 {
        let folder = temporary("store");
        let url = Secret::new(format!("sqlite:{}", folder.path().join("data/new.sqlite3").display()));
        let open = || {
            let url = url.clone();
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(Store::open(&url, 2)).map(drop)
            })
        };
        let threads: Vec<_> = (0..6).map(|_| open()).collect();
        for thread in threads {
            thread.join().expect("no panic").expect("opened");
        }
    }
}

#[tokio::test]
async fn store_closed_file_is_complete_without_wal_on_sqlite() {
    let database = crate::database::Database::fresh(tests::Backend::Sqlite).await;
    let store = database.with_notes().await;
    add(&store, 1).await.expect("written");
    drop(store);
    let file = database.file().expect("a file");
    assert!(!file.with_extension("sqlite3-wal").exists(), "the log was not brought in");
    let copy = temporary("store");
    std::fs::copy(&file, copy.path().join("copy.sqlite3")).expect("a copy");
    let url = format!("sqlite:{}", copy.path().join("copy.sqlite3").display());
    assert_eq!(notes(&Store::open(&Secret::new(url), 1).await.expect("a database")).await, [1]);
}
