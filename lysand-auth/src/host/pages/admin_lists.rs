//! The pages of the people who run the server about all but accounts (people PPL-153).

use serde::Serialize;

use super::admin::StaffFrame;
use super::people::{InvitationFields, InvitationOnPage};

/// The pages beside one page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct NeighboursOnPage {
    /// Link to newer entries.
    pub newer: Option<String>,
    /// Link to older ones.
    pub older: Option<String>,
}

/// `GET /admin/invitations`: who invites whom.
#[derive(Debug, Serialize)]
pub struct AdminInvitationsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the forms post to, with the field `do`: `make` (`max_uses`, `expires_in`, `comment`, `email`, `skips_review`) or
    /// `end` (`id`).
    pub action: String,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// The account whose invitations are shown, where they are not those of all.
    pub maker: Option<String>,
    /// Link to those of all, then.
    pub all: Option<String>,
    /// The page that ends all of that account.
    pub end_all: Option<String>,
    /// The invitations, the newest first.
    pub invitations: Vec<InvitationRow<'a>>,
    /// The pages beside.
    pub neighbours: NeighboursOnPage,
    /// Whether one more can be made.
    pub may_make: bool,
    /// The fields of a new one.
    pub fields: InvitationFields,
    /// Whether a new one skips the review.
    pub skips_review: bool,
    /// What just happened.
    pub notice: Option<&'static str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
}

/// An invitation as staff sees it.
#[derive(Debug, Serialize)]
pub struct InvitationRow<'a> {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: InvitationOnPage<'a>,
    /// The name of whoever made it; none for the command line.
    pub maker: Option<&'a str>,
    /// The page of that account.
    pub account: Option<String>,
    /// All invitations of that account.
    pub others: Option<String>,
    /// Whether staff need not review whom it brings.
    pub skips_review: bool,
    /// Whether the reader may end it.
    pub may_end: bool,
}

/// What will happen, and the proof that it is you.
#[derive(Debug, Serialize)]
pub struct AdminConfirmPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the form posts to.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// What will be done, in English words.
    pub words: &'static str,
    /// What that means, in English.
    pub what: &'static str,
    /// To what it is done.
    pub subject: String,
    /// Whether the password must be given (field `current_password`).
    pub asks_password: bool,
    /// Where somebody without a password signs in again.
    pub sign_in: Option<String>,
    /// What is wrong.
    pub error: Option<String>,
    /// Where "no" leads.
    pub back: String,
}
