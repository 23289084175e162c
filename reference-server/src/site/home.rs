//! `GET /`: what this server is, who is signed in, and the sign-in to try.

use actix_web::http::StatusCode;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::host::pages::AccountOnPage;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{ApiError, FormSession, LinkResult, SignedIn, reader, way_back_notice};

use super::server_sign_in;
use super::texts::{DESCRIPTION, HomeNotice};
use crate::pages::contexts::{DemoOffer, HomePage, Notice};
use crate::paths::{ACCOUNT, AUTHORIZED_APPLICATIONS, DEMO_START, HOME};
use crate::settings::domain;
use crate::state::State;

/// Name and version of this software.
const SOFTWARE: &str = concat!("Lysand Auth ", env!("CARGO_PKG_VERSION"));

/// The library's route that ends a session (Lysand §12.7).
const SIGN_OUT: &str = "/api/auth/mastodon-logout";

/// What the query tells. It names notices whose words are ours, so that no link can put words into our mouth.
fn notices(query: &[(String, String)]) -> Vec<HomeNotice> {
    let pairs = || query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let ready = pairs().any(|pair| pair == ("notice", HomeNotice::READY)).then_some(HomeNotice::Ready);
    let link = LinkResult::of_query(pairs()).map(|result| match result {
        LinkResult::Linked => HomeNotice::Linked,
        LinkResult::AlreadyLinked => HomeNotice::AlreadyLinked,
        LinkResult::InvalidFlow => HomeNotice::InvalidFlow,
        _ => HomeNotice::NotLinked,
    });
    ready.into_iter().chain(link).collect()
}

/// `GET /`
async fn show(
    state: web::Data<State>,
    req: HttpRequest,
    form: FormSession,
    browser: SignedIn,
    query: Option<web::Query<Vec<(String, String)>>>,
) -> Result<HttpResponse, ApiError> {
    let settings = state.in_force();
    let instance = &settings.instance;
    let reader = reader(&req).for_account(browser.account());
    let description = instance.description.trim();
    let account = browser.account();
    let page = HomePage {
        description: if description.is_empty() { DESCRIPTION } else { description },
        describes_itself: !description.is_empty(),
        notices: query.map(|query| notices(&query)).unwrap_or_default().into_iter().map(Notice::from).collect(),
        account: account
            .map(|account| AccountOnPage { username: &account.username, display_name: &account.display_name }),
        sign_out_action: reader.keep(SIGN_OUT),
        account_page: reader.keep(ACCOUNT),
        sign_in_page: reader.keep(&server_sign_in::address(HOME)),
        authorized_applications: reader.keep(AUTHORIZED_APPLICATIONS),
        form_token: form.token(),
        host: domain(&state.settings.http.base_url),
        demo: state.settings.demo.then_some(DemoOffer { action: reader.keep(DEMO_START) }),
        software: SOFTWARE,
        contact_email: &instance.contact_email,
    };
    let way_back = way_back_notice(&state.auth, &req).await;
    Ok(state.pages.reply((&reader, way_back.as_ref()), StatusCode::OK, "home.html", &page))
}

/// The route of the home page.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Page).with_form_session().route(HOME, [get(show)])
}
