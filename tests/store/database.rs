//! A fresh database for one test, a table to play with, and SQL as text.

use std::path::{Path, PathBuf};

use diesel::QueryableByName;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel_async::SimpleAsyncConnection;
use lysand_auth::error::Error;
use lysand_auth::on;
use lysand_auth::secret::Secret;
use lysand_auth::store::{Conn, Store};
use tempfile::TempDir;
use tests::Backend;
use tests::folder::temporary;
use tests::postgres::TestDatabase;

/// Makes two tests of one: `NAME::sqlite` and `NAME::postgres`.
#[macro_export]
macro_rules! on_both {
    ($name:ident, |$database:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn told($database: $crate::database::Database) $body

            #[tokio::test]
            async fn sqlite() {
                told($crate::database::Database::fresh(tests::Backend::Sqlite).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                told($crate::database::Database::fresh(tests::Backend::Postgres).await).await;
            }
        }
    };
}

diesel::table! {
    /// A table of the tests' own.
    note (id) {
        id -> BigInt,
        text -> Text,
    }
}

/// An empty database that nobody else uses.
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres(TestDatabase),
}

impl Database {
    pub(crate) async fn fresh(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite(temporary("store")),
            Backend::Postgres => Self::Postgres(TestDatabase::create().await),
        }
    }

    /// Where it is, as `database.url` takes it.
    pub(crate) fn url(&self) -> Secret {
        match self {
            Self::Sqlite(folder) => Secret::new(format!("sqlite:{}", file(folder).display())),
            Self::Postgres(database) => Secret::new(database.url()),
        }
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(folder) => Some(file(folder)),
            Self::Postgres(_) => None,
        }
    }

    /// Opens it as one process does.
    pub(crate) async fn open(&self) -> Store {
        self.open_with(0).await
    }

    pub(crate) async fn open_with(&self, connections: usize) -> Store {
        Store::open(&self.url(), connections).await.expect("a database")
    }

    /// Opens it, with the table [`note`] in it.
    pub(crate) async fn with_notes(&self) -> Store {
        let store = self.open().await;
        run(&store, "CREATE TABLE note (id BIGINT NOT NULL PRIMARY KEY, text TEXT NOT NULL)").await;
        store
    }
}

fn file(folder: &TempDir) -> PathBuf {
    Path::new(folder.path()).join("data/store.sqlite3")
}

/// Runs statements as text, in one transaction.
pub(crate) async fn run(store: &Store, sql: &str) {
    let text = sql.to_owned();
    let done = store.write(move |c| Box::pin(async move { batch(c, &text).await }));
    done.await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Runs statements as text in the transaction of `c`.
pub(crate) async fn batch(c: &mut Conn, sql: &str) -> Result<(), Error> {
    match c {
        Conn::Sqlite(c) => SimpleConnection::batch_execute(c, sql)?,
        Conn::Pg(c) => SimpleAsyncConnection::batch_execute(&mut **c, sql).await?,
    }
    Ok(())
}

/// The single text column, named `fact`, of a query.
pub(crate) async fn facts(store: &Store, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        fact: String,
    }
    let text = sql.to_owned();
    let rows = store.write(move |c| {
        Box::pin(async move {
            let rows: Vec<Row> = on!(c, c => diesel::sql_query(text).load(c))?;
            Ok(rows)
        })
    });
    rows.await.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().map(|row| row.fact).collect()
}

/// Inserts a note in the transaction of `c`.
pub(crate) async fn insert(c: &mut Conn, id: i64) -> Result<(), Error> {
    use diesel::ExpressionMethods;
    let row = (note::id.eq(id), note::text.eq(format!("note {id}")));
    on!(c, c => diesel::insert_into(note::table).values(row).execute(c))?;
    Ok(())
}

/// Inserts a note in a transaction of its own.
pub(crate) async fn add(store: &Store, id: i64) -> Result<(), Error> {
    store.write(move |c| Box::pin(insert(c, id))).await
}

/// The ids of all notes, in order.
pub(crate) async fn notes(store: &Store) -> Vec<i64> {
    use diesel::{ExpressionMethods, QueryDsl};
    let all = note::table.select(note::id).order(note::id.asc());
    store.read(move |c| Box::pin(async move { Ok(on!(c, c => all.load(c))?) })).await.expect("the notes")
}
