//! `GET /about`: what people can read before they sign up (people PPL-126b).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::config::LegalText;
use lysand_auth::flows::sign_up;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{ApiError, SignedIn, reader, way_back_notice};

use super::texts::DESCRIPTION;
use crate::pages::contexts::{AboutPage, TextOnPage};
use crate::paths::{ABOUT, HOME};
use crate::state::State;

/// `GET /about`
async fn show(state: Data<State>, req: HttpRequest, browser: SignedIn) -> Result<HttpResponse, ApiError> {
    let settings = state.in_force();
    let (instance, signups) = (&settings.instance, &settings.signups);
    let reader = reader(&req).for_account(browser.account());
    let description = instance.description.trim();
    let takes_everybody = sign_up::offer(&state.auth, None).await?.mode.takes_everybody();
    let page = AboutPage {
        description: if description.is_empty() { DESCRIPTION } else { description },
        describes_itself: !description.is_empty(),
        contact_email: &instance.contact_email,
        rules: &signups.rules,
        terms: signups.terms.as_ref().map(on_page),
        privacy: signups.privacy.as_ref().map(on_page),
        tos_url: elsewhere(&signups.tos_url),
        privacy_url: elsewhere(&signups.privacy_url),
        links: &state.settings.branding.links,
        sign_up: takes_everybody.then(|| reader.keep(&state.auth.config().register_page())),
        home: reader.keep(HOME),
    };
    let way_back = way_back_notice(&state.auth, &req).await;
    Ok(state.pages.reply((&reader, way_back.as_ref()), StatusCode::OK, "about.html", &page))
}

fn on_page(text: &LegalText) -> TextOnPage<'_> {
    TextOnPage { since: text.since.into(), paragraphs: text.paragraphs() }
}

/// An address that is not this page itself.
fn elsewhere(address: &str) -> &str {
    match address.split('#').next() {
        Some(ABOUT) => "",
        _ => address,
    }
}

/// The route of the page.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Page).route(ABOUT, [get(show)])
}
