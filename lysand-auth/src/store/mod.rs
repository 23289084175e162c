//! The database: one query text for SQLite and PostgreSQL, and three ways in.
//!
//! [`Store::look_up`] answers a point look-up, [`Store::read`] anything longer, [`Store::write`] is one transaction. A
//! host may keep its own tables here: [`on!`](crate::on) expands one Diesel query for both databases, so that the
//! compiler checks it against each.
//!
//! ```no_run
//! # use lysand_auth::{on, store::Store, Error};
//! # use lysand_auth::store::diesel::{self, QueryDsl};
//! diesel::table! { note (id) { id -> BigInt, text -> Text, } }
//! # async fn example(store: Store) -> Result<(), Error> {
//! let texts: Vec<String> = store
//!     .read(|c| Box::pin(async move { Ok(on!(c, c => note::table.select(note::text).load(c))?) }))
//!     .await?;
//! # Ok(()) }
//! ```

pub(crate) mod app_sessions;
pub(crate) mod apps;
pub(crate) mod authorizations;
#[cfg(feature = "postgres")]
mod bearer_batches;
pub(crate) mod blocks;
mod conn;
pub(crate) mod credentials;
pub(crate) mod days;
pub(crate) mod device_codes;
pub(crate) mod device_records;
pub(crate) mod email_changes;
pub(crate) mod erasure;
mod error;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod factors;
pub(crate) mod families;
pub(crate) mod grants;
pub(crate) mod identities;
pub(crate) mod invitations;
pub(crate) mod known_browsers;
pub(crate) mod limit_gates;
pub(crate) mod lockouts;
pub(crate) mod logouts;
#[allow(dead_code, reason = "signing up and recovering use the rest")]
pub(crate) mod mail_tokens;
pub(crate) mod mails;
mod migrate;
pub(crate) mod native_sign_ins;
mod on;
pub(crate) mod openid_clients;
pub(crate) mod outbox_signal;
pub(crate) mod own_tokens;
pub(crate) mod passkeys;
pub(crate) mod pending;
pub(crate) mod personal_tokens;
#[cfg(feature = "postgres")]
mod pooled_conn;
#[cfg(feature = "postgres")]
mod pooler;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_tls;
pub(crate) mod rate_limits;
pub(crate) mod recovery_codes;
pub(crate) mod resonite_sessions;
mod schema;
mod schema_of_devices;
mod schema_of_factors;
mod schema_of_native;
mod schema_of_openid;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod sign_ups;
pub(crate) mod spent;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod sso_flows;
mod statements;
pub(crate) mod successors;
pub(crate) mod sweeps;
pub(crate) mod tickets;
pub(crate) mod token_uses;
pub(crate) mod tokens;
pub(crate) mod trusted_browsers;
pub(crate) mod uses;
pub(crate) mod waiting;
pub(crate) mod way_back;

use std::sync::Arc;

/// The query builder whose version this crate's connections are of.
pub use diesel;
/// The asynchronous side of the query builder, for PostgreSQL.
#[cfg(feature = "postgres")]
pub use diesel_async;
/// What embeds migrations: a [`MigrationSet`] is of this version.
pub use diesel_migrations;

pub use self::conn::{Conn, Work};
pub use self::error::StoreError;
pub use self::migrate::{MIGRATIONS, MigrationSet, MigrationState};
#[cfg(feature = "postgres")]
pub use self::pooler::Pooler;
use crate::error::Error;
use crate::secret::{Digest, Secret};

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

