//! Clients of toki-sync (native section 2).

mod admin;
mod admin_users;
mod answer;
mod body;
mod caller;
mod device;
mod info;
mod login;
mod me;
#[cfg(feature = "sso")]
mod provider;
mod register;

use actix_web::guard::GuardContext;
use actix_web::http::{Method, header};

use crate::auth::Auth;
use crate::web::kit::headers::AnswerKind;
#[cfg(feature = "sso")]
use crate::web::kit::routes::get_without_head;
use crate::web::kit::routes::{Routes, delete, get, patch, post};
use crate::web::kit::surfaces::Surface;
use crate::web::wire::body::{FORM, media_type};

/// The routes, behind the prefix of the dialect.
pub(super) fn routes(auth: &Auth) -> Vec<Routes> {
    admin::started(auth);
    let at = |path: &str| format!("{}{path}", auth.config().native.toki.prefix);
    let api = || Routes::new(auth, AnswerKind::Api).of(Surface::Toki).limited();
    // The page where people sign up and that of the settings are neighbours on the same paths.
    let shares_paths = auth.config().native.toki.prefix.is_empty();
    let register = if shares_paths { api().guarded(is_for_program) } else { api() };
    let settings = if shares_paths { api().guarded(is_no_page) } else { api() };
    let mut all = vec![
        api()
            .route(&at("/login"), [get(login::to_account), post(login::login)])
            .route(&at("/token/refresh"), [post(login::refresh)])
            .route(&at("/auth-method"), [post(info::method)])
            .route(&at("/auth/info"), [get(info::info)])
            .route(&at("/auth/device/code"), [post(device::code)])
            .route(&at("/auth/device/token"), [post(device::token)])
            .route(&at("/me/devices"), [get(me::devices)])
            .route(&at("/me/devices/{id}"), [delete(me::end_device)])
            .route(&at("/me/devices/{id}/name"), [patch(me::rename_device)])
            .route(&at("/me/password"), [patch(me::password)])
            .route(&at("/admin/pending"), [get(admin::pending)])
            .route(&at("/admin/pending/{id}/approve"), [post(admin::approve)])
            .route(&at("/admin/pending/{id}"), [delete(admin::reject)])
            .route(&at("/admin/users"), [get(admin_users::list), post(admin_users::make)])
            .route(&at("/admin/users/{id}"), [delete(admin_users::remove)])
            .route(&at("/admin/users/{id}/password"), [patch(admin_users::password)])
            .route(&at("/admin/users/{id}/role"), [patch(admin_users::role)])
            .route(&at("/admin/users/{id}/active"), [patch(admin_users::active)])
            .route(&at("/admin/devices"), [get(admin::devices)])
            .route(&at("/admin/devices/{id}"), [delete(admin::end_device)])
            .route(&at("/admin/active"), [get(admin::active)])
            .route(&at("/admin/server-info"), [get(admin::server_info)]),
        register.route(&at("/register"), [post(register::register)]),
        settings.route(&at("/admin/settings"), [get(admin::settings), patch(admin::change_settings)]),
        // No page of another origin asks for these (NAT-8).
        Routes::new(auth, AnswerKind::Internal)
            .of(Surface::Toki)
            .limited()
            .route(&at("/auth/device/verify"), [post(device::verify)])
            .route(&at("/device/code"), [post(device::code)])
            .route(&at("/device/token"), [post(device::token_of_command_line)]),
    ];
    if !shares_paths {
        let pages = Routes::new(auth, AnswerKind::Page).of(Surface::Toki);
        all.push(pages.route(&at("/device"), [get(device::to_page)]));
    }
    #[cfg(feature = "sso")]
    all.extend(with_provider(auth, &at));
    // With a frontend it is a page of that.
    if auth.config().frontend.origin.is_none() {
        let pages = Routes::new(auth, AnswerKind::Page).of(Surface::Toki);
        all.push(pages.route(&at("/dashboard"), [get(info::dashboard)]));
    }
    all
}

/// Where browsers sign in with a provider: no page of another origin asks for these (NAT-8).
#[cfg(feature = "sso")]
fn with_provider(auth: &Auth, at: &impl Fn(&str) -> String) -> [Routes; 2] {
    let browser = Routes::new(auth, AnswerKind::Internal).of(Surface::Toki).limited();
    let page = Routes::new(auth, AnswerKind::Page).of(Surface::Toki).with_form_session();
    [
        browser
            .route(&at(provider::BEGIN), [get_without_head(provider::begin)])
            .route(&at(provider::CALLBACK), [get_without_head(provider::callback)]),
        page.route(&at(provider::CONFIRM), [get(provider::question), post(provider::answer)]),
    ]
}

/// Whether a request to sign up is a program's: it posts something else than a form, or asks whether it may (NAT-4).
fn is_for_program(guard: &GuardContext<'_>) -> bool {
    let head = guard.head();
    let content_type = head.headers().get(header::CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let content_type = media_type(content_type.as_deref().unwrap_or_default());
    let is_form = content_type == FORM || content_type == "multipart/form-data";
    head.method == Method::OPTIONS || (head.method == Method::POST && !is_form)
}

/// Whether a request about the settings is a program's: it carries a token, or is nothing that a browser does to open or send a
/// page.
fn is_no_page(guard: &GuardContext<'_>) -> bool {
    let head = guard.head();
    let accept = head.headers().get(header::ACCEPT).map(|kinds| String::from_utf8_lossy(kinds.as_bytes()));
    let wants_page = accept.is_some_and(|kinds| kinds.contains("text/html"));
    let is_read = matches!(head.method, Method::GET | Method::HEAD);
    head.headers().contains_key(header::AUTHORIZATION) || (head.method != Method::POST && !(is_read && wants_page))
}
