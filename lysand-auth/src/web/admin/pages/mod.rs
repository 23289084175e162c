//! The pages of the people who run the server (people PPL-151 to PPL-153, PPL-155).

mod account;
mod accounts;
mod act;
mod apps;
mod blocks;
mod confirm;
mod deed;
mod event_rows;
mod events;
mod frame;
mod home;
mod invitations;
mod listing;
mod mail;
mod new_account;
mod requests;
mod settings;
mod words;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use self::frame::{ACCOUNTS, APPS, BLOCKS, EVENTS, HOME, INVITATIONS, MAIL, REQUESTS, SETTINGS, looked};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::texts;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, get, post};
use crate::web::kit::surfaces::Surface;
use crate::web::wire::params::Received;

/// The pages.
pub(super) fn routes(auth: &Auth) -> Routes {
    Routes::new(auth, AnswerKind::Page)
        .of(Surface::Admin)
        .with_form_session()
        .route(HOME, [get(home::page)])
        .route(REQUESTS, [get(requests::page), post(requests::submit)])
        .route(ACCOUNTS, [get(accounts::page)])
        .route(SETTINGS, [get(settings::page), post(settings::submit)])
        .route(new_account::NEW, [get(new_account::page), post(new_account::submit)])
        .route("/admin/accounts/{id}", [get(account::page), post(account::submit)])
        .route("/admin/accounts/{id}/{act}", [get(act::page), post(act::submit)])
        .route(INVITATIONS, [get(invitations::page), post(invitations::submit)])
        .route(invitations::END_ALL, [get(invitations::end_page), post(invitations::end_all)])
        .route(BLOCKS, [get(blocks::page), post(blocks::submit)])
        .route(blocks::DOMAINS, [get(blocks::page), post(blocks::submit)])
        .route(APPS, [get(apps::page)])
        .route("/admin/apps/{id}", [get(apps::one)])
        .route("/admin/apps/{id}/remove", [get(apps::remove_page), post(apps::remove)])
        .route(MAIL, [get(mail::page), post(mail::test)])
        .route("/admin/mail/{id}", [get(mail::one), post(mail::retry)])
        .route("/admin/mail/{id}/cancel", [get(mail::cancel_page), post(mail::cancel)])
        .route(EVENTS, [get(events::page)])
        .route(events::EXPORT, [get(events::export_page), post(events::export)])
        .route("/admin/{tail}*", [get(nothing)])
}

/// `GET /admin/…`: nothing is there, and only staff learns that.
async fn nothing(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |_, _| Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND))).await
}
