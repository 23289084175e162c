//! What the library wants shown, and the trait that shows it.

use async_trait::async_trait;
use serde::Serialize;

use super::accounts::ChooseAccountPage;
use super::admin::{
    AdminAccountPage, AdminAccountsPage, AdminActPage, AdminHomePage, AdminNewAccountPage, AdminRequestsPage,
};
use super::admin_lists::{
    AdminAppPage, AdminAppsPage, AdminBlocksPage, AdminConfirmPage, AdminEventsPage, AdminInvitationsPage,
    AdminMailPage, AdminMailsPage,
};
use super::admin_settings::AdminSettingsPage;
use super::devices::{DevicePage, ProgramSignInPage};
use super::factors::{
    EmailCodePage, EnrolPage, FactorPage, PasskeyOnPage, PasskeyPage, PasskeySignalOnPage, RecoveryCodesPage,
    ReviewPage, SecurityPage, SignUpPasskeyPage, TotpPage, WayBackPage,
};
use super::leaving::{ClosePage, ExportPage};
use super::parts::{AccountOnPage, AppOnPage, LinkOnPage, MomentOnPage, ProviderOnPage};
use super::people::{
    ActivityPage, AddressPage, ConfirmAddressPage, ConfirmIdentityPage, EmailPage, ForgotPage, InvitationsPage,
    MessagePage, PasswordPage, ProfilePage, ResetPage, SignUpPage, WaitingPage,
};
use super::reply::{PageReply, PageRequest};
use super::sign_ins::{EndAppsOnPage, EndAppsPage, EndEverythingPage, SessionsPage, SignOutPage};
use super::tokens::TokensPage;
use crate::host::HostResult;
pub use crate::model::language::Language;
pub use crate::model::permission::{Access, Permission, sentence};
pub use crate::model::reader::Reader;
pub use crate::model::redirect_uri::Destination;

