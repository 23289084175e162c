//! The public page of an account.

use lysand_auth::host::pages::AccountOnPage;
use serde::Serialize;

/// `public_profile.html`
#[derive(Debug, Serialize)]
pub struct PublicProfilePage<'a> {
    /// Whose page it is.
    pub account: AccountOnPage<'a>,
    /// What the handle ends in.
    pub host: &'a str,
    /// Link to where a person starts.
    pub home: String,
}
