//! What a browser walks through: authorize, consent, the code to copy, single sign-on.

pub(crate) mod authorize;
pub(crate) mod sso;
