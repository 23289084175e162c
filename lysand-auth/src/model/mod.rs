//! Facts and rules, pure: no I/O, no clock, no SQL.

pub mod account;
pub mod account_rules;
pub mod address;
pub mod app;
pub mod authorization;
pub mod client;
pub mod family;
pub mod identity;
pub mod language;
pub mod permission;
pub mod pkce;
pub mod rate_limit;
pub mod reader;
pub mod redirect_uri;
pub(crate) mod request_counter;
pub mod scope;
pub mod session;
