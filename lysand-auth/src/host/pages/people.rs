//! The pages of a sign-up.

use serde::Serialize;

use super::parts::{AccountOnPage, AppOnPage, MomentOnPage, ProviderOnPage};

/// One field of a form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FieldOnPage {
    /// Whether it is there at all.
    pub asked: bool,
    /// Whether it may not be empty.
    pub required: bool,
    /// What was typed before; never a password.
    pub value: String,
    /// What is wrong with it, in words that follow the field's name.
    pub error: Option<String>,
}

/// The fields of a sign-up, by the names that they are posted under.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignUpFields {
    /// The name.
    pub username: FieldOnPage,
    /// The address.
    pub email: FieldOnPage,
    /// The password.
    pub password: FieldOnPage,
    /// Why somebody wants to join.
    pub reason: FieldOnPage,
    /// The day of birth.
    pub date_of_birth: FieldOnPage,
    /// The code of an invitation.
    pub invite_code: FieldOnPage,
    /// A box to tick: the rules are agreed to.
    pub agreement: FieldOnPage,
    /// The proof of work, which a script fills in.
    pub altcha: FieldOnPage,
    /// A field that must stay empty, and that people do not see unless something filled it in.
    pub homepage: FieldOnPage,
}

/// A service that vouches for somebody who signs up (`GET /register/finish`).
#[derive(Clone, Debug, Serialize)]
pub struct ProviderSignUpOnPage<'a> {
    /// Its name.
    pub name: &'a str,
    /// Hidden field `flow_id`.
    pub flow_id: &'a str,
    /// The address there that counts as confirmed, and is not asked for.
    pub email: Option<String>,
    /// Whether its address is left out, because an account here has it.
    pub is_taken: bool,
    /// Where "cancel" leads.
    pub cancel: String,
}

/// `GET /register`: somebody wants an account.
#[derive(Debug, Serialize)]
pub struct SignUpPage<'a> {
    /// Where the form posts to.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The app that somebody came from.
    pub app: Option<AppOnPage<'a>>,
    /// Who is signed in with this browser already, and where they go on.
    pub current: Option<AccountOnPage<'a>>,
    /// Where that account goes on.
    pub go_on: String,
    /// Why nobody may sign up; the form is not shown then.
    pub closed: Option<String>,
    /// Whether an invitation is needed, and there is none yet: only its field is shown.
    pub needs_invitation: bool,
    /// Whether staff decides.
    pub reviewed: bool,
    /// The fields.
    pub fields: SignUpFields,
    /// The rules of the server.
    pub rules: &'a [String],
    /// The address of the terms; empty when there are none.
    pub tos_url: &'a str,
    /// The age that is asked for; 0 when none is.
    pub minimum_age: u8,
    /// Where a script gets the challenge for the proof of work; `None` when none is asked for.
    pub challenge: Option<String>,
    /// Where the form posts to for a passkey in place of the password; `None` where that is not offered.
    pub passkey_action: Option<String>,
    /// The service that vouches for the person, who has only to choose a name.
    pub provider: Option<ProviderSignUpOnPage<'a>>,
    /// Other services to sign up with.
    pub providers: Vec<ProviderOnPage<'a>>,
    /// The sign-in page, with the request kept.
    pub sign_in: String,
}

/// `GET /register/waiting`: the account is not usable yet.
#[derive(Debug, Serialize)]
pub struct WaitingPage<'a> {
    /// `unconfirmed`, `pending`, `ready`, `rejected` or `expired`.
    pub state: &'static str,
    /// The account's name.
    pub username: &'a str,
    /// Its address.
    pub email: &'a str,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// Where the forms post to: `…/confirm`, `…/resend`, `…/email`, `…/continue`, `…/withdraw` follow.
    pub base: &'a str,
    /// Where a script asks how far it is.
    pub state_url: &'a str,
    /// What just happened, in words for the person.
    pub notice: Option<&'a str>,
    /// What is wrong with the code.
    pub code_error: Option<String>,
    /// What is wrong with the other address, and what was typed.
    pub email_error: Option<String>,
    /// The other address as it was typed.
    pub other_email: String,
    /// What staff says, when they declined.
    pub message: &'a str,
    /// The sign-in page, with the request kept.
    pub sign_in: String,
}

/// `GET /register/confirm`: is this address yours? Looking at it changes nothing.
#[derive(Debug, Serialize)]
pub struct ConfirmAddressPage<'a> {
    /// Where the forms post to, with the field `do`: `confirm` or `disown`.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `token`.
    pub token: &'a str,
    /// The account's name.
    pub username: &'a str,
    /// The address.
    pub email: &'a str,
    /// When somebody signed up with it.
    pub signed_up: Option<MomentOnPage>,
    /// Whether a passkey signs in to it already.
    pub has_passkey: bool,
    /// Where a script gets the challenge for the proof of work, whose solution goes into the field `altcha`; `None` when none is
    /// asked for.
    pub challenge: Option<&'a str>,
    /// What went wrong at the last try.
    pub error: Option<&'a str>,
}

