//! Notices: what a person should know now.

use serde::Serialize;

/// A sentence above the page's content.
#[derive(Debug, Serialize)]
pub struct Notice {
    /// How it looks and whether it interrupts.
    pub kind: NoticeKind,
    /// The sentence, in English; the page translates it.
    pub text: &'static str,
}

/// What kind of news a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Something worked.
    Good,
    /// Something did not.
    Bad,
}
