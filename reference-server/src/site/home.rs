//! `GET /`: what this server is, who is signed in, and the sign-in to try.

use actix_web::http::StatusCode;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::host::pages::AccountOnPage;
use lysand_auth::web::headers::Surface;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{ApiError, FormSession, SignedIn, reader};
use serde::Deserialize;

use super::texts::{DESCRIPTION, HomeNotice};
use crate::pages::contexts::{DemoOffer, HomePage, Notice};
use crate::paths::{ACCOUNT, AUTHORIZED_APPLICATIONS, DEMO_START, HOME};
use crate::settings::domain;
use crate::state::State;

/// Name and version of this software.
const SOFTWARE: &str = concat!("Lysand Auth ", env!("CARGO_PKG_VERSION"));

/// The library's route that ends a session (Lysand §12.7).
const SIGN_OUT: &str = "/api/auth/mastodon-logout";

/// The query names a notice; its words are ours, so that no link can put words into our mouth.
#[derive(Default, Deserialize)]
struct Query {
    notice: Option<String>,
    oidc_account_linked: Option<String>,
    oidc_account_linking_error: Option<String>,
    oidc_account_linking_error_message: Option<String>,
}

impl Query {
    fn notices(&self) -> Vec<HomeNotice> {
        let ready = (self.notice.as_deref() == Some(HomeNotice::READY)).then_some(HomeNotice::Ready);
        let linked = self.oidc_account_linked.as_ref().map(|_| HomeNotice::Linked);
        let not_linked = self.oidc_account_linking_error.as_deref().map(|error| self.why_not_linked(error));
        [ready, linked, not_linked].into_iter().flatten().collect()
    }

    /// Why an identity was not linked: the two parameters are codes of the document, whose words are fixed (Lysand §9.2).
    fn why_not_linked(&self, error: &str) -> HomeNotice {
        match (error, self.oidc_account_linking_error_message.as_deref()) {
            ("Account already linked", _) => HomeNotice::AlreadyLinked,
            (_, Some("Invalid flow")) => HomeNotice::InvalidFlow,
            _ => HomeNotice::NotLinked,
        }
    }
}

/// `GET /`
async fn show(
    state: web::Data<State>,
    req: HttpRequest,
    form: FormSession,
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
        notices: query.map(|query| query.notices()).unwrap_or_default().into_iter().map(Notice::from).collect(),
        account: account
            .map(|account| AccountOnPage { username: &account.username, display_name: &account.display_name }),
        sign_out_action: reader.keep(SIGN_OUT),
        account_page: reader.keep(ACCOUNT),
        authorized_applications: reader.keep(AUTHORIZED_APPLICATIONS),
        form_token: form.token(),
        host: domain(&state.settings.http.base_url),
        demo: state.settings.demo.then_some(DemoOffer { action: reader.keep(DEMO_START) }),
        software: SOFTWARE,
        contact_email: &instance.contact_email,
    };
    Ok(state.pages.reply(&reader, StatusCode::OK, "home.html", &page))
}

/// The route of the home page.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, Surface::Page).with_form_session().route(HOME, [get(show)])
}