/// Something that happened, or did not, and what can be done next.
#[derive(Debug, Serialize)]
pub struct MessagePage<'a> {
    /// A short heading.
    pub title: &'a str,
    /// What happened.
    pub message: &'a str,
    /// A form with one button: where it posts to.
    pub action: Option<&'a str>,
    /// Hidden fields of that form.
    pub fields: &'a [(&'a str, &'a str)],
    /// What the button says.
    pub button: &'a str,
    /// A link: where it leads.
    pub link: Option<&'a str>,
    /// What the link says.
    pub link_text: &'a str,
    /// The app that the link's text names at `{}`, if it does.
    pub link_app: Option<&'a str>,
}

/// `GET /account/forgot`: somebody does not know the password any more.
#[derive(Debug, Serialize)]
pub struct ForgotPage<'a> {
    /// Where the form posts to, with the field `identifier`; empty when a mail is on its way and there is no form any more.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The app that somebody came from.
    pub app: Option<AppOnPage<'a>>,
    /// The name or address.
    pub identifier: FieldOnPage,
    /// What is said once the form was sent; the same whether there is an account or not.
    pub notice: Option<&'a str>,
    /// The sign-in page, with the request kept.
    pub sign_in: String,
}

/// `GET /oauth/reset`: a new password is chosen. Looking at it changes nothing.
#[derive(Debug, Serialize)]
pub struct ResetPage<'a> {
    /// Where the form posts to, with the field `password`.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `token`.
    pub token: &'a str,
    /// The account's name.
    pub username: &'a str,
    /// Whether the people who run the server demand it.
    pub demanded: bool,
    /// The new password.
    pub password: FieldOnPage,
    /// What went wrong at the last try, where it is no problem of the password.
    pub error: Option<&'a str>,
}

/// `GET /account/password`: another password, or the first one.
#[derive(Debug, Serialize)]
pub struct PasswordPage<'a> {
    /// Where the forms post to, with the fields `current_password` and `password`; with `do` = `link` for a mail.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// Whether there is a password so far. Where there is none, and nobody signed in a moment ago, a mail with a link sets one.
    pub exists: bool,
    /// Whether somebody signed in a moment ago.
    pub fresh: bool,
    /// The password so far.
    pub current_password: FieldOnPage,
    /// The new one.
    pub password: FieldOnPage,
    /// Whether the person may let apps stay: a box `sign_out_apps`, ticked.
    pub offers_apps: bool,
    /// What just happened.
    pub notice: Option<&'a str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<&'a str>,
    /// The own account.
    pub account: String,
}

/// `GET /account/confirm`: somebody who is signed in confirms that it is them, before they change what whoever has the account
/// must not lose.
#[derive(Debug, Serialize)]
pub struct ConfirmIdentityPage<'a> {
    /// Where the form posts to, with the field `current_password`.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `then`: where the person goes afterwards.
    pub then: &'a str,
    /// The account's name.
    pub username: &'a str,
    /// The password; not asked where there is none, and then there is no form.
    pub current_password: FieldOnPage,
    /// A code of an authenticator app, or a recovery code; asked where a sign-in needs two proofs.
    pub otp: FieldOnPage,
    /// What went wrong at the last try, where it is no problem of the field.
    pub error: Option<&'a str>,
    /// Where the person signs in once more instead, and comes back to `then`.
    pub sign_in: String,
    /// The own account.
    pub account: String,
}

/// `GET /account/activity`: what happened to the account.
#[derive(Debug, Serialize)]
pub struct ActivityPage<'a> {
    /// The account's name.
    pub username: &'a str,
    /// What happened, the newest first.
    pub activity: Vec<ActivityOnPage>,
    /// Where somebody goes who did not do all of it: another password; `None` where there are none.
    pub password: Option<String>,
    /// The own account.
    pub account: String,
}

/// Something that happened to an account.
#[derive(Debug, Serialize)]
pub struct ActivityOnPage {
    /// What, in English words that [`page_texts`](crate::web::page_texts) lists.
    pub what: &'static str,
    /// How often on that day, from there.
    pub count: u32,
    /// When; of several, the last time.
    pub at: MomentOnPage,
    /// The hour and the minute in UTC, `21:20`.
    pub clock: String,
    /// The app that it was done with.
    pub app: Option<String>,
    /// From which network; forgotten after a while.
    pub network: Option<String>,
    /// With what browser, `Firefox 140`; forgotten after a while.
    pub browser: Option<String>,
    /// On what system, `Linux`, where that is known.
    pub system: Option<String>,
    /// Who did it, where it was staff.
    pub by: Option<&'static str>,
}

