//! OAuth 2.0 between programs: tokens, revocation, introspection, registration, metadata.

pub(crate) mod metadata;
pub(crate) mod registration;
pub(crate) mod token;
