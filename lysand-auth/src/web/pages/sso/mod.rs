//! Single sign-on in the browser: to the provider, back, and the confirmation of a link.

mod callback;
mod confirm_link;
mod link_result;
mod start;

use crate::auth::Auth;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, get, get_without_head, post};
use crate::web::kit::surfaces::Surface;

/// Single sign-on (Lysand §8, §9).
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    vec![
        Routes::new(auth, AnswerKind::Page)
            .of(Surface::Sso)
            .route("/oauth/sso", [get_without_head(start::start), post(start::start_by_form)])
            .route(
                "/oauth/sso/{issuer}/callback",
                [get_without_head(callback::callback), post(callback::callback_by_form)],
            )
            .route("/oauth/sso/{issuer}", [post(start::start_at)]),
        Routes::new(auth, AnswerKind::Page)
            .of(Surface::Sso)
            .with_form_session()
            .route(confirm_link::PATH, [get(confirm_link::page), post(confirm_link::answer)]),
    ]
}
