//! What a host may use for its own routes: bearer tokens, posted forms, headers, rate limits, and the builder of routes.

pub mod bearer;
pub mod documents;
pub mod form_session;
pub mod form_tokens;
pub mod forms;
pub mod headers;
pub mod limits;
pub mod link_result;
pub(crate) mod list_page;
pub(crate) mod openid_registration;
pub(crate) mod page;
pub(crate) mod passkey_signals;
#[cfg(feature = "sso")]
pub mod provider_redirect;
pub mod request_id;
pub mod routes;
pub mod session;
pub(crate) mod slashes;
pub mod surfaces;
pub mod way_back_notice;
