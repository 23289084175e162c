//! The form of the set-up link.

use serde::Serialize;

/// `setup.html`
#[derive(Debug, Serialize)]
pub struct SetupPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// Hidden field: the token of the link.
    pub token: &'a str,
    /// The name that was typed.
    pub username: &'a str,
    /// The address that was typed.
    pub email: &'a str,
    /// The name of this server, as it stands in addresses.
    pub host: &'a str,
    /// What is wrong with the whole form.
    pub error: Option<String>,
    /// What is wrong with its fields.
    pub errors: FieldErrors,
}

/// What is wrong with the fields of the form, in English words for the person; the page translates them.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldErrors {
    /// The user name.
    pub username: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Its repetition.
    pub confirmation: Option<String>,
}

impl FieldErrors {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
