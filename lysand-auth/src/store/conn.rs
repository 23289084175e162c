//! A connection to either database, and the work that it is lent to.

use std::future::Future;
use std::pin::Pin;

#[cfg(feature = "sqlite")]
use diesel::SqliteConnection;
#[cfg(feature = "postgres")]
use diesel_async::AsyncPgConnection;
#[cfg(feature = "postgres")]
use diesel_async::pooled_connection::deadpool::Object;

use crate::error::Error;

#[allow(clippy::large_enum_variant, reason = "there is one for each connection, and it is lent, not moved about")]
#[expect(clippy::exhaustive_enums, reason = "`on!` takes it apart in the host's code")]
/// A connection to one of the two databases; [`on!`](crate::on) takes it apart. Which variants there are depends on the
/// features of this crate.
pub enum Conn {
    /// SQLite: plain, synchronous Diesel.
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteConnection),
    /// PostgreSQL: asynchronous Diesel over a pooled connection.
    #[cfg(feature = "postgres")]
    Pg(Object<AsyncPgConnection>),
}

/// What a unit of work answers: a boxed future over the connection that it was lent.
pub type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'c>>;
