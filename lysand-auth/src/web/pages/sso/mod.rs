//! Single sign-on in the browser: to the provider, back, and the confirmation of a link.

mod callback;
mod confirm_link;
mod start;

use crate::auth::Auth;
use crate::web::kit::headers::Surface;
use crate::web::kit::routes::{Routes, get, get_without_head, post};

/// Single sign-on (Lysand §8, §9).
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    vec![
        Routes::new(auth, Surface::Page)
            .route("/oauth/sso", [get_without_head(start::start), post(start::start_by_form)])
            .route("/oauth/sso/{issuer}/callback", [get_without_head(callback::callback)])
            .route("/oauth/sso/{issuer}", [post(start::start_at)]),
        Routes::new(auth, Surface::Page)
            .with_form_session()
            .route(confirm_link::PATH, [get(confirm_link::page), post(confirm_link::answer)]),
    ]
}
