//! The pages of second factors: the step of a sign-in, and one's own factors.

use serde::Serialize;

use super::parts::{AccountOnPage, AppOnPage, MomentOnPage};
use super::people::FieldOnPage;

/// Another kind of proof that the account can give.
#[derive(Clone, Debug, Serialize)]
pub struct OtherWay {
    /// `passkey`, `totp`, `email`, `recovery`, or a kind of the host's own.
    pub method: &'static str,
    /// The page that asks for it.
    pub address: String,
    /// How it is named, when it is a kind of the host's own.
    pub name: Option<String>,
}

/// A factor of the host's own, on the page that asks for one.
#[derive(Clone, Debug, Serialize)]
pub struct HostFactorOnPage {
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// What the person is told, once it has begun.
    pub text: Option<String>,
    /// The label of the field `code`; `None` when nothing is typed.
    pub field: Option<String>,
    /// Hidden field `state` of the form with the answer.
    pub state: String,
    /// Where the form posts to that begins it, once more too; `None` when it begins by itself.
    pub start_action: Option<String>,
}

/// `GET /oauth/factor`: the password was right, and the account wants a second proof.
#[derive(Debug, Serialize)]
pub struct FactorPage<'a> {
    /// What is asked for: `passkey`, `totp`, `email`, `recovery` or a kind of the host's own; empty when the account can give nothing.
    pub method: &'static str,
    /// Where the form posts `code` to, or the `credential` of a passkey.
    pub action: String,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// Hidden field `pending` of all forms.
    pub pending: &'a str,
    /// The app that asked, if one did.
    pub app: Option<AppOnPage<'a>>,
    /// Who is signing in.
    pub account: AccountOnPage<'a>,
    /// What else can be given instead.
    pub others: Vec<OtherWay>,
    /// What there is to say of a kind of the host's own, where one is asked for.
    pub host: Option<HostFactorOnPage>,
    /// What a script uses a passkey with (`navigator.credentials.get`), where one is asked for: JSON.
    pub options: String,
    /// Where a code by mail goes, most of it hidden.
    pub masked_email: String,
    /// Whether one was sent.
    pub sent: bool,
    /// Where the form that has one sent posts to.
    pub request_action: String,
    /// What went wrong at the last try, in words for the person.
    pub error: Option<&'static str>,
    /// Where the form of "cancel" posts to.
    pub cancel_action: String,
    /// Whether the form has the checkbox `remember` ("1"): this browser is not asked again.
    pub may_be_trusted: bool,
    /// The page for whoever has none of these any more, where there is a way back.
    pub way_back: Option<String>,
}

/// A request to remove the second factors, on a page.
#[derive(Clone, Debug, Serialize)]
pub struct WayBackOnPage {
    /// When it was asked for.
    pub asked: MomentOnPage,
    /// From when on they can be removed.
    pub ripe: MomentOnPage,
    /// Until when.
    pub until: MomentOnPage,
}

/// A notice at the top of every page of somebody whose second factors are to be removed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct WayBackNotice {
    /// From when on they can be removed.
    pub ripe: MomentOnPage,
    /// The page where that is stopped.
    pub security: String,
}

/// The pages of whoever lost all second factors, and of the owner who stops that.
#[derive(Debug, Serialize)]
pub struct WayBackPage<'a> {
    /// What is shown: `ask` before a code was sent, `code` for the code, `wait` while it was asked for and is not ripe, `paused` when
    /// it cannot be asked for yet, `claim` when only the person's word is missing, `stop` for the link of a mail, `stopped` afterwards.
    pub stage: &'static str,
    /// Where the main form posts to: `code` for the code, the hidden field `code` of the claim, `token` of the stop.
    pub action: String,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// Hidden field `pending` of the forms of a sign-in.
    pub pending: Option<&'a str>,
    /// Hidden field `code` of the claim.
    pub code: &'a str,
    /// Hidden field `token` of the form that stops it.
    pub token: &'a str,
    /// The app that asked, if one did.
    pub app: Option<AppOnPage<'a>>,
    /// The name of the account.
    pub username: &'a str,
    /// Where the form that has a code sent posts to.
    pub request_action: String,
    /// Where a code by mail goes, most of it hidden.
    pub masked_email: String,
    /// How many days somebody waits who asks now.
    pub days: u64,
    /// The request, where there is one.
    pub request: Option<WayBackOnPage>,
    /// From when on it can be asked for again.
    pub paused_until: Option<MomentOnPage>,
    /// What went wrong at the last try, in words for the person.
    pub error: Option<&'static str>,
    /// Back to the other ways, or on to the sign-in.
    pub back: String,
    /// The page where somebody chooses a new password, after a stop.
    pub forgot: Option<String>,
}

/// `GET /oauth/email_code`: a code by mail in place of name and password. First it asks who somebody is, then for the code.
#[derive(Debug, Serialize)]
pub struct EmailCodePage<'a> {
    /// Where the form posts to: `identifier`, or `code`.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `pending`, once a code was asked for.
    pub pending: Option<&'a str>,
    /// The app that asked, if it is known.
    pub app: Option<AppOnPage<'a>>,
    /// The name or address, until a code was asked for.
    pub identifier: FieldOnPage,
    /// What went wrong at the last try, in words for the person.
    pub error: Option<&'static str>,
    /// What is said once a code was asked for; the same whether there is an account or not.
    pub notice: Option<&'a str>,
    /// Where another code is asked for; empty before the first.
    pub again: String,
    /// The sign-in page, with the request kept.
    pub sign_in: String,
}