/// `GET /account/email`: another address.
#[derive(Debug, Serialize)]
pub struct EmailPage<'a> {
    /// Where the forms post to, with the field `do`: `ask` (`email`, `current_password`), `code` (`code`), `resend`, `cancel`.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// The address that is in force.
    pub email: Option<&'a str>,
    /// Whether it is confirmed.
    pub confirmed: bool,
    /// The address that waits to be confirmed.
    pub pending: Option<&'a str>,
    /// Until when the former address can undo the last change.
    pub undo_until: Option<MomentOnPage>,
    /// The new address.
    pub new_email: FieldOnPage,
    /// The password, where nobody signed in a moment ago.
    pub current_password: FieldOnPage,
    /// Where somebody confirms first that it is them: the sign-in was too long ago, and there is no password to ask for here.
    pub confirm: Option<String>,
    /// Whether the form has the checkbox `give_up_old` ("1"): the old address cannot undo the change then.
    pub may_give_up_old: bool,
    /// The code of the mail.
    pub code: FieldOnPage,
    /// What just happened.
    pub notice: Option<&'a str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
    /// The own account.
    pub account: String,
}

/// `GET /account/email/confirm`, `/stop`, `/undo`: the link of a mail about an address. Looking at it changes nothing.
#[derive(Debug, Serialize)]
pub struct AddressPage<'a> {
    /// `confirm`, `stop` or `undo`.
    pub asks: &'static str,
    /// Where the form posts to.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `token`.
    pub token: &'a str,
    /// The account's name.
    pub username: &'a str,
    /// The former address.
    pub old: Option<&'a str>,
    /// The new address.
    pub new: &'a str,
    /// When it was asked for, or changed.
    pub day: MomentOnPage,
}

/// `GET /account/profile`: how one is shown, and the language of the pages.
#[derive(Debug, Serialize)]
pub struct ProfilePage<'a> {
    /// Where the form posts to, with the fields `display_name` and `locale`.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// The name to show; not asked for where the host keeps none.
    pub display_name: FieldOnPage,
    /// Whether the language is asked for.
    pub asks_language: bool,
    /// The languages of the pages; with none chosen, the browser decides (an empty `locale`).
    pub languages: Vec<LanguageOnPage>,
    /// What is wrong with the language.
    pub language_error: Option<String>,
    /// What just happened.
    pub notice: Option<&'a str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<&'a str>,
    /// The own account.
    pub account: String,
}

/// A language that can be chosen.
#[derive(Clone, Debug, Serialize)]
pub struct LanguageOnPage {
    /// Its tag.
    pub tag: String,
    /// What it calls itself.
    pub name: String,
    /// Whether the account has chosen it.
    pub chosen: bool,
}

/// `GET /account/invitations`: the own invitations.
#[derive(Debug, Serialize)]
pub struct InvitationsPage<'a> {
    /// Where the forms post to, with the field `do`: `make` (`max_uses`, `expires_in`, `comment`, `email`, `skips_review`) or
    /// `end` (`id`).
    pub action: &'a str,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// The invitations, the newest first.
    pub invitations: Vec<InvitationOnPage<'a>>,
    /// Whether one more can be made.
    pub may_make: bool,
    /// From when on somebody may invite whose account is too young.
    pub from: Option<MomentOnPage>,
    /// Whether staff makes them, within no bounds of people.
    pub is_staff: bool,
    /// How many usable ones one may have.
    pub most_open: Option<u32>,
    /// The fields of a new one.
    pub fields: InvitationFields,
    /// What just happened.
    pub notice: Option<&'a str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
    /// The own account.
    pub account: String,
}

/// The fields of a new invitation, by the names that they are posted under.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InvitationFields {
    /// How often it can be used.
    pub max_uses: FieldOnPage,
    /// For how many seconds, or `never`.
    pub expires_in: FieldOnPage,
    /// A note.
    pub comment: FieldOnPage,
    /// The address that it is mailed to, and that alone may use it.
    pub email: FieldOnPage,
}

/// An invitation as its maker sees it.
#[derive(Debug, Serialize)]
pub struct InvitationOnPage<'a> {
    /// Its key, for the form that ends it.
    pub id: &'a str,
    /// Where somebody signs up with it; none where it was mailed.
    pub link: Option<String>,
    /// The address that it was mailed to.
    pub email: Option<&'a str>,
    /// Its maker's note.
    pub comment: Option<&'a str>,
    /// How often it was used.
    pub uses: i64,
    /// How often it can be; `None` as often as one likes.
    pub max_uses: Option<i64>,
    /// When it was made.
    pub made: MomentOnPage,
    /// Until when it counts.
    pub expires: Option<MomentOnPage>,
    /// `usable`, `used_up`, `expired` or `ended`.
    pub state: &'a str,
}
