//! The pages of the people who run the server (people PPL-151 to PPL-153, PPL-155).

use serde::Serialize;

use super::parts::MomentOnPage;
use super::people::FieldOnPage;

/// What every page for staff has: who looks, and where the others are.
#[derive(Clone, Debug, Serialize)]
pub struct StaffFrame<'a> {
    /// Who is signed in.
    pub username: &'a str,
    /// The pages to go to, in their order.
    pub places: Vec<StaffPlace>,
    /// The requests to join.
    pub requests: String,
    /// How many of them wait.
    pub waiting: u64,
    /// The accounts.
    pub accounts: String,
}

/// A page that every page for staff leads to.
#[derive(Clone, Debug, Serialize)]
pub struct StaffPlace {
    /// Its address.
    pub link: String,
    /// Its name, in English.
    pub words: &'static str,
    /// How much waits there.
    pub count: u64,
    /// Whether it is the page that is shown.
    pub is_current: bool,
}

/// `GET /admin`: how things are.
#[derive(Debug, Serialize)]
pub struct AdminHomePage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// How many accounts there are.
    pub people: u64,
    /// How many of them are stopped.
    pub stopped: u64,
    /// How many mails were given up lately.
    pub failed_mails: u64,
    /// Where they are.
    pub failed: String,
    /// Whether mail reaches nobody as the server is configured.
    pub reaches_nobody: bool,
    /// Who may sign up: `open`, `approval`, `invitation` or `closed`.
    pub mode: &'static str,
    /// What happened in the last days, a chart each.
    pub charts: Vec<ChartOnPage>,
}

/// How often something happened on each of the last days.
#[derive(Clone, Debug, Serialize)]
pub struct ChartOnPage {
    /// What, in English words.
    pub words: &'static str,
    /// How often in all.
    pub total: i64,
    /// How often on the day with the most.
    pub most: i64,
    /// The days, the oldest first.
    pub days: Vec<DayOnChart>,
}

/// A day of a chart.
#[derive(Clone, Debug, Serialize)]
pub struct DayOnChart {
    /// The day: `2026-11-29`.
    pub day: String,
    /// How often.
    pub number: i64,
    /// Where its bar begins, in tenths of a day's width.
    pub x: usize,
    /// How high its bar is: 0 to 50.
    pub height: i64,
}

/// `GET /admin/requests`: who wants to join.
#[derive(Debug, Serialize)]
pub struct AdminRequestsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the form posts to, with `do` (`approve` or `reject`), one `id` for each request, and `message`.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The requests, the oldest first; those whose address is confirmed come first.
    pub requests: Vec<RequestOnPage>,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// What is wrong.
    pub error: Option<String>,
    /// The message as it was typed.
    pub message: String,
}

/// Somebody who wants to join.
#[derive(Clone, Debug, Serialize)]
pub struct RequestOnPage {
    /// The account's id.
    pub id: String,
    /// Its page.
    pub link: String,
    /// Its name.
    pub username: String,
    /// Its address; empty without one.
    pub email: String,
    /// Whether that is confirmed.
    pub confirmed: bool,
    /// Why they want to join, in their words.
    pub reason: Option<String>,
    /// The network from which they signed up.
    pub network: Option<String>,
    /// Since when they wait.
    pub since: MomentOnPage,
}

/// `GET /admin/accounts`: the accounts, searched and filtered.
#[derive(Debug, Serialize)]
pub struct AdminAccountsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the search form leads (`method="get"`, fields `q`, `state`, `role`).
    pub action: &'a str,
    /// Hidden field `lang` of the search form, when the reader chose a language.
    pub lang: Option<String>,
    /// What was searched for: part of a name or an address, or a network.
    pub searched: String,
    /// The state that is shown: `active`, `pending`, `disabled`, `suspended`, or empty for all.
    pub state: &'static str,
    /// The role that is shown: `user`, `moderator`, `admin`, or empty for all.
    pub role: &'static str,
    /// The accounts, the newest first.
    pub accounts: Vec<AccountRow>,
    /// Link to newer ones.
    pub newer: Option<String>,
    /// Link to older ones.
    pub older: Option<String>,
    /// Where an account is made for somebody; nothing where none can be.
    pub make: Option<String>,
}

