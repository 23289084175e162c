//! The pages of what acts for an account, and of its end.

use serde::Serialize;

use super::parts::{AccountOnPage, AppOnPage, MomentOnPage};

/// `GET /account/sessions`: what is signed in to the account.
#[derive(Debug, Serialize)]
pub struct SessionsPage<'a> {
    /// Where the forms post to, with the field `do`: `end` (`id` of a session), `end_others`, `end_app` (`id` of an app), `end_token`
    /// (`id` of a personal token), or `forget_browser` (`id` of a trusted browser).
    pub action: &'a str,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// The browsers: this one first, then the newest; a hundred at most.
    pub sessions: Vec<SessionOnPage>,
    /// Whether there are more than are shown.
    pub has_more: bool,
    /// The apps, the one authorized last first.
    pub apps: Vec<AccessOnPage<'a>>,
    /// The personal tokens.
    pub tokens: Vec<TokenRow>,
    /// The page with all that apps may do.
    pub apps_page: String,
    /// The page that ends everything.
    pub end_everything: String,
    /// What just happened.
    pub notice: Option<&'a str>,
    /// What went wrong at the last try.
    pub error: Option<&'a str>,
    /// The own account.
    pub account: String,
    /// The browsers in which no second factor is asked for after the password, the latest first.
    pub trusted: Vec<TrustedOnPage>,
}

/// A browser that the account trusts (FAC-98).
#[derive(Debug, Serialize)]
pub struct TrustedOnPage {
    /// Its key, for the form that ends the trust.
    pub id: String,
    /// The browser in words; `Unknown browser` when nobody knows it.
    pub browser: String,
    /// Its system in words, if it is known.
    pub system: Option<String>,
    /// Since when it is trusted.
    pub since: MomentOnPage,
    /// When somebody last signed in there without a second factor; nothing until somebody does.
    pub last_used: Option<MomentOnPage>,
    /// Until when it is trusted.
    pub until: MomentOnPage,
}

/// A browser that is signed in.
#[derive(Debug, Serialize)]
pub struct SessionOnPage {
    /// Its key, for the form that ends it.
    pub id: String,
    /// Whether it is this one.
    pub current: bool,
    /// The browser in words; `Unknown browser` when nobody knows it.
    pub browser: String,
    /// Its system in words, if it is known.
    pub system: Option<String>,
    /// The network of the sign-in, if it is kept.
    pub network: Option<String>,
    /// Since when.
    pub since: MomentOnPage,
    /// When it was last used, to within five minutes.
    pub last_used: MomentOnPage,
    /// The hour of that in UTC, `21:04`.
    pub last_used_clock: String,
}

/// An app that may act for the account.
#[derive(Debug, Serialize)]
pub struct AccessOnPage<'a> {
    /// Its key, for the form that ends its access.
    pub id: &'a str,
    /// The app.
    pub app: AppOnPage<'a>,
    /// Since when.
    pub since: MomentOnPage,
    /// When it was last used, to within a day.
    pub last_used: Option<MomentOnPage>,
    /// False for the server's own, which are not ended one by one.
    pub may_end: bool,
}

/// A personal token.
#[derive(Debug, Serialize)]
pub struct TokenRow {
    /// Its key, for the form that ends it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: MomentOnPage,
    /// When it was last used, to within a day.
    pub last_used: Option<MomentOnPage>,
}

/// `GET /account/sessions/end`: shall everything end?
#[derive(Debug, Serialize)]
pub struct EndEverythingPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// How many browsers are signed in.
    pub sessions: usize,
    /// How many apps have access.
    pub apps: usize,
    /// How many personal tokens there are.
    pub tokens: usize,
    /// What went wrong at the last try.
    pub error: Option<&'a str>,
    /// Where "no" leads.
    pub cancel: String,
}

/// `GET /account/apps/end` and `/account/apps/end/all`: shall these apps lose their access?
#[derive(Debug, Serialize)]
pub struct EndAppsPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// For how many days nobody used them, and hidden field `unused_for`; `None` for all apps.
    pub unused_for: Option<u32>,
    /// The apps that would end, by name.
    pub apps: Vec<AppOnPage<'a>>,
    /// What went wrong at the last try.
    pub error: Option<&'a str>,
    /// Where "no" leads.
    pub cancel: String,
}

/// `GET /oauth/logout`: shall this session end?
#[derive(Debug, Serialize)]
pub struct SignOutPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// More hidden fields: what the app asked for.
    pub fields: Vec<(String, String)>,
    /// Who is signed in.
    pub account: AccountOnPage<'a>,
    /// The app that asks, if it is known.
    pub app: Option<AppOnPage<'a>>,
    /// The host where the browser goes afterwards; `None` when it stays.
    pub destination: Option<String>,
    /// Something of the app's request is wrong.
    pub broken: bool,
    /// The app has shown an id token of this very session: the form may post itself.
    pub at_once: bool,
    /// What went wrong at the last try.
    pub error: Option<&'a str>,
    /// Where "no" leads.
    pub cancel: String,
}

/// How many apps at once lose their access, from the page of authorized apps.
#[derive(Clone, Debug, Serialize)]
pub struct EndAppsOnPage {
    /// Where a form by GET with the field `unused_for` (days) leads: to the page with those that nobody used for so long.
    pub unused: String,
    /// The page with all of them.
    pub all: String,
    /// The language that was asked for: hidden field `lang` of that form, if it is some.
    pub lang: Option<String>,
}
