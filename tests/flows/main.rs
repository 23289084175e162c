//! Stories over HTTP, one file per journey. Each is told on SQLite and on PostgreSQL; refusals come first.

mod apps;
mod authorize;
mod bearer;
mod consent;
mod grants;
mod introspect;
mod limits;
mod login;
mod openid;
mod pages;
mod refresh;
mod registration;
mod responses;
mod revoke;
mod surroundings;
mod switches;
mod token;
