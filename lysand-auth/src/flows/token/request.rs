//! A request to the token endpoint, taken apart.

use std::net::IpAddr;

use crate::model::client::ClientClaim;
use crate::secret::Secret;

/// A request to the token endpoint.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TokenRequest {
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// Who asks.
    pub client: ClientClaim,
    /// `code`.
    pub code: Option<Secret>,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier` (RFC 7636 §4.5).
    pub code_verifier: Option<Secret>,
    /// `refresh_token` (RFC 6749 §6).
    pub refresh_token: Option<Secret>,
    /// `device_code` (RFC 8628 §3.4).
    pub device_code: Option<Secret>,
    /// `scope`; a code has its own.
    pub scope: Option<String>,
    /// Where the request comes from, for the limit on failures.
    pub source: Option<IpAddr>,
}
