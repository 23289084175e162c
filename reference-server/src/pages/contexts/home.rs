//! The home page.

use lysand_auth::host::pages::AccountOnPage;
use serde::Serialize;

use super::notice::Notice;

/// `home.html`
#[derive(Debug, Serialize)]
pub struct HomePage<'a> {
    /// A sentence about this server.
    pub description: &'a str,
    /// Whether that sentence is the admin's own, in whatever language; else it is ours, to be translated.
    pub describes_itself: bool,
    /// What the person should know now.
    pub notices: Vec<Notice>,
    /// Who is signed in.
    pub account: Option<AccountOnPage<'a>>,
    /// Where the form "sign out" posts to.
    pub sign_out_action: String,
    /// Where the signed-in person's own page is.
    pub account_page: String,
    /// Where nobody is signed in: the link to the sign-in, which comes back here.
    pub sign_in_page: String,
    /// Link to what may act for that person.
    pub authorized_applications: String,
    /// Hidden field of both forms.
    pub form_token: String,
    /// The name of this server, as people type it into an app.
    pub host: &'a str,
    /// The built-in demo, when it is switched on.
    pub demo: Option<DemoOffer>,
    /// Name and version of the software.
    pub software: &'static str,
    /// Whom to write to; may be empty.
    pub contact_email: &'a str,
}

/// The form "try the sign-in".
#[derive(Debug, Serialize)]
pub struct DemoOffer {
    /// Where it posts to.
    pub action: String,
}