/// A sign-in that waits for a second factor to be set up, on the page where that is done.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingSignIn<'a> {
    /// Hidden field `pending` of all forms.
    pub pending: &'a str,
    /// The page where another kind can be chosen.
    pub enrol: String,
    /// Where the form of "cancel" posts to.
    pub cancel_action: String,
}

/// `GET /oauth/enrol`: the account must have a second factor, and has none.
#[derive(Debug, Serialize)]
pub struct EnrolPage<'a> {
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// Hidden field `pending` of all forms.
    pub pending: &'a str,
    /// The app that asked, if one did.
    pub app: Option<AppOnPage<'a>>,
    /// Who is signing in.
    pub account: AccountOnPage<'a>,
    /// Where the form that adds a passkey posts to; `None` where passkeys do not count.
    pub passkey_action: Option<String>,
    /// Where the form that adds an authenticator app posts to; `None` where apps do not count.
    pub totp_action: Option<String>,
    /// Where the form posts to that only turns two-step sign-in on: for somebody who has a factor already.
    pub two_step_action: Option<String>,
    /// Until when it can be put off; `None` when it cannot.
    pub later_until: Option<MomentOnPage>,
    /// Whether it is the app that asks for it, not the server: the person can go back to the app without it (FAC-103).
    pub for_app: bool,
    /// Where the form posts to that puts it off.
    pub later_action: String,
    /// What went wrong, in words for the person.
    pub error: Option<&'static str>,
    /// Where the form of "cancel" posts to.
    pub cancel_action: String,
}

/// Something that signs in to an account beside its password.
#[derive(Clone, Debug, Serialize)]
pub struct OtherWayInOnPage<'a> {
    /// Its id.
    pub id: &'a str,
    /// `passkey`, `totp` or `provider`.
    pub kind: &'static str,
    /// How its owner named it, or the name of the provider.
    pub name: &'a str,
    /// Who the person is at the provider.
    pub label: Option<&'a str>,
    /// Since when it is there.
    pub made: MomentOnPage,
    /// When it was last used; not known of providers.
    pub last_used: Option<MomentOnPage>,
}

/// `GET /oauth/review`: a mailed link has set the password, and the owner says what of the other ways in stays.
#[derive(Debug, Serialize)]
pub struct ReviewPage<'a> {
    /// Where the form posts to: `remove` with the id of each that goes.
    pub action: String,
    /// Hidden field `form_token` of both forms.
    pub form_token: String,
    /// Hidden field `pending` of both forms.
    pub pending: &'a str,
    /// The app that asked, if one did.
    pub app: Option<AppOnPage<'a>>,
    /// Who is signing in.
    pub account: AccountOnPage<'a>,
    /// The other ways in.
    pub ways: Vec<OtherWayInOnPage<'a>>,
    /// What went wrong, in words for the person.
    pub error: Option<&'static str>,
    /// Where the form of "cancel" posts to.
    pub cancel_action: String,
}

/// An authenticator app on the page of the own factors.
#[derive(Clone, Debug, Serialize)]
pub struct FactorOnPage<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Since when it is there.
    pub made: MomentOnPage,
    /// When it was last used.
    pub last_used: Option<MomentOnPage>,
    /// Where the form of its name posts to.
    pub rename_action: String,
    /// Where the form that removes it posts to.
    pub remove_action: String,
}

/// A passkey that a page asks for: a script uses it, and submits the form.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyOnPage {
    /// Where the form posts `credential` to.
    pub action: String,
    /// What the script uses a passkey with (`navigator.credentials.get`): JSON.
    pub options: String,
    /// The id of a passkey that nobody has here, and that this browser used a moment ago: the script tells the browser
    /// (`PublicKeyCredential.signalUnknownCredential`).
    pub unknown: Option<String>,
}

/// What a script tells the browser of the passkeys that it keeps for somebody (`PublicKeyCredential.signalAllAcceptedCredentials` and
/// `signalCurrentUserDetails`).
#[derive(Clone, Debug, Serialize)]
pub struct PasskeySignalOnPage {
    /// The domain that they are for.
    pub rp_id: String,
    /// By what they know their owner, as base64url.
    pub user: String,
    /// The ids of those that count, as base64url: JSON.
    pub credentials: String,
    /// The user name.
    pub name: String,
    /// The name that is shown.
    pub display_name: String,
}

/// A passkey on the page of the own factors.
#[derive(Clone, Debug, Serialize)]
pub struct OwnPasskey<'a> {
    /// Its name, times and forms.
    pub factor: FactorOnPage<'a>,
    /// Whether it can be on several devices of its owner.
    pub can_be_synced: bool,
    /// Whether it is.
    pub synced: bool,
    /// Whether there may be a copy that is not its owner's: it signs nobody in any more.
    pub copied: bool,
}

