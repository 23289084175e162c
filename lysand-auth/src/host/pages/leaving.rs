//! The pages of whoever leaves, or takes along what is kept.

use serde::Serialize;

use super::parts::MomentOnPage;
use super::people::FieldOnPage;

/// `GET /account/close`: the account shall be deleted; and the answer, when it will be.
#[derive(Debug, Serialize)]
pub struct ClosePage<'a> {
    /// Where the form posts to, with the fields `username` and `current_password`.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name, which is typed to say that it is meant.
    pub name: &'a str,
    /// When the account is deleted, if it is closed now.
    pub day: MomentOnPage,
    /// Whether somebody can come back until then.
    pub has_grace: bool,
    /// Whether that has just happened: the browser is signed out, and there is no form.
    pub closed: bool,
    /// The name that was typed.
    pub username: FieldOnPage,
    /// The password, where nobody was proven lately.
    pub current_password: FieldOnPage,
    /// Where somebody confirms that it is them who has no password; the form is not shown until then.
    pub confirm: Option<String>,
    /// Where somebody takes along what is kept.
    pub export: String,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
    /// The own account.
    pub account: String,
}

/// `GET /account/export`: a copy of all that is kept.
#[derive(Debug, Serialize)]
pub struct ExportPage<'a> {
    /// Where the form posts to, with the field `current_password`; the answer is a file.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// The password, where nobody was proven lately.
    pub current_password: FieldOnPage,
    /// Where somebody confirms that it is them who has no password; the form is not shown until then.
    pub confirm: Option<String>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
    /// The own account.
    pub account: String,
}
