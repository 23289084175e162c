//! HTTP as a test speaks it: requests, demands on what comes back, cookies, addresses, bare bytes.

mod client;
mod cookies;
mod raw;
mod request;
mod response;
mod url;

pub use self::client::{http_client, http_client_from};
pub use self::cookies::CookieJar;
pub use self::raw::{RawResponse, connect, connect_tls, exchange};
pub use self::request::Request;
pub use self::response::Response;
pub use self::url::{encode, form, query_of};
