//! Stories over HTTP, one file per journey. Each is told on SQLite and on PostgreSQL; refusals come first.

mod apps;
mod authorize;
mod bearer;
mod consent;
mod login;
mod pages;
mod revoke;
mod sso;
mod surroundings;
mod token;
