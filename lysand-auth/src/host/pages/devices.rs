//! The pages where a person answers for a program: one without a browser (RFC 8628), and one that a provider signs in to (native 2.6).

use serde::Serialize;

use super::page::Permission;
use super::parts::{AccountOnPage, AppOnPage, LinkOnPage, MomentOnPage};

/// `GET /device`: first a field for the code that the program shows, then what the program asks for.
#[derive(Debug, Serialize)]
pub struct DevicePage<'a> {
    /// Where the form with the field `user_code` posts to, while nothing is asked.
    pub action: &'a str,
    /// Where the forms with the hidden field `user_code` and `answer` (`allow` or `deny`) post to.
    pub answer_action: &'a str,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// Who is signed in.
    pub account: AccountOnPage<'a>,
    /// Where somebody goes who is another.
    pub switch_account: String,
    /// What stands in the field: what was typed, or what an address said. `XXXX-XXXX` once something is asked.
    pub user_code: &'a str,
    /// What went wrong at the last try.
    pub error: Option<&'a str>,
    /// What the program asks for; `None` while its code has to be typed.
    pub asked: Option<DeviceRequestOnPage<'a>>,
}

/// What a program without a browser asks for.
#[derive(Debug, Serialize)]
pub struct DeviceRequestOnPage<'a> {
    /// The app that it says it is; `None` for a program that is no app.
    pub app: Option<AppOnPage<'a>>,
    /// The app has no secret: anybody can say that they are it.
    pub is_public: bool,
    /// Hosts and schemes that the app registered, as a person should see them.
    pub places: Vec<String>,
    /// What it may then do.
    pub permissions: Vec<Permission>,
    /// What the app says of itself elsewhere.
    pub links: Vec<LinkOnPage<'a>>,
    /// What the program calls itself, which is what anybody can claim.
    pub program: Option<&'a str>,
    /// The network from which it asked, if it is kept.
    pub network: Option<&'a str>,
    /// When it asked.
    pub at: MomentOnPage,
    /// The hour of that in UTC, `21:04`.
    pub clock: String,
}

/// `GET /auth/oidc/confirm`: a page sent the browser to sign in to a program on this device; its person says whether they started
/// that.
#[derive(Debug, Serialize)]
pub struct ProgramSignInPage<'a> {
    /// Where both forms, with the hidden fields `flow_id` and `answer` (`allow` or `deny`), post to.
    pub action: &'a str,
    /// Hidden field `form_token` of both forms.
    pub form_token: String,
    /// Hidden field `flow_id` of both forms.
    pub flow_id: &'a str,
    /// Whose account the program would get into.
    pub account: AccountOnPage<'a>,
}
