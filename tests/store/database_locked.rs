//! A database that is there and does not let us in: a polite answer in time, and no trace afterwards (security LOAD-4).

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use futures_util::future::join_all;
use lysand_auth::error::{Code, Error};
use lysand_auth::secret::Secret;
use lysand_auth::store::Store;
use tests::Backend;
use tests::tcp_proxy::TcpProxy;
use tests::wait;
use tokio_postgres::NoTls;
use url::Url;

use crate::database::{Database, add, notes};

/// The longest that a caller waits for the answer that the database is away.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Tries more writes than there are connections; all of them are told in time that the database does not answer.
async fn all_are_told(store: &Store) {
    let begun = Instant::now();
    let tries = (0..20).map(|id| async move {
        let answer = add(store, id).await;
        assert!(matches!(&answer, Err(Error::Refused(refusal)) if refusal.code == Code::Unavailable), "{answer:?}");
        assert!(begun.elapsed() < TIMEOUT, "answered after {:?}", begun.elapsed());
    });
    join_all(tries).await;
}

#[tokio::test]
async fn store_write_with_database_locked_is_unavailable_in_time_on_sqlite() {
    let database = Database::fresh(Backend::Sqlite).await;
    let store = database.with_notes().await;
    let file = database.file().expect("a file").display().to_string();
    let mut other = SqliteConnection::establish(&file).expect("a connection");
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    all_are_told(&store).await;
    assert_eq!(notes(&store).await, Vec::<i64>::new(), "reads that can work do work");
    other.batch_execute("ROLLBACK").expect("the lock is gone");
    add(&store, 1).await.expect("normal again");
    assert_eq!(notes(&store).await, [1]);
}

#[tokio::test]
async fn store_write_with_table_locked_is_unavailable_in_time_on_postgres() {
    let database = Database::fresh(Backend::Postgres).await;
    let store = database.with_notes().await;
    let (other, connection) = tokio_postgres::connect(database.url().expose(), NoTls).await.expect("a connection");
    tokio::spawn(connection);
    other.batch_execute("BEGIN; LOCK TABLE note").await.expect("the lock");
    all_are_told(&store).await;
    other.batch_execute("ROLLBACK").await.expect("the lock is gone");
    let tries: Vec<_> = join_all((0..20).map(|id| add(&store, 100 + id))).await;
    assert!(tries.iter().all(Result::is_ok), "normal again, with every connection: {tries:?}");
    assert_eq!(notes(&store).await, (100..120).collect::<Vec<_>>(), "nothing of the refused writes came later");
}

/// A network that swallows everything, and forgets what it carried: no answer, no reset (security LOAD-4).
#[tokio::test]
async fn store_with_silent_database_network_is_unavailable_and_recovers_on_postgres() {
    let database = Database::fresh(Backend::Postgres).await;
    let near = database.with_notes().await;
    let (proxy, url) = TcpProxy::before(&Url::parse(database.url().expose()).expect("a URL"));
    let store = Store::open(&Secret::new(url), 4).await.expect("a database");
    // Every connection is in use, so that every one of them falls silent.
    let warm: Vec<_> = join_all((0..20).map(|id| add(&store, 100 + id))).await;
    assert!(warm.iter().all(Result::is_ok), "{warm:?}");

    proxy.silence();
    all_are_told(&store).await;
    proxy.restore();
    let mended = Instant::now();
    let works = wait::until("writes to work again", async || add(&store, 1).await.ok());
    works.await;
    assert!(mended.elapsed() < TIMEOUT, "normal again after {:?}", mended.elapsed());
    let again: Vec<_> = join_all((0..20).map(|id| add(&store, 200 + id))).await;
    assert!(again.iter().all(Result::is_ok), "with every connection: {again:?}");
    let expected: Vec<i64> = [1].into_iter().chain(100..120).chain(200..220).collect();
    assert_eq!(notes(&near).await, expected);
}

#[tokio::test]
async fn store_with_cut_database_connection_is_unavailable_and_recovers_on_postgres() {
    let database = Database::fresh(Backend::Postgres).await;
    database.with_notes().await;
    let (proxy, url) = TcpProxy::before(&Url::parse(database.url().expose()).expect("a URL"));
    let store = Store::open(&Secret::new(url), 4).await.expect("a database");
    let warm: Vec<_> = join_all((0..20).map(|id| add(&store, 100 + id))).await;
    assert!(warm.iter().all(Result::is_ok), "{warm:?}");
    proxy.cut();
    all_are_told(&store).await;
    proxy.restore();
    let again: Vec<_> = join_all((0..20).map(|id| add(&store, 200 + id))).await;
    assert!(again.iter().all(Result::is_ok), "no connection of before is tried again: {again:?}");
}