/// `GET /account/security`: the own second factors.
#[derive(Debug, Serialize)]
pub struct SecurityPage<'a> {
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// Whose they are.
    pub username: &'a str,
    /// Whether a sign-in needs two proofs.
    pub two_step: bool,
    /// The passkeys.
    pub passkeys: Vec<OwnPasskey<'a>>,
    /// Where the form that adds a passkey posts to; `None` when there is no room, or there are none here.
    pub add_passkey_action: Option<String>,
    /// The authenticator apps.
    pub apps: Vec<FactorOnPage<'a>>,
    /// Where the form that adds an app posts to; `None` when there is no room.
    pub add_action: Option<String>,
    /// Whether a code by mail may be the second proof beside the apps.
    pub email: bool,
    /// Where the form that changes that posts to (field `on`).
    pub email_action: String,
    /// Where the form that turns two-step sign-in on and off posts to (field `on`).
    pub two_step_action: String,
    /// Where the form that makes new recovery codes posts to.
    pub recovery_action: String,
    /// How many recovery codes are left.
    pub recovery_left: i64,
    /// Whether somebody signed in a moment ago; else nothing can be changed before they confirm that it is them.
    pub fresh: bool,
    /// Where they do that.
    pub confirm: String,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// What went wrong.
    pub error: Option<String>,
    /// The page of the own account.
    pub account: String,
    /// Whether passkeys alone are the second proof, and recovery codes.
    pub only_passkeys: bool,
    /// Where the form that changes that posts to (field `on`); turning it on takes two passkeys that work.
    pub only_passkeys_action: String,
    /// What a script tells the browser of the passkeys.
    pub signal: Option<PasskeySignalOnPage>,
    /// That somebody asked to have all of them removed.
    pub way_back: Option<WayBackOnPage>,
    /// Where the form that stops that posts to.
    pub way_back_action: String,
}

/// The answer to `POST /account/security/totp`: an authenticator app is being set up.
#[derive(Debug, Serialize)]
pub struct TotpPage<'a> {
    /// Where the form posts to.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `setup_id`.
    pub setup_id: &'a str,
    /// Whose it will be.
    pub username: &'a str,
    /// The QR code: an element `svg`, to be put into the page as it is.
    pub qr_code: &'a str,
    /// The address that brings it into an app on this device.
    pub address: &'a str,
    /// What people type into an app without a camera, in groups.
    pub groups: Vec<&'a str>,
    /// The code of the app.
    pub code: FieldOnPage,
    /// A name for it.
    pub name: FieldOnPage,
    /// What is wrong beside that.
    pub error: Option<&'static str>,
    /// The page of the own factors; none in a sign-in that waits.
    pub security: Option<String>,
    /// The sign-in that waits for it.
    pub sign_in: Option<WaitingSignIn<'a>>,
}

/// The answer to `POST /account/security/passkeys`: a passkey is being added.
#[derive(Debug, Serialize)]
pub struct PasskeyPage<'a> {
    /// Where the form posts to.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `setup_id`.
    pub setup_id: &'a str,
    /// What a script makes a passkey from (`navigator.credentials.create`): JSON. It puts what comes of it into the hidden field
    /// `credential`.
    pub options: &'a str,
    /// Whose it will be.
    pub username: &'a str,
    /// A name for it.
    pub name: FieldOnPage,
    /// Whether the person is asked if sign-ins with the password want a second proof from now on (field `two_step`).
    pub asks_two_step: bool,
    /// What is wrong beside that.
    pub error: Option<&'static str>,
    /// The page of the own factors; none in a sign-in that waits.
    pub security: Option<String>,
    /// The sign-in that waits for it.
    pub sign_in: Option<WaitingSignIn<'a>>,
}

/// The answer to `POST /register/passkey`: a passkey is being made for a new account.
#[derive(Debug, Serialize)]
pub struct SignUpPasskeyPage<'a> {
    /// Where the form posts to.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `setup_id`.
    pub setup_id: &'a str,
    /// What a script makes a passkey from (`navigator.credentials.create`): JSON. It puts what comes of it into the hidden field
    /// `credential`.
    pub options: &'a str,
    /// The name of the account.
    pub username: &'a str,
    /// What was filled in, names and values: hidden fields of the form.
    pub fields: Vec<(&'static str, &'a str)>,
    /// What is wrong with the passkey that was made.
    pub error: Option<&'static str>,
    /// Back to the form with a password.
    pub back: String,
}

/// Recovery codes, shown this once.
#[derive(Debug, Serialize)]
pub struct RecoveryCodesPage<'a> {
    /// The codes.
    pub codes: Vec<&'a str>,
    /// Whose they are.
    pub username: &'a str,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// Where the form posts `codes` to that makes a file of them; none for somebody who is not signed in.
    pub download_action: Option<String>,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Where somebody goes on who has kept them.
    pub next: String,
    /// Hidden field `pending` of that form, when a sign-in goes on there.
    pub pending: Option<&'a str>,
    /// Hidden field `lang` of that form, when the reader chose a language.
    pub lang: Option<String>,
}
