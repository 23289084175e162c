//! Administration: Mastodon's admin API about accounts, and own routes for what it lacks (people PPL-128, PPL-143).

mod accounts;
mod acts;
mod apps;
mod blocks;
mod dashboard;
mod entity;
mod events;
mod mail;
mod own;
mod pages;
mod paths;
mod settings;

use self::paths::{APPS, EMAIL_DOMAIN_BLOCKS, EVENTS, IP_BLOCKS, MAIL, V1, V2};
use crate::auth::Auth;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, delete, get, patch, post, put};
use crate::web::kit::surfaces::Surface;

/// The admin API (people PPL-128 to PPL-134, PPL-143, PPL-144).
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    let api = Routes::new(auth, AnswerKind::Api).of(Surface::Admin).limited();
    let api = api
        .route(V1, [get(accounts::list_v1)])
        .route(V2, [get(accounts::list_v2)])
        .route("/api/v1/admin/accounts/{id}", [get(accounts::one), delete(acts::delete)])
        .route("/api/v1/admin/accounts/{id}/approve", [post(acts::approve)])
        .route("/api/v1/admin/accounts/{id}/reject", [post(acts::reject)])
        .route("/api/v1/admin/accounts/{id}/enable", [post(acts::enable)])
        .route("/api/v1/admin/accounts/{id}/unsuspend", [post(acts::unsuspend)])
        .route("/api/v1/admin/accounts/{id}/unsilence", [post(acts::unsilence)])
        .route("/api/v1/admin/accounts/{id}/unsensitive", [post(acts::unsensitive)])
        .route("/api/v1/admin/accounts/{id}/action", [post(acts::action)])
        .route("/api/v1/admin/auth/dashboard", [get(dashboard::show)])
        .route("/api/v1/admin/auth/settings", [get(settings::list), patch(settings::change)])
        .route("/api/v1/admin/auth/accounts", [post(own::make)])
        .route("/api/v1/admin/auth/accounts/{id}/role", [post(own::role)])
        .route("/api/v1/admin/auth/accounts/{id}/confirm", [post(own::confirm)])
        .route("/api/v1/admin/auth/accounts/{id}/unlock", [post(own::unlock)])
        .route("/api/v1/admin/auth/accounts/{id}/reset_password", [post(own::reset_password)])
        .route("/api/v1/admin/auth/accounts/{id}/end_sessions", [post(own::end_sessions)]);
    let mut routes = vec![api, beside_accounts(auth)];
    if auth.config().admin.pages {
        routes.push(pages::routes(auth));
    }
    routes
}

/// Own routes about mail, events and apps, and Mastodon's about what is kept out (people PPL-147 to PPL-149, PPL-154b).
fn beside_accounts(auth: &Auth) -> Routes {
    Routes::new(auth, AnswerKind::Api)
        .of(Surface::Admin)
        .limited()
        .route(MAIL, [get(mail::list)])
        .route("/api/v1/admin/auth/mail/test", [post(mail::test)])
        .route("/api/v1/admin/auth/mail/{id}", [get(mail::one), delete(mail::cancel)])
        .route("/api/v1/admin/auth/mail/{id}/retry", [post(mail::retry)])
        .route(IP_BLOCKS, [get(blocks::networks), post(blocks::block_network)])
        .route(
            "/api/v1/admin/ip_blocks/{id}",
            [get(blocks::network), put(blocks::change_network), delete(blocks::unblock_network)],
        )
        .route(EMAIL_DOMAIN_BLOCKS, [get(blocks::domains), post(blocks::block_domain)])
        .route("/api/v1/admin/email_domain_blocks/{id}", [get(blocks::domain), delete(blocks::unblock_domain)])
        .route(EVENTS, [get(events::list)])
        .route("/api/v1/admin/auth/events.csv", [get(events::csv)])
        .route("/api/v1/admin/auth/events.json", [get(events::json)])
        .route(APPS, [get(apps::list)])
        .route("/api/v1/admin/auth/apps/{id}", [get(apps::one), delete(apps::remove)])
}
