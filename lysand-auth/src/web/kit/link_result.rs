//! What the home page is told of a link to a provider, in the two parameters of its URL (Lysand §9.2).

use crate::error::{Code, Refusal};
use crate::texts;

const LINKED: &str = "oidc_account_linked";
const ERROR: &str = "oidc_account_linking_error";
const MESSAGE: &str = "oidc_account_linking_error_message";

/// Title of the error: the identity, or the account, has another link.
const ALREADY_LINKED: &str = "Account already linked";
/// Title of every other error.
const OTHER_ERROR: &str = "Account linking error";

/// What became of a link to a provider, as the query of the home page tells it (Lysand §9.2).
///
/// A host with a home page of its own reads it there and says it in its own words: the parameters are text from a URL, which
/// anybody can write, and are never to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkResult {
    /// The identity belongs to the account.
    Linked,
    /// It was not linked, because it or the account has another link.
    AlreadyLinked,
    /// It was not linked, because the flow is unknown, over or another browser's.
    InvalidFlow,
    /// It was not linked for another reason.
    Failed,
}

impl LinkResult {
    /// What the parameters of a query say, given by their names; `None` when they say nothing about a link.
    #[must_use]
    pub fn of_query<'q>(pairs: impl IntoIterator<Item = (&'q str, &'q str)>) -> Option<Self> {
        let (mut error, mut message, mut linked) = (None, None, false);
        for (name, value) in pairs {
            match name {
                LINKED => linked = true,
                ERROR => error = Some(value),
                MESSAGE => message = Some(value),
                _ => {}
            }
        }
        match (error, message) {
            (Some(ALREADY_LINKED), _) => Some(Self::AlreadyLinked),
            (Some(_), Some(texts::INVALID_FLOW)) => Some(Self::InvalidFlow),
            (Some(_), _) => Some(Self::Failed),
            (None, _) => linked.then_some(Self::Linked),
        }
    }
}

/// The parameters that say that the identity was linked.
pub(crate) fn linked() -> Vec<(&'static str, &'static str)> {
    vec![(LINKED, "true")]
}

/// The parameters that say why it was not.
pub(crate) fn not_linked(refusal: &Refusal) -> Vec<(&'static str, &str)> {
    let title = if refusal.code == Code::AlreadyLinked { ALREADY_LINKED } else { OTHER_ERROR };
    vec![(ERROR, title), (MESSAGE, &*refusal.why)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn read_back(code: Code, why: &'static str) -> Option<LinkResult> {
        let Error::Refused(refusal) = Error::refused(code, why) else { unreachable!() };
        LinkResult::of_query(not_linked(&refusal))
    }

    #[test]
    fn link_result_is_read_as_it_was_written() {
        assert_eq!(LinkResult::of_query(linked()), Some(LinkResult::Linked));
        assert_eq!(read_back(Code::AlreadyLinked, "it has"), Some(LinkResult::AlreadyLinked));
        assert_eq!(read_back(Code::InvalidRequest, texts::INVALID_FLOW), Some(LinkResult::InvalidFlow));
        assert_eq!(read_back(Code::ProviderFailed, "no"), Some(LinkResult::Failed));
        assert_eq!(LinkResult::of_query([("notice", "ready")]), None);
    }
}
