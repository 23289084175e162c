//! What a browser walks through: authorize, consent, the code to copy, single sign-on, authorized apps.

mod account_list;
pub(crate) mod app_list;
pub(crate) mod authorization_request;
pub(crate) mod authorization_response;
pub(crate) mod authorize;
mod authorized_applications;
pub(crate) mod choose_account;
mod code;
mod code_sign_in;
mod consent;
mod continue_sign_in;
mod device;
pub(crate) mod factor;
pub(crate) mod login_redirect;
pub(crate) mod own_sign_in;
mod passkey_sign_in;
pub(crate) mod sign_in_page;
#[cfg(feature = "sso")]
mod sso;

pub use self::own_sign_in::{finish_sign_in, to_second_step};
use crate::auth::Auth;
use crate::flows::{code_login, passkey_login};
use crate::web::kit::headers::{AnswerKind, FrontendAccess};
use crate::web::kit::routes::{Routes, delete, get, post};
use crate::web::kit::surfaces::Surface;

/// The pages of a sign-in and the form posts behind them (Lysand §3, §8, §9, Mastodon §5, §16).
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    let page = || Routes::new(auth, AnswerKind::Page).of(Surface::Pages);
    let shown_at = &auth.config().frontend.routes;
    let endpoint = [get(authorize::begin), post(authorize::decide), delete(authorize::deny)];
    let mut routes = vec![
        page()
            .with_form_session()
            .routes(paths(auth, "/oauth/authorize", &shown_at.login), endpoint)
            .routes(paths(auth, "/oauth/consent", &shown_at.consent), [get(consent::consent)])
            .route("/oauth/authorize/continue", [post(continue_sign_in::continue_sign_in)]),
        page()
            .needed_by(Surface::Lysand)
            .with_form_session()
            .limited()
            .route("/api/auth/accounts", [get(account_list::list)])
            .route("/api/auth/accounts/switch", [post(account_list::switch)])
            .route(choose_account::FORGET, [post(account_list::forget)]),
        page().routes(["/oauth/code", "/oauth/authorize/native"], [get(code::code)]),
    ];
    routes.extend(factor::routes(auth));
    routes.extend(device_routes(auth));
    if code_login::is_offered(auth) {
        let posts = page().needed_by(Surface::Lysand).with_form_session().limited();
        routes.push(page().with_form_session().route(code_sign_in::PAGE, [get(code_sign_in::page)]));
        routes.push(
            posts
                .read_by_frontend(FrontendAccess::Whole)
                .route("/api/auth/code/request", [post(code_sign_in::ask)])
                .route("/api/auth/code", [post(code_sign_in::answer)]),
        );
    }
    if passkey_login::is_offered(auth) {
        routes.push(
            page()
                .needed_by(Surface::Lysand)
                .with_form_session()
                .limited()
                .read_by_frontend(FrontendAccess::Whole)
                .route("/api/auth/passkey/start", [post(passkey_sign_in::start)])
                .route("/api/auth/passkey/finish", [post(passkey_sign_in::finish)]),
        );
        routes.push(
            Routes::new(auth, AnswerKind::Public)
                .of(Surface::Pages)
                .route("/.well-known/webauthn", [get(passkey_sign_in::related_origins)])
                .route("/.well-known/passkey-endpoints", [get(passkey_sign_in::endpoints)]),
        );
    }
    #[cfg(feature = "sso")]
    routes.extend(sso::routes(auth));
    let list = [get(authorized_applications::list)];
    let one = [post(authorized_applications::revoke_by_form), delete(authorized_applications::revoke)];
    routes.push(
        page()
            .with_form_session()
            .routes([app_list::PATH, "/oauth/authorized_applications.json"], list)
            .route("/oauth/authorized_applications/{id}", one),
    );
    routes
}

/// The page where a person answers for a program without a browser, where that is on.
fn device_routes(auth: &Auth) -> Option<Routes> {
    let page = || Routes::new(auth, AnswerKind::Page).of(Surface::Pages).with_form_session();
    device::has_page(auth).then(|| {
        page()
            .route(device::PAGE, [get(device::page), post(device::enter)])
            .route(device::ANSWER, [post(device::answer)])
    })
}

/// Apps know the standard path; our own page may have another one beside it (Lysand §13.1).
fn paths<'a>(auth: &Auth, standard: &'a str, configured: &'a str) -> Vec<&'a str> {
    let own_pages = auth.config().frontend.origin.is_none();
    let more = Some(configured).filter(|path| own_pages && *path != standard);
    [Some(standard), more].into_iter().flatten().collect()
}
