//! `GET /`: what this server is, who is signed in, and the sign-in to try.

use std::borrow::Cow;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::host::pages::AccountOnPage;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{ApiError, SignedIn, form_session, form_token, not_allowed, reader};
use serde::{Deserialize, Serialize};

use crate::demo;
use crate::instance::about;
use crate::server::State;
use crate::your_account;

/// Name and version of this software.
const SOFTWARE: &str = concat!("Lysand Auth ", env!("CARGO_PKG_VERSION"));

/// What stands on the page of a server that does not say what it is.
const DESCRIPTION: &str = "This server signs you in to apps of the fediverse.";

/// The library's route that ends a session (Lysand §12.7).
const SIGN_OUT: &str = "/api/auth/mastodon-logout";

/// The library's page of what may act for the person who is signed in (Mastodon §16).
pub const AUTHORIZED_APPLICATIONS: &str = "/oauth/authorized_applications";

/// `home.html`
#[derive(Debug, Serialize)]
pub struct HomePage<'a> {
    /// A sentence about this server.
    pub description: &'a str,
    /// Whether that sentence is the admin's own, in whatever language; else it is ours, to be translated.
    pub describes_itself: bool,
    /// What the person should know now.
    pub notices: Vec<Notice>,
    /// Who is signed in.
    pub account: Option<AccountOnPage<'a>>,
    /// Where the form "sign out" posts to.
    pub sign_out_action: String,
    /// Where the signed-in person's own page is.
    pub account_page: String,
    /// Link to what may act for that person.
    pub authorized_applications: String,
    /// Hidden field of both forms.
    pub form_token: String,
    /// The name of this server, as people type it into an app.
    pub host: &'a str,
    /// The built-in demo, when it is switched on.
    pub demo: Option<DemoOffer>,
    /// Name and version of the software.
    pub software: &'static str,
    /// Whom to write to; may be empty.
    pub contact_email: &'a str,
}

/// The form "try the sign-in".
#[derive(Debug, Serialize)]
pub struct DemoOffer {
    /// Where it posts to.
    pub action: String,
}

/// A sentence above the page's content.
#[derive(Debug, Serialize)]
pub struct Notice {
    /// How it looks and whether it interrupts.
    pub kind: NoticeKind,
    /// The sentence, in English; the page translates it.
    pub text: Cow<'static, str>,
}

/// What kind of news a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Something worked.
    Good,
    /// Something did not.
    Bad,
}

/// The notices of the page, by what they are about.
const READY: &str = "The account is ready. Sign in with it from any app.";
const LINKED: &str = "The identity is linked. From now on you can sign in with it.";
const LINKED_ALREADY: &str =
    "Nothing was linked: that identity belongs to an account already, or yours has another one there.";
const ASTRAY: &str = "Nothing was linked: this took too long, was done already, or was begun in another browser.";
const NOT_LINKED: &str = "Nothing was linked: the other service refused, or gave an answer that cannot be trusted.";

/// The texts that this page gets translated beside those of its template.
#[cfg(test)]
pub(crate) const TEXTS: [&str; 6] = [DESCRIPTION, READY, LINKED, LINKED_ALREADY, ASTRAY, NOT_LINKED];

/// The query names a notice; its words are ours, so that no link can put words into our mouth.
#[derive(Default, Deserialize)]
struct Query {
    notice: Option<String>,
    oidc_account_linked: Option<String>,
    oidc_account_linking_error: Option<String>,
    oidc_account_linking_error_message: Option<String>,
}

impl Query {
    fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut add = |kind, text: &'static str| notices.push(Notice { kind, text: text.into() });
        if self.notice.as_deref() == Some("ready") {
            add(NoticeKind::Good, READY);
        }
        if self.oidc_account_linked.is_some() {
            add(NoticeKind::Good, LINKED);
        }
        if self.oidc_account_linking_error.is_some() {
            add(NoticeKind::Bad, self.why_not_linked());
        }
        notices
    }

    /// Why a link was not made (Lysand §9.2).
    fn why_not_linked(&self) -> &'static str {
        match (self.oidc_account_linking_error.as_deref(), self.oidc_account_linking_error_message.as_deref()) {
            (Some("Account already linked"), _) => LINKED_ALREADY,
            (_, Some("Invalid flow")) => ASTRAY,
            _ => NOT_LINKED,
        }
    }
}

/// `GET /`
async fn show(
    state: web::Data<State>,
    req: HttpRequest,
    form: Session,
    browser: SignedIn,
    query: Option<web::Query<Query>>,
) -> Result<HttpResponse, ApiError> {
    let instance = &state.settings.instance;
    let reader = reader(&req).for_account(browser.account());
    let description = instance.description.trim();
    let account = browser.account();
    let page = HomePage {
        description: if description.is_empty() { DESCRIPTION } else { description },
        describes_itself: !description.is_empty(),
        notices: query.map(|query| query.notices()).unwrap_or_default(),
        account: account
            .map(|account| AccountOnPage { username: &account.username, display_name: &account.display_name }),
        sign_out_action: reader.keep(SIGN_OUT),
        account_page: reader.keep(your_account::PATH),
        authorized_applications: reader.keep(AUTHORIZED_APPLICATIONS),
        form_token: form_token(&state.auth, &form)?,
        host: about::domain(&state.settings.http.base_url),
        demo: state.settings.demo.then_some(DemoOffer { action: reader.keep(demo::START) }),
        software: SOFTWARE,
        contact_email: &instance.contact_email,
    };
    Ok(state.pages.reply(&reader, StatusCode::OK, "home.html", &page))
}

/// The route of the home page.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(Surface::Page, state.auth.config().base_url.is_secure());
    let session = form_session(&state.auth);
    move |config| {
        config.service(
            web::resource("/")
                .route(web::get().to(show))
                .route(web::head().to(show))
                .default_service(not_allowed("GET, HEAD"))
                .wrap(session)
                .wrap(headers),
        );
    }
}
