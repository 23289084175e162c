//! Routes of Mastodon's API: apps and tokens.

mod apps;
mod tokens;

use crate::auth::Auth;
use crate::web::kit::form_tokens::FormTokens;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, get, post};
use crate::web::kit::surfaces::Surface;

/// Apps (Mastodon §2, §11.3) and tokens (Mastodon §16).
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    let api = || Routes::new(auth, AnswerKind::Api).of(Surface::Mastodon).limited();
    vec![
        api()
            .route("/api/v1/apps/verify_credentials", [get(apps::verify_credentials)])
            .route("/api/v1/apps", [post(apps::register)])
            .route(tokens::PATH, [get(tokens::list)])
            .route("/api/v1/tokens/{id}", [get(tokens::get)]),
        api().with_form_tokens(FormTokens::new()).route("/api/v1/tokens/{id}/invalidate", [post(tokens::invalidate)]),
    ]
}
