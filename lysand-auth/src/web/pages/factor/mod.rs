//! The steps of a sign-in before its session begins, a second proof above all: their pages, what forms and programs post
//! to, and what they get.

mod answer;
mod continuation;
mod enrol;
mod enrol_page;
pub(crate) mod entity;
pub(crate) mod location;
pub(crate) mod page;
pub(crate) mod posted;
pub(crate) mod program;
mod review;
pub(crate) mod setup_pages;
mod step_up;
pub(crate) mod way_back;

use crate::auth::Auth;
use crate::web::kit::headers::{AnswerKind, FrontendAccess};
use crate::web::kit::routes::{Routes, get, post};
use crate::web::kit::surfaces::Surface;

/// The pages and the routes below `/api/auth` (FAC-30 to FAC-32, FAC-34, FAC-53).
pub(super) fn routes(auth: &Auth) -> Vec<Routes> {
    let of_pages =
        || Routes::new(auth, AnswerKind::Page).of(Surface::Pages).needed_by(Surface::Lysand).with_form_session();
    let own = vec![
        of_pages()
            .route(location::FACTOR, [get(page::page)])
            .route(location::ENROL, [get(enrol_page::page)])
            .route(location::REVIEW, [get(review::page)])
            .route(location::WAY_BACK, [get(way_back::page), post(way_back::answer)])
            .route(way_back::START, [post(way_back::start)])
            .route(way_back::CLAIM, [post(way_back::claim)])
            .route(location::CONTINUE, [get(continuation::go_on)]),
        of_pages()
            .limited()
            .read_by_frontend(FrontendAccess::Whole)
            .route("/api/auth/pending", [get(answer::pending)])
            .route("/api/auth/factor/totp", [post(answer::totp)])
            .route("/api/auth/factor/recovery", [post(answer::recovery)])
            .route("/api/auth/factor/password", [post(answer::password)])
            .route("/api/auth/factor/email", [post(answer::email)])
            .route("/api/auth/factor/email/request", [post(answer::request_mail)])
            .route("/api/auth/factor/passkey/start", [post(answer::passkey_start)])
            .route("/api/auth/factor/passkey/finish", [post(answer::passkey)])
            .route("/api/auth/step_up", [post(step_up::begin)])
            .route("/api/auth/review", [post(review::answer)])
            .route("/api/auth/enrol/totp", [post(enrol::totp)])
            .route("/api/auth/enrol/totp/confirm", [post(enrol::confirm_totp)])
            .route("/api/auth/enrol/passkey/start", [post(enrol::passkey_start)])
            .route("/api/auth/enrol/passkey", [post(enrol::passkey)])
            .route("/api/auth/enrol/two_step", [post(enrol::two_step)])
            .route("/api/auth/enrol/later", [post(enrol::later)]),
        of_pages().limited().route("/api/auth/cancel", [post(answer::cancel)]),
    ];
    let host = auth.host_factors().iter().fold(
        of_pages().limited().read_by_frontend(FrontendAccess::Whole),
        |routes, factor| {
            let path = format!("/api/auth/factor/{}", factor.kind());
            routes.route(&path, [post(answer::host)]).route(&format!("{path}/start"), [post(answer::host_start)])
        },
    );
    own.into_iter().chain([host]).collect()
}
