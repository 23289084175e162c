//! The page of the signed-in person's own account.

use lysand_auth::host::pages::{AccountOnPage, MomentOnPage};
use serde::Serialize;

use super::notice::Notice;

/// `account.html`
#[derive(Debug, Serialize)]
pub struct AccountPage<'a> {
    /// When mail to the person's address was refused for good, if none arrived since.
    pub mail_refused: Option<MomentOnPage>,
    /// What the person should know now.
    pub notices: Vec<Notice>,
    /// Whose page it is. Somebody who is not signed in sees the sign-in page in its place.
    pub account: Option<AccountOnPage<'a>>,
    /// Hidden field of every form.
    pub form_token: String,
    /// What is linked.
    pub linked: Vec<Identity<'a>>,
    /// What else can be.
    pub offered: Vec<Identity<'a>>,
    /// The languages of the pages; when none is chosen, the browser decides.
    pub languages: Vec<LanguageChoice<'a>>,
    /// Where the forms post to.
    pub actions: Actions,
    /// Where its links lead.
    pub links: Links,
    /// Whether links can be changed at once; else the person confirms to be there first.
    pub fresh: bool,
}

/// Where the forms of the page post to.
#[derive(Clone, Debug, Serialize)]
pub struct Actions {
    /// Field `issuer`.
    pub link: String,
    /// Field `issuer`.
    pub unlink: String,
    /// Field `language`.
    pub language: String,
}

/// Where the links of the page lead.
#[derive(Clone, Debug, Serialize)]
pub struct Links {
    /// How the person is shown.
    pub profile: String,
    /// Whom the person invites; `None` for whoever may not.
    pub invitations: Option<String>,
    /// What the person made for programs of their own; `None` where there is nothing such.
    pub tokens: Option<String>,
    /// What may act for the person.
    pub apps: String,
    /// Another password; `None` where only providers sign people in.
    pub password: Option<String>,
    /// The own second factors.
    pub security: String,
    /// Another address.
    pub email: String,
    /// Where the person is signed in.
    pub sessions: String,
    /// What happened to the account.
    pub activity: String,
    /// A copy of all that is kept.
    pub export: String,
    /// The end of the account.
    pub close: String,
    /// Where the person confirms first that it is them.
    pub confirm: String,
    /// Where a person starts.
    pub home: String,
    /// The pages of the people who run the server; `None` for everybody else.
    pub admin: Option<String>,
}

/// A provider, and who the person is there.
#[derive(Debug, Serialize)]
pub struct Identity<'a> {
    /// Field `issuer` of the forms.
    pub id: &'a str,
    /// The provider's name.
    pub name: &'a str,
    /// The person's name there.
    pub label: Option<&'a str>,
}

/// One language to choose.
#[derive(Debug, Serialize)]
pub struct LanguageChoice<'a> {
    /// Field `language` of the form.
    pub tag: &'a str,
    /// Its name, in itself.
    pub name: &'a str,
    /// Whether it is the account's.
    pub chosen: bool,
}
