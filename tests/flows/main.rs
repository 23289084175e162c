//! Stories over HTTP, one file per journey. Each is told on SQLite and on PostgreSQL; refusals come first.

mod answers;
mod apps;
mod authorize;
mod bearer;
mod checks;
mod consent;
mod ended;
mod first_party;
mod form_tokens;
mod grants;
mod introspect;
mod language;
mod limits;
mod login;
mod metadata;
mod openid;
mod pages;
mod refresh;
mod registration;
mod requests;
mod responses;
mod revoke;
mod sso;
mod surroundings;
mod switches;
mod token;
