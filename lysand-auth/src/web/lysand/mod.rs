//! Lysand's frontend API: sign in, consent, sign out, frontend configuration, linked identities.

mod config;
mod login;
mod providers;
mod redirect;
mod sign_out;
#[cfg(feature = "sso")]
mod sso;

use crate::auth::Auth;
use crate::web::kit::headers::{AnswerKind, FrontendAccess};
#[cfg(feature = "sso")]
use crate::web::kit::routes::delete;
use crate::web::kit::routes::{Routes, get, post};
use crate::web::kit::surfaces::Surface;

/// The frontend API (Lysand §4 to §6, §10 to §12).
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    let api = || Routes::new(auth, AnswerKind::Api).limited();
    vec![
        Routes::new(auth, AnswerKind::Page)
            .of(Surface::Pages)
            .needed_by(Surface::Lysand)
            .with_form_session()
            .limited()
            .read_by_frontend(FrontendAccess::Json)
            .route("/api/auth/login", [post(login::login)]),
        Routes::new(auth, AnswerKind::Page)
            .of(Surface::Pages)
            .needed_by(Surface::Lysand)
            .with_form_session()
            .limited()
            .route("/api/auth/redirect", [post(redirect::redirect)])
            .route("/api/auth/mastodon-logout", [post(sign_out::sign_out)]),
        api().of(Surface::Lysand).route("/api/v1/frontend/config", [get(config::config)]),
        #[cfg(feature = "sso")]
        api()
            .of(Surface::Sso)
            .route("/api/v1/sso", [get(sso::list), post(sso::start_link)])
            .route("/api/v1/sso/{issuer}", [get(sso::get), delete(sso::unlink)]),
        Routes::new(auth, AnswerKind::Public).of(Surface::Sso).route("/oauth/providers", [get(providers::providers)]),
    ]
}
