//! The pages of the people who run the server about all but accounts (people PPL-153).

use serde::Serialize;

use super::admin::StaffFrame;
use super::parts::MomentOnPage;
use super::people::{FieldOnPage, InvitationFields, InvitationOnPage};

/// The pages beside one page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct NeighboursOnPage {
    /// Link to newer entries.
    pub newer: Option<String>,
    /// Link to older ones.
    pub older: Option<String>,
}

/// `GET /admin/invitations`: who invites whom.
#[derive(Debug, Serialize)]
pub struct AdminInvitationsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the forms post to, with the field `do`: `make` (`max_uses`, `expires_in`, `comment`, `email`, `skips_review`) or
    /// `end` (`id`).
    pub action: String,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// The account whose invitations are shown, where they are not those of all.
    pub maker: Option<String>,
    /// Link to those of all, then.
    pub all: Option<String>,
    /// The page that ends all of that account.
    pub end_all: Option<String>,
    /// The invitations, the newest first.
    pub invitations: Vec<InvitationRow<'a>>,
    /// The pages beside.
    pub neighbours: NeighboursOnPage,
    /// Whether one more can be made.
    pub may_make: bool,
    /// The fields of a new one.
    pub fields: InvitationFields,
    /// Whether a new one skips the review.
    pub skips_review: bool,
    /// What just happened.
    pub notice: Option<&'static str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
}

/// An invitation as staff sees it.
#[derive(Debug, Serialize)]
pub struct InvitationRow<'a> {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: InvitationOnPage<'a>,
    /// The name of whoever made it; none for the command line.
    pub maker: Option<&'a str>,
    /// The page of that account.
    pub account: Option<String>,
    /// All invitations of that account.
    pub others: Option<String>,
    /// Whether staff need not review whom it brings.
    pub skips_review: bool,
    /// Whether the reader may end it.
    pub may_end: bool,
}

/// What will happen, and the proof that it is you.
#[derive(Debug, Serialize)]
pub struct AdminConfirmPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the form posts to.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// What will be done, in English words.
    pub words: &'static str,
    /// What that means, in English.
    pub what: &'static str,
    /// To what it is done; may be empty.
    pub subject: String,
    /// The formats of the file that will be made (field `format`); empty where there is none.
    pub formats: Vec<ChoiceOnPage>,
    /// Whether the password must be given (field `current_password`).
    pub asks_password: bool,
    /// Where somebody without a password signs in again.
    pub sign_in: Option<String>,
    /// What is wrong.
    pub error: Option<String>,
    /// Where "no" leads.
    pub back: String,
}

/// Something to choose.
#[derive(Clone, Debug, Serialize)]
pub struct ChoiceOnPage {
    /// The value of the field.
    pub name: &'static str,
    /// What it is called, in English words.
    pub words: &'static str,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// `GET /admin/mail`: the outbox.
#[derive(Debug, Serialize)]
pub struct AdminMailsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the filter leads (`method="get"`, field `state`).
    pub action: &'a str,
    /// Hidden field `lang` of the filter, when the reader chose a language.
    pub lang: Option<String>,
    /// The states to choose from.
    pub states: Vec<ChoiceOnPage>,
    /// The mails, the newest first.
    pub mails: Vec<MailRow<'a>>,
    /// The pages beside.
    pub neighbours: NeighboursOnPage,
    /// Whether mail reaches nobody as the server is configured.
    pub reaches_nobody: bool,
    /// Where the form of the test mail posts to, with `form_token`; nothing for who may not send one.
    pub test_action: Option<String>,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The own address, to which the test mail goes; nothing without one.
    pub test_to: Option<&'a str>,
    /// What is wrong.
    pub error: Option<String>,
}

/// A mail in a list.
#[derive(Clone, Debug, Serialize)]
pub struct MailRow<'a> {
    /// Its page.
    pub link: String,
    /// What it is about, in English words.
    pub what: &'a str,
    /// To whom it goes.
    pub address: &'a str,
    /// Where it stands: `waiting`, `sending`, `sent`, `failed` or `cancelled`.
    pub state: &'static str,
    /// The same in English words.
    pub state_words: &'static str,
    /// How often it was tried.
    pub tries: u32,
    /// Since when it is there.
    pub made: MomentOnPage,
    /// The time of day of that in UTC.
    pub clock: String,
    /// What the mail server said last.
    pub reply: Option<&'a str>,
}

/// `GET /admin/mail/ID`: one mail.
#[derive(Debug, Serialize)]
pub struct AdminMailPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// The mail.
    pub mail: MailRow<'a>,
    /// The page of the account that it is about.
    pub account: Option<String>,
    /// When it is tried next, and the time of day of that in UTC.
    pub next: Option<(MomentOnPage, String)>,
    /// When it was sent, given up or cancelled, and the time of day of that in UTC.
    pub ended: Option<(MomentOnPage, String)>,
    /// Where the form posts to, with `form_token`, that has it tried again at once.
    pub retry: Option<String>,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The page that cancels it.
    pub cancel: Option<String>,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// What is wrong.
    pub error: Option<String>,
    /// The outbox.
    pub back: String,
}

