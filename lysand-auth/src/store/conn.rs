//! A connection to either database, and the work that it is lent to.

use std::future::Future;
use std::pin::Pin;

use diesel::SqliteConnection;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Object;

use crate::error::Error;

#[expect(clippy::large_enum_variant, reason = "there is one for each connection, and it is lent, not moved about")]
/// A connection to one of the two databases; [`on!`](crate::on) takes it apart.
pub enum Conn {
    /// SQLite: plain, synchronous Diesel.
    Sqlite(SqliteConnection),
    /// PostgreSQL: asynchronous Diesel over a pooled connection.
    Pg(Object<AsyncPgConnection>),
}

/// What a unit of work answers: a boxed future over the connection that it was lent.
pub type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'c>>;
