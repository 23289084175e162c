//! Facts and rules, pure: no I/O, no clock, no SQL.

pub(crate) mod account;
pub mod account_rules;
pub(crate) mod address;
pub(crate) mod app;
mod app_scheme;
pub(crate) mod authorization;
pub(crate) mod caller;
pub(crate) mod client;
pub(crate) mod credentials;
pub(crate) mod device;
pub(crate) mod email_change;
pub(crate) mod event;
pub(crate) mod factors;
pub(crate) mod family;
pub(crate) mod form_error;
pub(crate) mod host_scope;
pub(crate) mod identity;
pub(crate) mod language;
pub(crate) mod list_page;
pub(crate) mod mail;
#[allow(dead_code, reason = "signing up and recovering use the rest")]
pub(crate) mod mail_token;
pub(crate) mod permission;
pub(crate) mod personal_token;
pub(crate) mod pkce;
pub(crate) mod proofs;
pub(crate) mod rate_limit;
pub(crate) mod reader;
pub(crate) mod recovery_code;
pub(crate) mod redirect_uri;
pub(crate) mod registration;
pub(crate) mod request_counter;
pub(crate) mod scope;
pub(crate) mod session;
pub(crate) mod shown_name;
pub(crate) mod sign_up;
pub(crate) mod totp;
