//! HTTP as bytes: parameters and bodies in, replies and cookies out. Knows no route.

pub(crate) mod accounts_cookie;
pub(crate) mod body;
pub(crate) mod cookies;
#[cfg(test)]
mod fuzz_targets;
pub(crate) mod params;
pub(crate) mod redirect;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod request_id;
pub(crate) mod session_cookie;
pub(crate) mod token_entity;