/// A page that the library wants shown to a person.
///
/// Every text in it may come from outside: a host escapes all of it (security WEB-7).
#[derive(Debug, Serialize)]
#[serde(tag = "page", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Page<'a> {
    /// `GET /oauth/authorize`: who are you?
    SignIn(SignInPage<'a>),
    /// `GET /oauth/authorize` with several accounts: as which of them does somebody go on?
    ChooseAccount(Box<ChooseAccountPage<'a>>),
    /// `GET /oauth/consent`: may this app act for you?
    Consent(ConsentPage<'a>),
    /// `GET /device`: may the program that shows this code act for you?
    Device(Box<DevicePage<'a>>),
    /// `GET /auth/oidc/confirm`: did you start the program that wants to sign in?
    ProgramSignIn(ProgramSignInPage<'a>),
    /// `GET /oauth/code`: the code to copy into the app.
    Code(CodePage<'a>),
    /// `GET /oauth/sso/link/confirm`: shall this identity belong to this account?
    ConfirmLink(ConfirmLinkPage<'a>),
    /// The answer to an app, as a form that the browser posts to it (`response_mode=form_post`).
    FormPost(FormPostPage<'a>),
    /// `GET /oauth/authorized_applications`: what may act for you, and how to end it.
    AuthorizedApplications(AuthorizedApplicationsPage<'a>),
    /// Something is wrong and the person cannot be sent back to the app.
    Error(ErrorPage<'a>),
    /// `GET /register`: somebody wants an account.
    SignUp(Box<SignUpPage<'a>>),
    /// `GET /register/waiting`: the account is not usable yet.
    Waiting(WaitingPage<'a>),
    /// `GET /register/confirm`: is this address yours?
    ConfirmAddress(ConfirmAddressPage<'a>),
    /// `GET /account/forgot`: somebody does not know the password any more.
    Forgot(ForgotPage<'a>),
    /// `GET /oauth/reset`: a new password is chosen.
    Reset(ResetPage<'a>),
    /// `GET /account/password`: another password, or the first one.
    Password(PasswordPage<'a>),
    /// `GET /account/invitations`: whom one invites.
    Invitations(InvitationsPage<'a>),
    /// `GET /account/tokens`: the own personal tokens.
    Tokens(Box<TokensPage<'a>>),
    /// `GET /account/close`: the account shall be deleted.
    Close(ClosePage<'a>),
    /// `GET /account/export`: a copy of all that is kept.
    Export(ExportPage<'a>),
    /// `GET /account/profile`: how one is shown.
    Profile(ProfilePage<'a>),
    /// `GET /account/confirm`: is it you?
    ConfirmIdentity(ConfirmIdentityPage<'a>),
    /// `GET /account/email`: another address.
    Email(EmailPage<'a>),
    /// `GET /account/email/confirm` and its neighbours: the link of a mail about an address.
    Address(AddressPage<'a>),
    /// `GET /account/activity`: what happened to the account.
    Activity(ActivityPage<'a>),
    /// `GET /admin`: how things are.
    AdminHome(AdminHomePage<'a>),
    /// `GET /admin/requests`: who wants to join.
    AdminRequests(AdminRequestsPage<'a>),
    /// `GET /admin/accounts`: the accounts.
    AdminAccounts(AdminAccountsPage<'a>),
    /// `GET /admin/new_account`: an account for somebody else.
    AdminNewAccount(AdminNewAccountPage<'a>),
    /// `GET /admin/accounts/ID`: one account.
    AdminAccount(Box<AdminAccountPage<'a>>),
    /// `GET /admin/accounts/ID/ACT`: what will happen to an account.
    AdminAct(AdminActPage<'a>),
    /// `GET /admin/settings`: what can be changed while the server runs.
    AdminSettings(Box<AdminSettingsPage<'a>>),
    /// `GET /admin/invitations`: the invitations of all.
    AdminInvitations(Box<AdminInvitationsPage<'a>>),
    /// `GET /admin/blocks`: what is kept out.
    AdminBlocks(Box<AdminBlocksPage<'a>>),
    /// `GET /admin/apps`: the apps.
    AdminApps(AdminAppsPage<'a>),
    /// `GET /admin/apps/ID`: one app.
    AdminApp(Box<AdminAppPage<'a>>),
    /// `GET /admin/mail`: the outbox.
    AdminMails(Box<AdminMailsPage<'a>>),
    /// `GET /admin/mail/ID`: one mail.
    AdminMail(Box<AdminMailPage<'a>>),
    /// `GET /admin/events`: what happened.
    AdminEvents(Box<AdminEventsPage<'a>>),
    /// What staff is about to do to all but an account.
    AdminConfirm(AdminConfirmPage<'a>),
    /// `GET /account/sessions`: what is signed in to the account.
    Sessions(SessionsPage<'a>),
    /// `GET /account/sessions/end`: shall everything end?
    EndEverything(EndEverythingPage<'a>),
    /// `GET /account/apps/end`: shall these apps lose their access?
    EndApps(EndAppsPage<'a>),
    /// `GET /oauth/logout`: shall this session end?
    SignOut(SignOutPage<'a>),
    /// `GET /oauth/email_code`: signing in with a code by mail.
    EmailCode(EmailCodePage<'a>),
    /// `GET /oauth/factor`: a second proof is asked for.
    Factor(FactorPage<'a>),
    /// `GET /oauth/factor/way_back` and `GET /account/way_back/stop`: all second factors are lost, or are not.
    WayBack(Box<WayBackPage<'a>>),
    /// `GET /oauth/review`: what of the other ways in stays, after a reset.
    Review(ReviewPage<'a>),
    /// The account must have a second factor.
    Enrol(EnrolPage<'a>),
    /// `GET /account/security`: the own second factors.
    Security(Box<SecurityPage<'a>>),
    /// The answer to `POST /account/security/totp`: an authenticator app is being set up.
    Totp(TotpPage<'a>),
    /// A passkey is being added.
    Passkey(PasskeyPage<'a>),
    /// The answer to `POST /register/passkey`: a passkey is being made for a new account.
    SignUpPasskey(SignUpPasskeyPage<'a>),
    /// Recovery codes, shown this once.
    RecoveryCodes(RecoveryCodesPage<'a>),
    /// Something that happened, or did not, and what can be done next.
    Message(MessagePage<'a>),
}

/// The sign-in page.
#[derive(Debug, Serialize)]
pub struct SignInPage<'a> {
    /// Where the form posts `identifier` and `password` to, query included: `/api/auth/login?client_id=…`.
    pub action: String,
    /// Hidden field `form_token`: proof that the post comes from this page.
    pub form_token: String,
    /// The app that asked; `None` only when the request named none.
    pub app: Option<AppOnPage<'a>>,
    /// What went wrong at the last try, in words for the person.
    pub error: Option<String>,
    /// The name that was typed at the last try, for the field `identifier`.
    pub typed: Option<String>,
    /// The account that is signed in already and may go on with one click.
    pub current: Option<CurrentAccount<'a>>,
    /// False when this server takes no passwords.
    pub password: bool,
    /// A passkey in place of name and password, where that is offered.
    pub passkey: Option<PasskeyOnPage>,
    /// Where somebody signs in with a code by mail, where that is offered.
    pub email_code: Option<String>,
    /// Other services to sign in with.
    pub providers: Vec<ProviderOnPage<'a>>,
    /// Where somebody without an account makes one; `None` when nobody may.
    pub sign_up: Option<String>,
    /// Where somebody goes who does not know the password any more; `None` when nothing can be done about it here.
    pub forgot: Option<String>,
}

/// A link came back to another browser than it began in: the owner of the account must say that it is right.
#[derive(Debug, Serialize)]
pub struct ConfirmLinkPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `flow_id`.
    pub flow_id: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// How the person knows the identity there.
    pub label: Option<&'a str>,
    /// The account that gets the identity.
    pub account: AccountOnPage<'a>,
    /// Whether the account's owner must prove to be there.
    pub password: bool,
    /// Whether a password (field `password`) can prove it; else a sign-in with this browser does.
    pub takes_password: bool,
    /// Where "no" leads.
    pub cancel: String,
    /// What went wrong at the last try.
    pub error: Option<String>,
}

/// An account that is signed in already, offered on the sign-in page (`force_login`, "not you?").
#[derive(Debug, Serialize)]
pub struct CurrentAccount<'a> {
    /// The account.
    pub account: AccountOnPage<'a>,
    /// Where the form "continue as …" posts to (with `form_token`); `None` when the password is asked again.
    pub continue_action: Option<String>,
}

/// The consent page. All of it comes from the database, nothing from the URL (security AS-2).
#[derive(Debug, Serialize)]
pub struct ConsentPage<'a> {
    /// What the sign-in that led here did besides: it took the closing of the account back.
    pub notice: Option<&'a str>,
    /// Where the form "allow" posts to: `/api/auth/redirect?client_id=…&redirect_uri=…&code=…`.
    pub allow_action: String,
    /// Where the form "deny" posts to: `/oauth/authorize`; the form carries the hidden field `_method=delete`.
    pub deny_action: String,
    /// Hidden field `code` of the form "deny".
    pub code: &'a str,
    /// Hidden field `client_id` of the form "deny".
    pub client_id: &'a str,
    /// Hidden field `redirect_uri` of the form "deny".
    pub redirect_uri: &'a str,
    /// Hidden field `form_token` of both forms.
    pub form_token: String,
    /// The app that asks.
    pub app: AppOnPage<'a>,
    /// Who is signed in.
    pub account: AccountOnPage<'a>,
    /// Link "not you?": the sign-in page, with the request kept.
    pub switch_account: String,
    /// Where an answer goes.
    pub destination: Destination,
    /// What is asked for, one row a subject.
    pub permissions: Vec<Permission>,
    /// What the app says of itself elsewhere: show each as a link, without loading anything from there.
    pub links: Vec<LinkOnPage<'a>>,
    /// What a script tells the browser of the passkeys, when somebody signed in with one.
    pub signal: Option<PasskeySignalOnPage>,
}

/// The code to be copied by hand, for apps registered with the out-of-band URI.
#[derive(Debug, Serialize)]
pub struct CodePage<'a> {
    /// The code, reflected from the URL.
    pub code: &'a str,
}

/// An answer that the browser posts to the app. The form has a button, for browsers without scripts; a script of the
/// server's own origin may press it.
#[derive(Debug, Serialize)]
pub struct FormPostPage<'a> {
    /// Where the form posts to: the app's redirect URI.
    pub action: &'a str,
    /// Names and values of the hidden fields.
    pub fields: &'a [(&'a str, &'a str)],
}

/// The apps that may act for a person (Mastodon §16).
#[derive(Debug, Serialize)]
pub struct AuthorizedApplicationsPage<'a> {
    /// Who is signed in.
    pub account: AccountOnPage<'a>,
    /// What the person just did.
    pub notice: Option<&'static str>,
    /// The apps, the one authorized last first; empty when there are none. Of many, those of this page.
    pub apps: Vec<AuthorizedAppOnPage<'a>>,
    /// How to find one among many; `None` for a list that is all on one page.
    pub list: Option<LongListOnPage<'a>>,
    /// Hidden field `form_token` of each form.
    pub form_token: String,
    /// Where many apps at once lose their access; `None` where there are none, or such pages are not there.
    pub end: Option<EndAppsOnPage>,
    /// Link to where a person starts.
    pub home: String,
}

/// A list that is searched and read page by page.
#[derive(Debug, Serialize)]
pub struct LongListOnPage<'a> {
    /// Where the search form leads (`method="get"`, field `q`).
    pub search_action: &'a str,
    /// Hidden field `lang` of the search form, when the reader chose a language.
    pub lang: Option<String>,
    /// What was searched for.
    pub searched: String,
    /// Which page this is, counted from 1.
    pub number: usize,
    /// How many pages there are.
    pub count: usize,
    /// Link to the page before.
    pub previous: Option<String>,
    /// Link to the next page.
    pub next: Option<String>,
    /// Link to the whole list, when something was searched for.
    pub all: Option<String>,
}

/// One app that may act for a person.
#[derive(Debug, Serialize)]
pub struct AuthorizedAppOnPage<'a> {
    /// The app.
    pub app: AppOnPage<'a>,
    /// What it may do, one row a subject.
    pub permissions: Vec<Permission>,
    /// Since when.
    pub authorized: MomentOnPage,
    /// When it last did something, to within a day.
    pub last_used: Option<MomentOnPage>,
    /// Where the form "remove" posts to; the form carries the hidden field `_method=delete`. `None` for an app of the
    /// server's own, which has no such form (Mastodon §16).
    pub remove_action: Option<String>,
}

/// A trouble that ends the sign-in.
#[derive(Debug, Serialize)]
pub struct ErrorPage<'a> {
    /// HTTP status of the page.
    pub status: u16,
    /// A short heading for the person.
    pub title: &'a str,
    /// What happened and who can mend it.
    pub message: &'a str,
    /// OAuth's name of the error, for developers.
    pub error: &'a str,
    /// OAuth's description of the error, for developers.
    pub error_description: &'a str,
    /// A link to start over; never one to an unverified place.
    pub start_over: Option<String>,
    /// An app that made a mistake and that nobody here ever let in: show its place as a link, and lead nobody there at once
    /// (faults F11).
    pub app: Option<LinkOnPage<'a>>,
}

/// Shows pages.
#[async_trait]
pub trait Pages: Send + Sync {
    /// Renders `page` for the reader of `request`, or says where a frontend shows it. For a page that it does not know, a host
    /// answers with [`Plain`](super::Plain).
    ///
    /// The texts of a page are English: a host that speaks other languages translates them
    /// ([`page_texts`](crate::web::page_texts) lists them all) into the one that suits the reader best
    /// ([`Reader::best_of`]). The account's own language, which Mastodon asks between `lang` and `Accept-Language`, is
    /// left out, because accounts of this library have no such setting; a host whose accounts have one knows them by
    /// the page's `account`.
    ///
    /// # Errors
    /// When the page cannot be rendered; the person then sees a plain server error.
    async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply>;

    /// The languages of the pages, as metadata tell them (`ui_locales_supported`).
    fn languages(&self) -> Vec<String> {
        vec!["en".to_owned()]
    }
}

/// Sends people to a frontend for signing in and consent; the pages that no frontend has come from another [`Pages`].
pub(crate) struct FrontendPages {
    login: String,
    consent: String,
    register: String,
    password_reset: String,
    own_reset: String,
    forgot: Option<String>,
    others: std::sync::Arc<dyn Pages>,
}

impl FrontendPages {
    /// Pages of the frontend in `config`; `others` shows the code to copy, answers that are posted, the apps that may act,
    /// and troubles.
    #[must_use]
    pub(crate) fn new(config: &crate::config::Config, others: std::sync::Arc<dyn Pages>) -> Self {
        let (login, consent, register) = (config.login_page(), config.consent_page(), config.register_page());
        let (password_reset, own_reset) = (config.password_reset_page(), config.base_url.join("/oauth/reset"));
        let (forgot, is_of_frontend) = config.page_named("password_forgot");
        let forgot = is_of_frontend.then_some(forgot);
        Self { login, consent, register, password_reset, own_reset, forgot, others }
    }
}

impl FrontendPages {
    /// Where the frontend has a page; `None` for one that it leaves to the server.
    fn place(&self, page: &Page<'_>) -> Option<&String> {
        match page {
            Page::SignIn(_) => Some(&self.login),
            Page::Consent(_) => Some(&self.consent),
            Page::SignUp(_) => Some(&self.register),
            Page::Forgot(_) => self.forgot.as_ref(),
            Page::Reset(_) => Some(&self.password_reset).filter(|place| **place != self.own_reset),
            Page::Code(_)
            | Page::Device(_)
            | Page::ProgramSignIn(_)
            | Page::ConfirmLink(_)
            | Page::FormPost(_)
            | Page::AuthorizedApplications(_)
            | Page::Error(_)
            | Page::Waiting(_)
            | Page::ConfirmAddress(_)
            | Page::ConfirmIdentity(_)
            | Page::Password(_)
            | Page::Profile(_)
            | Page::Invitations(_)
            | Page::Tokens(_)
            | Page::Close(_)
            | Page::Export(_)
            | Page::Activity(_)
            | Page::Email(_)
            | Page::Address(_)
            | Page::AdminHome(_)
            | Page::AdminRequests(_)
            | Page::AdminAccounts(_)
            | Page::AdminNewAccount(_)
            | Page::AdminAccount(_)
            | Page::AdminAct(_)
            | Page::AdminSettings(_)
            | Page::AdminInvitations(_)
            | Page::AdminBlocks(_)
            | Page::AdminApps(_)
            | Page::AdminApp(_)
            | Page::AdminMails(_)
            | Page::AdminMail(_)
            | Page::AdminEvents(_)
            | Page::AdminConfirm(_)
            | Page::Sessions(_)
            | Page::EndEverything(_)
            | Page::EndApps(_)
            | Page::SignOut(_)
            | Page::Factor(_)
            | Page::EmailCode(_)
            | Page::Enrol(_)
            | Page::Review(_)
            | Page::WayBack(_)
            | Page::ChooseAccount(_)
            | Page::Security(_)
            | Page::Totp(_)
            | Page::Passkey(_)
            | Page::SignUpPasskey(_)
            | Page::RecoveryCodes(_)
            | Page::Message(_) => None,
        }
    }
}

#[async_trait]
impl Pages for FrontendPages {
    fn languages(&self) -> Vec<String> {
        self.others.languages()
    }

    async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply> {
        match self.place(page) {
            Some(place) => Ok(PageReply::Elsewhere(place.clone())),
            None => self.others.show(page, request).await,
        }
    }
}
