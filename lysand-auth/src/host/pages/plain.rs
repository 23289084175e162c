//! Plain built-in pages: what a host shows that brings none, or lacks one.

mod accounts;
mod admin;
mod admin_lists;
mod admin_settings;
mod devices;
mod factors;
mod html;
mod leaving;
mod people;
mod sign_ins;
mod tokens;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::html::{alert, app, button, escaped, form, link, paragraph, permissions};
use super::page::{
    AuthorizedApplicationsPage, CodePage, ConfirmLinkPage, ConsentPage, ErrorPage, FormPostPage, LongListOnPage, Page,
    Pages, SignInPage,
};
use super::reply::{HtmlPage, PageReply, PageRequest, PageSources, SourceKind};
use crate::host::HostResult;

/// Pages with hardly any style, without pictures, in English: for a host that brings none, and for the pages that its own [`Pages`] does
/// not know.
///
/// ```
/// # use lysand_auth::host::HostResult;
/// # use lysand_auth::host::pages::{HtmlPage, Page, PageReply, PageRequest, Pages, Plain};
/// # struct MyPages;
/// #[async_trait::async_trait]
/// impl Pages for MyPages {
///     async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply> {
///         match page {
///             Page::Code(page) => Ok(HtmlPage::new(format!("<p>{}</p>", escaped(page.code))).into()),
///             _ => Plain.show(page, request).await,
///         }
///     }
/// }
/// # fn escaped(text: &str) -> String { text.replace('<', "&lt;") }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a host names the value")]
pub struct Plain;

#[async_trait]
impl Pages for Plain {
    async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply> {
        let (title, body) = match page {
            Page::SignIn(page) => ("Sign in", sign_in(page)),
            Page::ChooseAccount(page) => ("Choose an account", accounts::choose(page)),
            Page::Consent(page) => ("Allow access?", consent(page)),
            Page::Device(page) => ("Connect a device", devices::device(page)),
            Page::ProgramSignIn(page) => ("Sign in to a program", devices::program_sign_in(page)),
            Page::Code(page) => ("Your code", code(page)),
            Page::ConfirmLink(page) => ("Confirm a link", confirm_link(page)),
            Page::FormPost(page) => ("Back to the app", form_post(page)),
            Page::AuthorizedApplications(page) => ("Apps with access", authorized_applications(page)),
            Page::Error(page) => (page.title, error(page)),
            Page::SignUp(page) => ("Sign up", people::sign_up(page)),
            Page::Waiting(page) => ("Almost done", people::waiting(page)),
            Page::ConfirmAddress(page) => ("Confirm this address", people::confirm_address(page)),
            Page::Forgot(page) => ("Forgot your password?", people::forgot(page)),
            Page::Reset(page) => ("Choose a new password", people::reset(page)),
            Page::Activity(page) => ("What happened to your account", people::activity(page)),
            Page::ConfirmIdentity(page) => ("Confirm that it is you", people::confirm_identity(page)),
            Page::Password(page) => ("Password", people::password(page)),
            Page::Invitations(page) => ("Invitations", people::invitations(page)),
            Page::Close(page) => ("Close your account", leaving::close(page)),
            Page::Export(page) => ("Take your data along", leaving::export(page)),
            Page::Tokens(page) => ("Personal tokens", tokens::tokens(page)),
            Page::Profile(page) => ("Profile", people::profile(page)),
            Page::Email(page) => ("E-mail address", people::email(page)),
            Page::Address(page) => ("E-mail address", people::address(page)),
            Page::AdminHome(page) => ("Administration", admin::home(page)),
            Page::AdminRequests(page) => ("Requests to join", admin::requests(page)),
            Page::AdminAccounts(page) => ("Accounts", admin::accounts(page)),
            Page::AdminNewAccount(page) => ("Make an account", admin_lists::new_account(page)),
            Page::AdminAccount(page) => ("Account", admin::account(page)),
            Page::AdminAct(page) => (page.words, admin::act(page)),
            Page::AdminSettings(page) => ("Settings", admin_settings::settings(page)),
            Page::AdminInvitations(page) => ("Invitations", admin_lists::invitations(page)),
            Page::AdminBlocks(page) => ("Blocks", admin_lists::blocks(page)),
            Page::AdminApps(page) => ("Apps", admin_lists::apps(page)),
            Page::AdminApp(page) => ("App", admin_lists::app(page)),
            Page::AdminMails(page) => ("Mail", admin_lists::mails(page)),
            Page::AdminMail(page) => ("Mail", admin_lists::mail(page)),
            Page::AdminEvents(page) => ("Events", admin_lists::events(page)),
            Page::AdminConfirm(page) => (page.words, admin_lists::confirm(page)),
            Page::Sessions(page) => ("Where you are signed in", sign_ins::sessions(page)),
            Page::EndEverything(page) => ("End everything", sign_ins::end_everything(page)),
            Page::EndApps(page) => ("Remove apps", sign_ins::end_apps(page)),
            Page::SignOut(page) => ("Sign out", sign_ins::sign_out(page)),
            Page::Factor(page) => ("One more step", factors::factor(page)),
            Page::EmailCode(page) => ("Sign in with a code by mail", factors::email_code(page)),
            Page::Enrol(page) => ("Add a second factor", factors::enrol(page)),
            Page::Review(page) => ("Is all of this yours?", factors::review(page)),
            Page::Security(page) => ("Two-step sign-in", factors::security(page)),
            Page::Totp(page) => ("Add an authenticator app", factors::totp(page)),
            Page::Passkey(page) => ("Add a passkey", factors::passkey(page)),
            Page::WayBack(page) => ("Lost second factors", factors::way_back(page)),
            Page::SignUpPasskey(page) => ("Sign up with a passkey", factors::sign_up_passkey(page)),
            Page::RecoveryCodes(page) => ("Your recovery codes", factors::recovery_codes(page)),
            Page::Message(page) => (page.title, people::message(page)),
        };
        finished(title, &(request.way_back.as_ref().map(factors::way_back_notice).unwrap_or_default() + &body))
    }
}

