//! What talks to a frontend that has an origin of its own (`frontend.url` in redirect mode): `GET` and `HEAD` requests are
//! forwarded to its fixed origin, without anybody's credentials (Lysand §13.1, security WEB-12).
//!
//! What comes back is shown on this server's own origin, so the frontend is trusted as much as this server's pages are.
//! A slow or unreachable frontend does not slow down anything else: requests to it are limited in number, and each step in time
//! (security LOAD-3).

mod client;
mod response;
mod stream;
mod target;

pub use self::client::{ForwardError, Frontend};
