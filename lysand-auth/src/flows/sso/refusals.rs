//! What several steps of single sign-on refuse with.

use crate::error::{Code, Error};
use crate::texts;

/// The flow is unknown, over, or not this browser's.
pub(super) fn invalid_flow() -> Error {
    Error::refused(Code::InvalidRequest, texts::INVALID_FLOW)
}

/// The identity belongs to an account, or the account has another one of this provider (Lysand §9.2).
pub(super) fn already_linked() -> Error {
    Error::refused(Code::AlreadyLinked, "This account has already been linked to this OpenID Connect provider.")
}
