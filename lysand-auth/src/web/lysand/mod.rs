//! Lysand's frontend API: sign in, consent, sign out, frontend configuration, linked identities.

pub(crate) mod sign_in;
pub(crate) mod sso;
