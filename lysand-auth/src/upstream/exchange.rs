//! What travels to a provider and back with the browser.

use crate::secret::Secret;

/// What goes to the provider with the browser.
pub(crate) struct AuthorizationParameters<'a> {
    pub(crate) state: &'a Secret,
    pub(crate) nonce: &'a Secret,
    pub(crate) verifier: &'a Secret,
    pub(crate) callback: &'a str,
}

/// What the browser brought back, and what was kept meanwhile.
pub(crate) struct AuthorizationResponse<'a> {
    pub(crate) code: &'a Secret,
    pub(crate) nonce: &'a Secret,
    pub(crate) verifier: &'a Secret,
    pub(crate) callback: &'a str,
}