/// `GET /admin/events`: what happened on the server.
#[derive(Debug, Serialize)]
pub struct AdminEventsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the filter leads (`method="get"`, the fields of `fields`, `event` and `outcome`).
    pub action: &'a str,
    /// Hidden field `lang` of the filter, when the reader chose a language.
    pub lang: Option<String>,
    /// The kinds to choose from (field `event`).
    pub kinds: Vec<ChoiceOnPage>,
    /// The outcomes to choose from (field `outcome`).
    pub outcomes: Vec<ChoiceOnPage>,
    /// The other fields of the filter.
    pub fields: EventFields,
    /// Whether anything is narrowed.
    pub is_narrow: bool,
    /// The events, the newest first.
    pub events: Vec<EventRow>,
    /// The pages beside.
    pub neighbours: NeighboursOnPage,
    /// The page that exports what is looked at; nothing for who may not.
    pub export: Option<String>,
}

/// The fields of the filter of events, by their names.
#[derive(Clone, Debug, Serialize)]
pub struct EventFields {
    /// Who did it: a name, an id, or `command`, `system`, `nobody`.
    pub actor: FieldOnPage,
    /// To what it was done: a name or an id.
    pub target: FieldOnPage,
    /// From which network.
    pub network: FieldOnPage,
    /// From which day on.
    pub since: FieldOnPage,
    /// Until which day.
    pub until: FieldOnPage,
}

/// Something that happened, as staff sees it.
#[derive(Clone, Debug, Serialize)]
pub struct EventRow {
    /// What, in English words, or the name of its kind.
    pub what: String,
    /// Whether it was refused.
    pub refused: bool,
    /// When.
    pub at: MomentOnPage,
    /// The time of day in UTC.
    pub clock: String,
    /// Who did it.
    pub by: SubjectOnPage,
    /// To what it was done.
    pub target: Option<SubjectOnPage>,
    /// The app that it was done with.
    pub app: Option<SubjectOnPage>,
    /// From which network.
    pub network: Option<String>,
    /// With what device.
    pub device: Option<String>,
    /// What else is kept of it: names and values.
    pub details: Vec<(String, String)>,
}

/// Somebody or something that an event names.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectOnPage {
    /// Its name, or its id where no name is known; empty where `words` says who it is.
    pub name: String,
    /// What it is, in English words, where it has no name.
    pub words: Option<&'static str>,
    /// Its page.
    pub link: Option<String>,
}

/// `GET /admin/apps`: the apps, searched.
#[derive(Debug, Serialize)]
pub struct AdminAppsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the search form leads (`method="get"`, field `q`).
    pub action: &'a str,
    /// Hidden field `lang` of the search form, when the reader chose a language.
    pub lang: Option<String>,
    /// What was searched for: part of a name or a website.
    pub searched: String,
    /// The apps, the newest first.
    pub apps: Vec<AppRow<'a>>,
    /// The pages beside.
    pub neighbours: NeighboursOnPage,
    /// What was just done.
    pub notice: Option<&'static str>,
}

/// An app as staff sees it.
#[derive(Clone, Debug, Serialize)]
pub struct AppRow<'a> {
    /// Its page.
    pub link: String,
    /// The name that it registered.
    pub name: &'a str,
    /// Its website, only when that is http or https: what a link leads to.
    pub website: Option<&'a str>,
    /// The website's host, in ASCII.
    pub website_host: Option<String>,
    /// Whether it is the server's own.
    pub first_party: bool,
    /// Whether it has no secret.
    pub public: bool,
    /// When it registered.
    pub since: MomentOnPage,
    /// From which network, as far as that is remembered.
    pub network: Option<&'a str>,
    /// How many of its tokens live.
    pub live_tokens: usize,
    /// How many people let it act for them.
    pub people: usize,
    /// Whether there are more than were counted.
    pub has_more: bool,
    /// When it last used a token.
    pub last_used: Option<MomentOnPage>,
}

/// `GET /admin/apps/ID`: one app.
#[derive(Debug, Serialize)]
pub struct AdminAppPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// The app.
    pub app: AppRow<'a>,
    /// Where it may send people back to.
    pub redirect_uris: Vec<&'a str>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// The page that removes it; nothing for who may not.
    pub remove: Option<String>,
    /// The apps.
    pub back: String,
}

/// `GET /admin/blocks` and `GET /admin/blocks/domains`: networks, or mail domains, that are kept out.
#[derive(Debug, Serialize)]
pub struct AdminBlocksPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where the forms post to, with the field `do`: `make` (`ip`, `severity`, `comment`, `expires_in`, or `domain`) or `end`
    /// (`id`).
    pub action: String,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// Whether mail domains are shown; else networks.
    pub of_domains: bool,
    /// Where the others are.
    pub others: String,
    /// What is kept out, the newest first.
    pub blocks: Vec<BlockRow>,
    /// The pages beside.
    pub neighbours: NeighboursOnPage,
    /// The fields of a new one.
    pub fields: BlockFields,
    /// What just happened.
    pub notice: Option<&'static str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
}

/// Something that is kept out.
#[derive(Clone, Debug, Serialize)]
pub struct BlockRow {
    /// Its id.
    pub id: String,
    /// The network, or the domain.
    pub subject: String,
    /// What nobody may from the network, in English words.
    pub severity: Option<&'static str>,
    /// What staff notes.
    pub comment: String,
    /// When it was made.
    pub made: MomentOnPage,
    /// When it is over.
    pub expires: Option<MomentOnPage>,
}

/// The fields of something that is to be kept out, by the names that they are posted under.
#[derive(Clone, Debug, Serialize)]
pub struct BlockFields {
    /// The address or network.
    pub ip: FieldOnPage,
    /// What nobody may from there (field `severity`).
    pub severities: Vec<ChoiceOnPage>,
    /// The note.
    pub comment: FieldOnPage,
    /// For how many seconds; empty for ever.
    pub expires_in: FieldOnPage,
    /// The mail domain.
    pub domain: FieldOnPage,
}
