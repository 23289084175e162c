//! The reference server's accounts: the library's trait over a table of our own, in the library's store.

mod changes;
mod closed_names;
mod error;
mod first_admin;
mod rows;
mod search;
mod sql;
mod statements;

pub use self::error::{CreateError, FirstAdminError};
pub use self::sql::{MIGRATIONS, SqlAccounts};

#[cfg(test)]
mod tests;
