//! Facts and rules, pure: no I/O, no clock, no SQL.

pub mod account;
pub mod address;
pub mod app;
pub mod authorization;
pub mod client;
pub mod family;
pub mod identity;
pub mod permission;
pub mod pkce;
pub mod redirect_uri;
pub mod scope;
pub mod session;
pub(crate) mod tally;
pub mod throttle;
