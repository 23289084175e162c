//! A fresh PostgreSQL database for one story.

use std::env;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use url::Url;

use crate::migrated;

/// Names the PostgreSQL cluster in which stories may create databases. `tests/run` starts one and sets it.
pub const CLUSTER_VARIABLE: &str = "TEST_POSTGRES_URL";

/// An empty database that nobody else uses. It is dropped together with this value.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: Url,
    name: String,
}

impl TestDatabase {
    /// Creates the database.
    ///
    /// A missing cluster is a failure of the story, not a reason to skip it: a story that did not run proves nothing.
    pub async fn create() -> Self {
        Self::create_in(cluster_url()).await
    }

    /// Creates the database with the tables of this version in it, and nothing in them.
    pub async fn create_migrated() -> Self {
        let cluster = cluster_url();
        let template = Template::of(&cluster).await;
        Self::create_as(cluster, &format!(" TEMPLATE {}", template.0)).await
    }

    /// Creates the database in the cluster with this URL.
    pub async fn create_in(cluster: Url) -> Self {
        Self::create_as(cluster, "").await
    }

    async fn create_as(cluster: Url, how: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self { cluster, name: format!("story_{}_{number}", process::id()) };

        let client = connect(&database.cluster).await;
        // Left over from a run that was killed, in a cluster that outlived it.
        execute(&client, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", database.name)).await;
        execute(&client, &format!("CREATE DATABASE {}{how}", database.name)).await;
        database
    }

    /// Where the database is, as `database.url` takes it.
    pub fn url(&self) -> Url {
        let mut url = self.cluster.clone();
        url.set_path(&self.name);
        url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let cluster = self.cluster.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A thread of its own, because the story's runtime cannot be waited on from inside a destructor.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async { execute(&connect(&cluster).await, &statement).await });
        });
        if dropping.join().is_err() {
            eprintln!("the database {} is left behind", self.name);
        }
    }
}

/// A database with the tables of this version, from which those of stories are copied: all migrations take a hundred times as
/// long. It stays in the cluster, and is of no use once the migrations change.
struct Template(String);

impl Template {
    async fn of(cluster: &Url) -> &'static Self {
        static MADE: OnceCell<Template> = OnceCell::const_new();
        MADE.get_or_init(|| Self::make(cluster)).await
    }

    async fn make(cluster: &Url) -> Self {
        let name = format!("stories_{}", migrated::digest());
        let client = connect(cluster).await;
        // Several test programs may begin at once. The lock ends with the connection.
        execute(&client, "SELECT pg_advisory_lock(7421953301)").await;
        let found = client.query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await.expect("an answer");
        if found.is_empty() {
            let unfinished = format!("{name}_unfinished");
            execute(&client, &format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
            execute(&client, &format!("CREATE DATABASE {unfinished}")).await;
            let mut url = cluster.clone();
            url.set_path(&unfinished);
            migrated::migrate(url.as_str()).await;
            let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{unfinished}'");
            execute(&client, &end).await;
            execute(&client, &format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
        }
        Self(name)
    }
}

fn cluster_url() -> Url {
    let text = env::var(CLUSTER_VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{CLUSTER_VARIABLE} is not set. Run the stories through `tests/run`, which starts a PostgreSQL cluster for \
             them, or point the variable at one of yours (postgres://user:password@host:port/postgres). \
             `tests/run --fast` leaves the stories on PostgreSQL out."
        )
    });
    Url::parse(&text).unwrap_or_else(|error| panic!("{CLUSTER_VARIABLE} is not a URL: {error}"))
}

async fn connect(cluster: &Url) -> Client {
    let (client, connection) = tokio_postgres::connect(cluster.as_str(), NoTls)
        .await
        .unwrap_or_else(|error| panic!("no connection to the PostgreSQL cluster: {error}"));
    tokio::spawn(connection);
    client
}

async fn execute(client: &Client, statement: &str) {
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn test_database_on_postgres_is_isolated_and_dropped() {
        let (one, other) = (TestDatabase::create().await, TestDatabase::create().await);
        assert_ne!(one.url(), other.url());
        execute(&connect(&one.url()).await, "CREATE TABLE notes (id INT)").await;
        execute(&connect(&other.url()).await, "CREATE TABLE notes (id INT)").await;

        let cluster = connect(&one.cluster).await;
        let names = [one.name.clone(), other.name.clone()];
        drop((one, other));
        for name in names {
            let rows = cluster.query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await;
            assert!(rows.expect("an answer").is_empty(), "{name} is still there");
        }
    }
}
