//! The step of a sign-in that asks for a second proof: its page, what its forms and programs post to, and what they get.

mod answer;
pub(crate) mod entity;
pub(crate) mod location;
mod page;
pub(crate) mod program;

use crate::auth::Auth;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, get, post};
use crate::web::kit::surfaces::Surface;

/// The pages and the routes below `/api/auth` (FAC-30 to FAC-32, FAC-53).
pub(super) fn routes(auth: &Auth) -> Vec<Routes> {
    let of_pages =
        || Routes::new(auth, AnswerKind::Page).of(Surface::Pages).needed_by(Surface::Lysand).with_form_session();
    vec![
        of_pages().route(location::FACTOR, [get(page::page)]).route(location::CONTINUE, [get(page::go_on)]),
        of_pages()
            .limited()
            .route("/api/auth/pending", [get(answer::pending)])
            .route("/api/auth/factor/totp", [post(answer::totp)])
            .route("/api/auth/factor/recovery", [post(answer::recovery)])
            .route("/api/auth/factor/email", [post(answer::email)])
            .route("/api/auth/factor/email/request", [post(answer::request_mail)])
            .route("/api/auth/factor/passkey/start", [post(answer::passkey_start)])
            .route("/api/auth/factor/passkey/finish", [post(answer::passkey)])
            .route("/api/auth/cancel", [post(answer::cancel)]),
    ]
}
