//! PostgreSQL for the measurement: a server that is given, or a throw-away cluster of our own.
//!
//! The cluster has the default settings of its version, durability included. Each installation gets a database of its own.

use tests::postgres::{Cluster, TestDatabase};
use tokio::runtime::Runtime;
use url::Url;

use crate::Outcome;

/// A PostgreSQL server on which databases are made for this run, and removed after it.
pub(crate) struct Postgres {
    url: Url,
    runtime: Runtime,
    // Removed before the cluster ends: fields drop in this order.
    made: Vec<TestDatabase>,
    _own: Option<Cluster>,
}

impl Postgres {
    /// `auto` starts a cluster of its own; anything else is the URL of a database whose user may create others.
    pub(crate) fn open(argument: &str) -> Outcome<Postgres> {
        let own = (argument == "auto").then(Cluster::start_durable);
        let url = match &own {
            Some(cluster) => cluster.url(),
            None => Url::parse(argument)?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (_, connection) = tokio_postgres::connect(url.as_str(), tokio_postgres::NoTls).await?;
            drop(connection);
            Ok::<(), tokio_postgres::Error>(())
        })?;
        Ok(Postgres { url, runtime, made: Vec::new(), _own: own })
    }

    /// The URL of a new, empty database.
    pub(crate) fn database(&mut self) -> String {
        let database = self.runtime.block_on(TestDatabase::create_in(self.url.clone()));
        let url = database.url().into();
        self.made.push(database);
        url
    }
}