#[allow(clippy::large_enum_variant, reason = "there is one for each store")]
enum Backend {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens a database: `sqlite:path` or `postgres://user:password@host:5432/name`. `max_connections` of 0 picks a
    /// sensible number.
    ///
    /// # Errors
    /// When the URL is of neither kind, or the database cannot be opened.
    pub async fn open(url: &Secret, max_connections: usize) -> Result<Self, StoreError> {
        let text = url.expose();
        let scheme = text.split(':').next().unwrap_or_default();
        let backend = match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => Backend::Sqlite(sqlite::Sqlite::open(text, max_connections)?),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                Backend::Postgres(postgres::Postgres::open(text, max_connections, Pooler::None).await?)
            }
            other => return Err(StoreError::Scheme(other.to_owned())),
        };
        Ok(Self(Arc::new(backend)))
    }

    /// The same for PostgreSQL behind a connection pooler: [`open`](Self::open) refuses one of transactions.
    ///
    /// # Errors
    /// As those of [`open`](Self::open).
    #[cfg(feature = "postgres")]
    pub async fn open_behind(url: &Secret, max_connections: usize, pooler: Pooler) -> Result<Self, StoreError> {
        match url.expose().split(':').next() {
            Some("postgres" | "postgresql") => {
                let postgres = postgres::Postgres::open(url.expose(), max_connections, pooler).await?;
                Ok(Self(Arc::new(Backend::Postgres(postgres))))
            }
            _ => Self::open(url, max_connections).await,
        }
    }

    /// Which database it is: `sqlite` or `postgres`.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => "postgres",
        }
    }

    /// Whether a database URL can be understood. Nothing is opened.
    ///
    /// # Errors
    /// When it is of neither kind, or something in it cannot be read; never with anything that it holds.
    pub fn check_url(url: &str) -> Result<(), StoreError> {
        match url.split(':').next().unwrap_or_default() {
            #[cfg(feature = "sqlite")]
            "sqlite" => Ok(()),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => postgres_tls::check(url),
            other => Err(StoreError::Scheme(other.to_owned())),
        }
    }

    /// One or a few look-ups by key. On SQLite they run at once on the caller's thread, which costs less than handing
    /// them to another (measured: `docs/decisions/store.md`); keep longer work to [`read`](Self::read).
    ///
    /// # Errors
    /// What `work` answers, or that the database does not.
    pub async fn look_up<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        #[cfg(feature = "testing")]
        crate::work::count(|work| work.reads += 1);
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => sqlite.look_up(work).await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.read(work).await,
        }
    }

    /// The token with this digest and its app: what every bearer check asks. On PostgreSQL, checks that wait at the same
    /// moment go in one query.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn bearer(&self, digest: Digest) -> Result<Option<tokens::Found>, Error> {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => self.look_up(move |c| Box::pin(tokens::by_digest(c, digest))).await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.bearer_batches.check(digest).await,
        }
    }

    /// Reading of any length. Each statement sees what was committed when it began.
    ///
    /// # Errors
    /// What `work` answers, or that the database does not.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        #[cfg(feature = "testing")]
        crate::work::count(|work| work.reads += 1);
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => sqlite.read(work).await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.read(work).await,
        }
    }

    /// One transaction, committed with a full sync before this returns `Ok` (security DUR-1); an `Err` rolls back. Await
    /// nothing inside but the queries themselves.
    ///
    /// The work goes on when the caller stops waiting, so a client that hangs up leaves no half state.
    ///
    /// # Errors
    /// What `work` answers, or that the database does not.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        #[cfg(feature = "testing")]
        crate::work::count(|work| work.transactions += 1);
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => sqlite.write(work).await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.write(work).await,
        }
    }

    /// One statement that is a transaction by itself, with the promises of [`write`](Self::write); on PostgreSQL it needs
    /// one trip in place of three.
    ///
    /// # Errors
    /// What `work` answers, or that the database does not.
    pub async fn write_one<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    {
        #[cfg(feature = "testing")]
        crate::work::count(|work| work.transactions += 1);
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => sqlite.write(work).await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.read(work).await,
        }
    }

    /// Applies what is pending of `sets`, under a lock: several processes may do so at once.
    ///
    /// # Errors
    /// When a migration fails, or the database knows one that `sets` does not (security DUR-5).
    pub async fn migrate(&self, sets: &'static [MigrationSet]) -> Result<Vec<String>, StoreError> {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => sqlite.migrate(sets).await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.migrate(sets).await,
        }
    }

    /// Which migrations of `sets` are applied and which are pending.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn migration_state(&self, sets: &'static [MigrationSet]) -> Result<MigrationState, StoreError> {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => sqlite.migration_state(sets).await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.migration_state(sets).await,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &*self.0 {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => "Store(SQLite)",
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}
