//! Connection poolers between this server and PostgreSQL, PgBouncer for one (faults D3).

use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::StoreError;

/// How long one of two connections waits for a server connection that the other may have.
const PATIENCE: Duration = Duration::from_secs(2);

/// What stands between this server and PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pooler {
    /// Nothing, or a pooler that lends a server connection for as long as the client's lasts.
    #[default]
    None,
    /// A pooler that lends a server connection for one transaction: whatever is done is one, reading too, and nothing is
    /// expected to last longer.
    Transaction,
}

impl Pooler {
    /// Begins a unit of work that reads; nothing where each of its statements may be a transaction of its own.
    pub(super) fn begin_reading(self, limit: Duration) -> Option<String> {
        (self == Self::Transaction).then(|| self.begin(limit))
    }

    /// Begins a unit of work that is one transaction.
    pub(super) fn begin(self, limit: Duration) -> String {
        match self {
            Self::None => "BEGIN".to_owned(),
            Self::Transaction => {
                format!("BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = {}", limit.as_millis())
            }
        }
    }

    /// Sets what all that a connection does has in common: how long a statement may take, and that a commit is on the disk
    /// before it is answered, whatever the cluster's default (security DUR-1). No startup options, which poolers refuse.
    pub(super) async fn settle(self, conn: &mut AsyncPgConnection, limit: Duration) -> Result<(), StoreError> {
        let settled = match self {
            Self::None => {
                let settings = format!("SET synchronous_commit = on; SET statement_timeout = {}", limit.as_millis());
                SimpleAsyncConnection::batch_execute(conn, &settings).await
            }
            // Ends the transaction in which the driver has settled its own.
            Self::Transaction => SimpleAsyncConnection::batch_execute(conn, "COMMIT").await,
        };
        settled.map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

/// Refuses a pooler of transactions that nobody named: what belongs to one connection would reach another.
///
/// Two connections ask for their server processes, one of them in a transaction. Without such a pooler the processes differ,
/// and each stays the same.
///
/// # Errors
/// When the processes tell of one.
pub(super) async fn refuse_unnamed(config: &tokio_postgres::Config, tls: &MakeRustlsConnect) -> Result<(), StoreError> {
    let (Some(one), Some(other)) = (connect(config, tls).await, connect(config, tls).await) else { return Ok(()) };
    let Some(before) = process(&one).await else { return Ok(()) };
    if bounded(other.batch_execute("BEGIN")).await.is_none() {
        return Ok(());
    }
    let theirs = process(&other).await;
    // No answer: the pooler has no other server connection to lend.
    let after = process(&one).await;
    let is_moved = theirs.as_ref() == Some(&before) || after.is_some_and(|after| after != before);
    if is_moved { Err(StoreError::TransactionPooler) } else { Ok(()) }
}

async fn connect(config: &tokio_postgres::Config, tls: &MakeRustlsConnect) -> Option<Client> {
    let (client, connection) = bounded(config.connect(tls.clone())).await?;
    tokio::spawn(connection);
    Some(client)
}

/// The process of the server that answers at the moment.
async fn process(client: &Client) -> Option<String> {
    let messages = bounded(client.simple_query("SELECT pg_backend_pid()")).await?;
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

async fn bounded<T, E>(work: impl Future<Output = Result<T, E>>) -> Option<T> {
    tokio::time::timeout(PATIENCE, work).await.ok()?.ok()
}
