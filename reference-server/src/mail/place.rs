//! Where a mail comes from, and the addresses in it.

use super::sentences::{Line, address, say};

pub(super) const NEW_PASSWORD: &str = "If it was not you, choose a new password at once:";

/// Where a mail comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The name of the server.
    pub(super) title: &'a str,
    /// Its origin.
    pub(super) site: &'a str,
    /// The page of the account, ours or the frontend's.
    pub(super) account: &'a str,
    /// The page of the own sign-ins, ours or the frontend's.
    pub(super) sessions: &'a str,
    /// The page for whoever forgot the password, ours or the frontend's.
    pub(super) forgot: &'a str,
    /// Whether the mail has a link.
    pub(super) has_link: bool,
}

/// The subject, what stands before the link, and what stands after it.
pub(super) type Said = (&'static str, Vec<Line>, Vec<Line>);

impl Place<'_> {
    pub(super) fn at(self, path: &str) -> Line {
        address(&format!("{}{path}", self.site))
    }

    pub(super) fn new_password(self) -> [Line; 2] {
        [say(NEW_PASSWORD, &[]), address(self.forgot)]
    }
}
