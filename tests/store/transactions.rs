//! One unit of work is one transaction: whole or not at all, whatever happens to it and whoever shares its commit.

use std::sync::mpsc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, join3};
use lysand_auth::error::{Code, Error};
use lysand_auth::store::Store;
use tests::wait;

use crate::database::{add, facts, insert, notes};
use crate::on_both;

/// Lets units of work gather behind one that keeps the writer busy, then lets all of them go.
async fn together<T>(store: &Store, units: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let (open, gate) = mpsc::channel::<()>();
    let busy = store.write(move |_| {
        let _ = gate.recv_timeout(Duration::from_secs(3));
        Box::pin(async { Ok(()) })
    });
    // Each is begun in this order before the gate opens.
    let (first, all, ()) = join3(busy, join_all(units), async move { drop(open) }).await;
    first.expect("the gate itself");
    all
}

fn refused() -> Error {
    Error::refused(Code::InvalidGrant, "no")
}

on_both!(store_write_returning_error_rolls_back, |database| {
    let store = database.with_notes().await;
    let answer: Result<(), Error> = store
        .write(|c| {
            Box::pin(async move {
                insert(c, 1).await?;
                insert(c, 2).await?;
                Err(refused())
            })
        })
        .await;
    assert!(matches!(&answer, Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant), "{answer:?}");
    assert_eq!(notes(&store).await, Vec::<i64>::new());
});

on_both!(store_write_is_visible_to_other_stores_once_answered, |database| {
    let (store, other) = (database.with_notes().await, database.open().await);
    for id in 0..20 {
        add(&store, id).await.expect("written");
        assert_eq!(notes(&other).await.last(), Some(&id));
    }
});

on_both!(store_write_with_failed_statement_rolls_back, |database| {
    let store = database.with_notes().await;
    add(&store, 1).await.expect("written");
    let answer = store.write(|c| {
        Box::pin(async move {
            insert(c, 2).await?;
            insert(c, 1).await
        })
    });
    assert!(matches!(answer.await, Err(Error::Failed(_))));
    assert_eq!(notes(&store).await, [1]);
});

on_both!(store_write_that_ignores_failed_statement_answers_truthfully, |database| {
    let store = database.with_notes().await;
    add(&store, 1).await.expect("written");
    // PostgreSQL gives up the whole transaction when a statement fails, SQLite the statement alone. Either way the
    // answer must be true.
    let answer = store.write(|c| {
        Box::pin(async move {
            insert(c, 2).await?;
            let _ = insert(c, 1).await;
            Ok(())
        })
    });
    let kept = answer.await.is_ok();
    let expected = if kept { vec![1, 2] } else { vec![1] };
    assert_eq!(notes(&store).await, expected, "answered {kept}");
    add(&store, 3).await.expect("the store still works");
});

