//! The page on which somebody says as which of several accounts of the browser they go on.

use serde::Serialize;

use super::parts::{AccountOnPage, AppOnPage};

/// An account that was signed in to with the browser.
#[derive(Clone, Debug, Serialize)]
pub struct AccountChoice<'a> {
    /// The account.
    pub account: AccountOnPage<'a>,
    /// Hidden field `account` of its forms.
    pub name: &'a str,
    /// Where the form posts to that goes on as this account; `None` when it has to sign in again.
    pub continue_action: Option<String>,
    /// The sign-in page for this account, when it has to sign in again.
    pub sign_in: Option<String>,
    /// Where the form posts to that signs out of it and forgets it here.
    pub forget_action: Option<String>,
}

/// `GET /oauth/authorize`, where the app or the person wants another account (`prompt=select_account`, `force_login`, "not you?"); and
/// the answer to a decision in the name of an account that is not the browser's any more.
#[derive(Debug, Serialize)]
pub struct ChooseAccountPage<'a> {
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// The app that asked.
    pub app: AppOnPage<'a>,
    /// Whether another account was chosen in another tab meanwhile: the first one is that of this request, the other that of the browser
    /// now.
    pub changed: bool,
    /// The accounts, the one to offer first first.
    pub accounts: Vec<AccountChoice<'a>>,
    /// The sign-in page for another account.
    pub another: Option<String>,
    /// Where the form posts to that signs out of all of them (field `accounts`: `all`).
    pub sign_out_action: Option<String>,
}
