//! The two databases.

/// Which database a server keeps its facts in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// A file in the server's own folder, as without any configuration.
    #[default]
    Sqlite,
    /// A fresh database in the cluster of `TEST_POSTGRES_URL`.
    Postgres,
}