on_both!(store_panic_in_unit_keeps_the_connection_usable, |database| {
    database.with_notes().await;
    let store = database.open_with(1).await;
    for round in 0..3 {
        let answer: Result<(), Error> = store
            .write(move |c| {
                Box::pin(async move {
                    insert(c, 100 + round).await?;
                    panic!("a panic on purpose");
                })
            })
            .await;
        assert!(matches!(answer, Err(Error::Failed(_))), "{answer:?}");
        add(&store, round).await.expect("the next unit of work");
    }
    let panicking = store.read(|_| -> lysand_auth::store::Work<'_, ()> { panic!("a panic on purpose") });
    assert!(matches!(panicking.await, Err(Error::Failed(_))));
    let panicking = store.look_up(|_| -> lysand_auth::store::Work<'_, ()> { panic!("a panic on purpose") });
    assert!(matches!(panicking.await, Err(Error::Failed(_))));
    assert_eq!(notes(&store).await, [0, 1, 2]);
});

on_both!(store_group_commit_with_error_or_panic_keeps_other_writes, |database| {
    let store = database.with_notes().await;
    let unit = |id: i64| {
        let unit = store.write(move |c| {
            Box::pin(async move {
                insert(c, id).await?;
                match id % 5 {
                    1 => Err(refused()),
                    2 => insert(c, id).await,
                    3 => panic!("a panic on purpose"),
                    _ => Ok(()),
                }
            })
        });
        unit.map(move |answer| (id, answer.is_ok())).boxed()
    };
    let answers = together(&store, (0..100).map(unit).collect()).await;
    let expected: Vec<(i64, bool)> = (0..100).map(|id| (id, matches!(id % 5, 0 | 4))).collect();
    assert_eq!(answers, expected);
    let kept: Vec<i64> = expected.into_iter().filter(|(_, kept)| *kept).map(|(id, _)| id).collect();
    assert_eq!(notes(&store).await, kept);
});

on_both!(store_conditional_update_in_parallel_succeeds_once, |database| {
    let store = database.with_notes().await;
    add(&store, 1).await.expect("written");
    let unit = |id: i64| {
        let taken = store.write(move |c| {
            Box::pin(async move {
                use crate::database::note;
                use diesel::{ExpressionMethods, QueryDsl};
                let free = note::table.find(1).filter(note::text.eq("note 1"));
                let taking = diesel::update(free).set(note::text.eq(format!("taken by {id}")));
                Ok(lysand_auth::on!(c, c => taking.execute(c))?)
            })
        });
        taken.map(|taken| taken.expect("an answer")).boxed()
    };
    let taken = together(&store, (0..50).map(unit).collect()).await;
    assert_eq!(taken.iter().sum::<usize>(), 1);
});

on_both!(store_write_with_cancelled_caller_finishes_and_closes_transaction, |database| {
    let store = database.with_notes().await;
    let (open, gate) = mpsc::channel::<()>();
    let mut left = store
        .write(move |c| {
            let _ = gate.recv_timeout(Duration::from_secs(3));
            Box::pin(async move {
                insert(c, 1).await?;
                insert(c, 2).await
            })
        })
        .boxed();
    // The work is under way when its caller goes.
    assert!((&mut left).now_or_never().is_none());
    drop(left);
    drop(open);
    wait::until("the work to be finished", async || (notes(&store).await == [1, 2]).then_some(())).await;
    if database.file().is_none() {
        let mut idle =
            String::from("SELECT pid::text AS fact FROM pg_stat_activity WHERE datname = current_database() ");
        idle += "AND state LIKE 'idle in transaction%'";
        wait::until("no open transaction", async || facts(&store, &idle).await.is_empty().then_some(())).await;
    }
    add(&database.open().await, 3).await.expect("another process is not locked out");
});

#[tokio::test]
async fn store_write_awaiting_foreign_future_is_refused_on_sqlite() {
    let database = crate::database::Database::fresh(tests::Backend::Sqlite).await;
    let store = database.with_notes().await;
    let waiting = store.write(|c| {
        Box::pin(async move {
            insert(c, 1).await?;
            std::future::pending::<()>().await;
            Ok(())
        })
    });
    assert!(matches!(waiting.await, Err(Error::Failed(_))));
    assert_eq!(notes(&store).await, Vec::<i64>::new());
}

#[tokio::test]
async fn store_read_connection_cannot_write_on_sqlite() {
    let database = crate::database::Database::fresh(tests::Backend::Sqlite).await;
    let store = database.with_notes().await;
    assert!(store.read(|c| Box::pin(insert(c, 1))).await.is_err());
    assert!(store.look_up(|c| Box::pin(insert(c, 1))).await.is_err());
    assert_eq!(notes(&store).await, Vec::<i64>::new());
}

/// A commit is on the disk before it is answered (security DUR-1).
#[tokio::test]
async fn store_writer_uses_wal_and_synchronous_full_on_sqlite() {
    let database = crate::database::Database::fresh(tests::Backend::Sqlite).await;
    let store = database.open().await;
    assert_eq!(facts(&store, "SELECT journal_mode AS fact FROM pragma_journal_mode").await, ["wal"]);
    let full = "SELECT CAST(synchronous AS TEXT) AS fact FROM pragma_synchronous";
    assert_eq!(facts(&store, full).await, ["2"]);
}