/// `GET /admin/new_account`: an account for somebody else.
#[derive(Debug, Serialize)]
pub struct AdminNewAccountPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the form posts to, with `username`, `email`, `send` (a box), `role` and `current_password`.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The name.
    pub username: FieldOnPage,
    /// The address of its owner.
    pub email: FieldOnPage,
    /// The roles to choose from; none for whoever gives none.
    pub roles: Vec<RoleChoice>,
    /// Whether the mail with the link goes out at once.
    pub sends: bool,
    /// Whether the password must be given (field `current_password`) for another role than that of a user.
    pub asks_password: bool,
    /// Where somebody without a password signs in again first.
    pub sign_in: Option<String>,
    /// What is wrong, where it is no problem of a field.
    pub error: Option<String>,
    /// The accounts.
    pub back: String,
}

/// An account in a list.
#[derive(Clone, Debug, Serialize)]
pub struct AccountRow {
    /// Its page.
    pub link: String,
    /// Its name.
    pub username: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// Its address; empty without one.
    pub email: String,
    /// Whether it may act, in English words.
    pub state: &'static str,
    /// What it may do, in English words.
    pub role: &'static str,
    /// When it was made, if that is known.
    pub since: Option<MomentOnPage>,
    /// The network from which it was last used, as far as that is remembered.
    pub network: Option<String>,
}

/// `GET /admin/accounts/ID`: one account.
#[derive(Debug, Serialize)]
pub struct AdminAccountPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// The account.
    pub account: AccountRow,
    /// Whether its address is confirmed.
    pub confirmed: bool,
    /// Why its owner wanted to join.
    pub reason: Option<String>,
    /// The page of whoever invited them.
    pub inviter: Option<String>,
    /// From where it was used, the latest first.
    pub places: Vec<NetworkOnPage>,
    /// Hidden field `form_token` of the acts that are done at once.
    pub form_token: String,
    /// Where they post to, with `do`.
    pub action: String,
    /// What can be done.
    pub acts: Vec<ActOnPage>,
    /// What happened to it lately, the newest first.
    pub events: Vec<EventOnPage>,
    /// All that happened to it.
    pub all_events: String,
    /// The invitations that it made.
    pub invitations: String,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// What is wrong.
    pub error: Option<String>,
}

/// From where an account was used.
#[derive(Clone, Debug, Serialize)]
pub struct NetworkOnPage {
    /// The network.
    pub network: String,
    /// When it was last used from there.
    pub last: MomentOnPage,
}

/// Something that can be done to an account.
#[derive(Clone, Debug, Serialize)]
pub struct ActOnPage {
    /// The value of `do`.
    pub name: &'static str,
    /// What it is, in English words.
    pub words: &'static str,
    /// The page that says what will happen; `None` for what is done at once.
    pub link: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct EventOnPage {
    /// What, in English words, or the name of its kind.
    pub what: &'static str,
    /// When.
    pub at: MomentOnPage,
    /// The time of day in UTC.
    pub clock: String,
    /// From which network.
    pub network: Option<String>,
    /// Whether staff did it.
    pub by_staff: bool,
}

/// `GET /admin/accounts/ID/ACT`: what will happen, and the proof that it is you.
#[derive(Debug, Serialize)]
pub struct AdminActPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the form posts to.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name.
    pub username: String,
    /// What will be done, in English words.
    pub words: &'static str,
    /// What that means, in English.
    pub what: &'static str,
    /// Whether something can be said to the owner (field `message`).
    pub takes_message: bool,
    /// The message as it was typed.
    pub message: String,
    /// The roles to choose from (field `role`), and the one that it has; empty for other acts.
    pub roles: Vec<RoleChoice>,
    /// Whether the password must be given (field `current_password`).
    pub asks_password: bool,
    /// Where somebody without a password signs in again.
    pub sign_in: Option<String>,
    /// What is wrong.
    pub error: Option<String>,
    /// The page of the account.
    pub back: String,
}

/// A role to choose.
#[derive(Clone, Debug, Serialize)]
pub struct RoleChoice {
    /// The value of the field.
    pub name: &'static str,
    /// Whether the account has it.
    pub chosen: bool,
}