/// The page, with what it loads from elsewhere.
fn finished(title: &str, body: &str) -> HostResult<PageReply> {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    let sources = PageSources::default().with(SourceKind::Styles, &format!("'sha256-{digest}'"))?;
    Ok(HtmlPage::new(document(title, body)).in_language("en").with_sources(sources).into())
}

/// Just enough to read and to fill in, on any screen. The policy of the pages lets it in by its digest.
const STYLE: &str = "body{margin:0;font:1rem/1.5 system-ui,sans-serif}main{max-width:28rem;margin:0 auto;padding:1rem}\
                     h1{font-size:1.5rem}input,button,code{font:inherit;padding:.5rem .75rem}input:not([type=hidden]){width:100%;\
                     box-sizing:border-box}p,li,code{overflow-wrap:anywhere}";

/// A whole page.
fn document(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn sign_in(page: &SignInPage<'_>) -> String {
    let mut body = alert(page.error.as_deref());
    if let Some(app) = &page.app {
        body += &paragraph(&format!("“{}” asks for access to your account.", app.name));
    }
    let token = [("form_token", page.form_token.as_str())];
    if let Some(current) = &page.current
        && let Some(action) = &current.continue_action
    {
        body += &form(action, &token, &button(&format!("Continue as @{}", current.account.username)));
    }
    if page.password {
        let typed = escaped(page.typed.as_deref().unwrap_or_default());
        let fields = format!(
            "<p><label>Username or e-mail address<br><input name=\"identifier\" value=\"{typed}\" \
             autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required></label></p>\n\
             <p><label>Password<br><input type=\"password\" name=\"password\" \
             autocomplete=\"current-password\" required></label></p>\n"
        );
        body += &form(&page.action, &token, &(fields + &button("Sign in")));
    }
    if let Some(email_code) = &page.email_code {
        body += &link(email_code, "Sign in with a code by mail");
    }
    if let Some(forgot) = &page.forgot {
        body += &link(forgot, "Forgot your password?");
    }
    for provider in &page.providers {
        body += &link(&provider.start, &format!("Sign in with {}", provider.name));
    }
    body
}

fn consent(page: &ConsentPage<'_>) -> String {
    let token = page.form_token.as_str();
    let denial = [
        ("_method", "delete"),
        ("client_id", page.client_id),
        ("redirect_uri", page.redirect_uri),
        ("code", page.code),
        ("form_token", token),
    ];
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &app(&page.app);
    body += &paragraph(&format!("This app asks for access to the account @{}:", page.account.username));
    body += &permissions(&page.permissions);
    for one in &page.links {
        body += &link(one.address, one.label);
    }
    body += &form(&page.allow_action, &[("form_token", token)], &button("Allow"));
    body += &form(&page.deny_action, &denial, &button("Deny"));
    body + &link(&page.switch_account, "Not you?")
}

fn code(page: &CodePage<'_>) -> String {
    paragraph("Copy this code into the app:") + &format!("<p><code>{}</code></p>\n", escaped(page.code))
}

fn confirm_link(page: &ConfirmLinkPage<'_>) -> String {
    let label = page.label.map_or_else(String::new, |label| format!(" ({label})"));
    let question = format!(
        "Shall your identity at {}{label} be linked to the account @{}? Whoever has this identity can then sign in.",
        page.provider, page.account.username
    );
    let mut body = alert(page.error.as_deref()) + &paragraph(&question);
    let hidden = [("form_token", page.form_token.as_str()), ("flow_id", page.flow_id)];
    let password = "<p><label>Password of this account<br><input type=\"password\" name=\"password\" \
                    autocomplete=\"current-password\" required></label></p>\n";
    body += &match (page.password, page.takes_password) {
        (true, false) => paragraph("Sign in to this account with this browser first, then load this page again."),
        (true, true) => form(page.action, &hidden, &(password.to_owned() + &button("Link"))),
        (false, _) => form(page.action, &hidden, &button("Link")),
    };
    body + &link(&page.cancel, "Cancel")
}

fn form_post(page: &FormPostPage<'_>) -> String {
    form(page.action, page.fields, &button("Continue"))
}

fn authorized_applications(page: &AuthorizedApplicationsPage<'_>) -> String {
    let mut body = page.notice.map_or_else(String::new, paragraph);
    body += &paragraph(&format!("Apps with access to the account @{}:", page.account.username));
    if let Some(list) = &page.list {
        body += &long_list(list);
    }
    if page.apps.is_empty() {
        body += &paragraph("There are none.");
    }
    for row in &page.apps {
        body += &format!("<h2>{}</h2>\n", escaped(row.app.name));
        body += &permissions(&row.permissions);
        let used = row.last_used.as_ref().map_or_else(|| "never".to_owned(), |moment| moment.day.clone());
        body += &paragraph(&format!("Since {}, last used: {used}", row.authorized.day));
        if let Some(action) = &row.remove_action {
            let hidden = [("_method", "delete"), ("form_token", page.form_token.as_str())];
            body += &form(action, &hidden, &button("Remove access"));
        }
    }
    body += &page.end.as_ref().map_or_else(String::new, sign_ins::ways_to_end_apps);
    body + &link(&page.home, "Home")
}

fn long_list(list: &LongListOnPage<'_>) -> String {
    let lang = list.lang.as_deref().map_or_else(String::new, |lang| {
        format!("<input type=\"hidden\" name=\"lang\" value=\"{}\">\n", escaped(lang))
    });
    let mut body = format!(
        "<form method=\"get\" action=\"{}\">\n{lang}<p><label>Search<br><input type=\"search\" name=\"q\" \
         value=\"{}\"></label></p>\n{}</form>\n",
        escaped(list.search_action),
        escaped(&list.searched),
        button("Search"),
    );
    body += &paragraph(&format!("Page {} of {}", list.number, list.count));
    let links = [(&list.previous, "Previous page"), (&list.next, "Next page"), (&list.all, "All apps")];
    for (address, words) in links {
        body += &address.as_deref().map_or_else(String::new, |address| link(address, words));
    }
    body
}

fn error(page: &ErrorPage<'_>) -> String {
    let mut body = paragraph(page.message);
    if !page.error.is_empty() {
        body += &format!("<p><code>{} {}</code></p>\n", escaped(page.error), escaped(page.error_description));
    }
    if let Some(app) = &page.app {
        body += &format!("<p>Back to the app: <a href=\"{}\">{}</a></p>\n", escaped(app.address), escaped(app.label));
    }
    body + &page.start_over.as_deref().map_or_else(String::new, |address| link(address, "Start over"))
}
