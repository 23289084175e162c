//! `GET /`: what this server is, who is signed in, and the sign-in to try.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::host::pages::AccountOnPage;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{ApiError, SignedIn, form_session, form_token, not_allowed, reader};
use serde::Deserialize;

use crate::pages::contexts::{DemoOffer, HomePage, Notice, NoticeKind};
use crate::paths::{ACCOUNT, AUTHORIZED_APPLICATIONS, DEMO_START, HOME};
use crate::settings::domain;
use crate::state::State;

/// Name and version of this software.
const SOFTWARE: &str = concat!("Lysand Auth ", env!("CARGO_PKG_VERSION"));

/// What stands on the page of a server that does not say what it is.
const DESCRIPTION: &str = "This server signs you in to apps of the fediverse.";

/// The library's route that ends a session (Lysand §12.7).
const SIGN_OUT: &str = "/api/auth/mastodon-logout";

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
        let mut add = |kind, text: &'static str| notices.push(Notice { kind, text });
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
        account_page: reader.keep(ACCOUNT),
        authorized_applications: reader.keep(AUTHORIZED_APPLICATIONS),
        form_token: form_token(&state.auth, &form)?,
        host: domain(&state.settings.http.base_url),
        demo: state.settings.demo.then_some(DemoOffer { action: reader.keep(DEMO_START) }),
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
            web::resource(HOME)
                .route(web::get().to(show))
                .route(web::head().to(show))
                .default_service(not_allowed("GET, HEAD"))
                .wrap(session)
                .wrap(headers),
        );
    }
}
