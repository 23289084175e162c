//! The page about this server.

use lysand_auth::host::pages::MomentOnPage;
use serde::Serialize;

use crate::settings::FooterLink;

/// `about.html`
#[derive(Debug, Serialize)]
pub struct AboutPage<'a> {
    /// A sentence about this server.
    pub description: &'a str,
    /// Whether that sentence is the admin's own, in whatever language; else it is ours, to be translated.
    pub describes_itself: bool,
    /// Whom to write to; may be empty.
    pub contact_email: &'a str,
    /// The rules.
    pub rules: &'a [String],
    /// The terms of service, where they stand here.
    pub terms: Option<TextOnPage<'a>>,
    /// The privacy policy, where it stands here.
    pub privacy: Option<TextOnPage<'a>>,
    /// Where the terms are, when they stand elsewhere; may be empty.
    pub tos_url: &'a str,
    /// Where the privacy policy is, when it stands elsewhere; may be empty.
    pub privacy_url: &'a str,
    /// The links of `[branding]`.
    pub links: &'a [FooterLink],
    /// Where somebody signs up; `None` when nobody may.
    pub sign_up: Option<String>,
    /// Link to where a person starts.
    pub home: String,
}

/// A text of several paragraphs.
#[derive(Debug, Serialize)]
pub struct TextOnPage<'a> {
    /// Since when it stands like this.
    pub since: MomentOnPage,
    /// Its paragraphs, each with its lines.
    pub paragraphs: Vec<Vec<&'a str>>,
}
