//! What people do about their own accounts: signing up, waiting for the account to be usable, recovering it.

mod about;
mod activity;
mod closing;
mod confirm;
mod confirm_identity;
mod email;
mod email_links;
mod end_apps_page;
mod end_everything_page;
mod entities;
mod export;
mod factors;
#[cfg(feature = "sso")]
mod finish;
pub(crate) mod forgot;
pub(super) mod invitations;
mod invitations_page;
mod invite;
mod join;
mod json;
mod only_passkeys;
mod page_addresses;
mod passkey_page;
mod password;
mod paths;
mod profile;
mod reset;
mod security_page;
mod sessions;
mod sessions_page;
mod sign_up;
mod sign_up_passkey;
mod tokens;
mod tokens_page;
mod waiting;
mod way_back;

use self::paths::{
    ACTIVITY, CHALLENGE, CLOSE, CONFIRM, CONFIRM_IDENTITY, EMAIL, EMAIL_CONFIRM, EMAIL_STOP, EMAIL_UNDO, EXPORT,
    FORGOT, INVITATIONS, PASSWORD, PROFILE, REGISTER, REGISTER_PASSKEY, RESET, RESET_FORM, SECURITY, SESSIONS,
    SESSIONS_END, SESSIONS_ENDED, TOKENS, WAITING, WAY_BACK_STOP,
};
use crate::auth::Auth;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, delete, get, patch, post};
use crate::web::kit::surfaces::Surface;
use crate::web::pages::app_list;

/// Pages, own JSON routes, and Mastodon's route for apps.
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    [of_account(auth), of_sign_ins(auth), of_factors(auth), vec![of_mastodon(auth)]].concat()
}

/// The own second factors.
fn of_factors(auth: &Auth) -> Vec<Routes> {
    vec![
        Routes::new(auth, AnswerKind::Page)
            .of(Surface::People)
            .with_form_session()
            .route(SECURITY, [get(security_page::page)])
            .route("/account/security/totp", [post(security_page::begin_totp)])
            .route("/account/security/totp/confirm", [post(security_page::confirm_totp)])
            .route("/account/security/passkeys", [post(passkey_page::submit)])
            .route("/account/security/two_step", [post(security_page::two_step)])
            .route("/account/security/email", [post(security_page::email)])
            .route("/account/security/only_passkeys", [post(only_passkeys::submit)])
            .route("/account/security/recovery", [post(security_page::recovery)])
            .route("/account/security/way_back/stop", [post(way_back::by_owner)])
            .route(WAY_BACK_STOP, [get(way_back::page), post(way_back::submit)])
            .route("/account/security/recovery/download", [post(security_page::download)])
            .route("/account/security/{id}/rename", [post(security_page::rename)])
            .route("/account/security/{id}/remove", [post(security_page::remove)]),
        Routes::new(auth, AnswerKind::Api)
            .of(Surface::People)
            .limited()
            .route(factors::PATH, [get(factors::list), patch(factors::change)])
            .route("/api/v1/auth/factors/totp", [post(factors::begin_totp)])
            .route("/api/v1/auth/factors/totp/confirm", [post(factors::confirm_totp)])
            .route("/api/v1/auth/factors/passkeys/start", [post(factors::begin_passkey)])
            .route("/api/v1/auth/factors/passkeys", [post(factors::add_passkey)])
            .route("/api/v1/auth/factors/recovery", [post(factors::recovery)])
            .route("/api/v1/auth/factors/way_back/stop", [post(way_back::by_json)])
            .route("/api/v1/auth/factors/{id}", [patch(factors::rename), delete(factors::remove)]),
    ]
}

/// What is signed in to the own account, and its end.
fn of_sign_ins(auth: &Auth) -> Vec<Routes> {
    vec![
        Routes::new(auth, AnswerKind::Page)
            .of(Surface::People)
            .with_form_session()
            .route(SESSIONS, [get(sessions_page::page), post(sessions_page::submit)])
            .route(SESSIONS_END, [get(end_everything_page::page), post(end_everything_page::submit)])
            .route(SESSIONS_ENDED, [get(end_everything_page::ended)])
            .routes([app_list::END, app_list::END_ALL], [get(end_apps_page::page), post(end_apps_page::submit)]),
        Routes::new(auth, AnswerKind::Api)
            .of(Surface::People)
            .limited()
            .route(sessions::OWN, [get(sessions::list)])
            .route("/api/v1/auth/sessions/end_others", [post(sessions::end_others)])
            .route("/api/v1/auth/sessions/end_everything", [post(sessions::end_everything)])
            .route("/api/v1/auth/sessions/{id}", [delete(sessions::end)])
            .route("/api/v1/auth/apps/end", [post(sessions::end_apps)]),
    ]
}

fn of_account(auth: &Auth) -> Vec<Routes> {
    let page = || Routes::new(auth, AnswerKind::Page).of(Surface::People).with_form_session();
    let api = || Routes::new(auth, AnswerKind::Api).of(Surface::People).limited();
    vec![
        page()
            .route(REGISTER, [get(sign_up::page), post(sign_up::submit)])
            .route(REGISTER_PASSKEY, [get(sign_up::without_passkey), post(sign_up::begin_passkey)])
            .route(WAITING, [get(waiting::page)])
            .route("/register/waiting/{what}", [get(waiting::state), post(waiting::act)])
            .routes([CONFIRM, "/auth/confirmation"], [get(confirm::page), post(confirm::act)])
            .route("/api/auth/continue", [post(waiting::continue_by_token)])
            .route(FORGOT, [get(forgot::page), post(forgot::submit)])
            .route(RESET, [get(reset::page)])
            .route(PASSWORD, [get(password::page), post(password::submit)])
            .route(INVITATIONS, [get(invitations_page::page), post(invitations_page::submit)])
            .route(TOKENS, [get(tokens_page::page), post(tokens_page::submit)])
            .route(CLOSE, [get(closing::page), post(closing::submit)])
            .route(EXPORT, [get(export::page), post(export::submit)])
            .route(PROFILE, [get(profile::page), post(profile::submit)])
            .route(ACTIVITY, [get(activity::page)])
            .route(CONFIRM_IDENTITY, [get(confirm_identity::page), post(confirm_identity::submit)])
            .route(EMAIL, [get(email::page), post(email::submit)])
            .routes([EMAIL_CONFIRM, EMAIL_STOP, EMAIL_UNDO], [get(email_links::page), post(email_links::act)])
            .route("/.well-known/change-password", [get(password::well_known)])
            .route(RESET_FORM, [post(reset::submit)]),
        #[cfg(feature = "sso")]
        page().route(paths::FINISH, [get(finish::page), post(finish::submit)]),
        api()
            .route("/invite/{code}", [get(invite::open)])
            .route("/api/v1/auth/signup", [get(json::offer), post(json::sign_up)])
            .route("/api/v1/auth/signup/passkey", [post(json::begin_passkey)])
            .route(CHALLENGE, [get(json::challenge)])
            .route("/api/v1/auth/signup/state", [post(json::state)])
            .route("/api/v1/auth/signup/resend", [post(json::resend)])
            .route("/api/v1/auth/signup/email", [post(json::email)])
            .route("/api/v1/auth/signup/confirm", [post(json::confirm)])
            .route("/api/v1/auth/signup/withdraw", [post(json::withdraw)])
            .route("/api/v1/auth/email", [get(email::state), post(email::ask), delete(email::cancel)])
            .route("/api/v1/auth/email/confirm", [post(email::confirm)])
            .route("/api/v1/auth/email/resend", [post(email::send_again)])
            .route("/api/v1/auth/events", [get(activity::list)])
            .route("/api/v1/auth/routes", [get(page_addresses::list)])
            .route(invitations::OWN, [get(invitations::own), post(invitations::make)])
            .route("/api/v1/auth/invitations/{id}", [delete(invitations::end)])
            .route(
                invitations::ALL,
                [get(invitations::all), post(invitations::make_as_staff), delete(invitations::end_all)],
            )
            .route("/api/v1/admin/auth/invitations/{id}", [delete(invitations::end_any)])
            .route(tokens::PATH, [get(tokens::list), post(tokens::make)])
            .route("/api/v1/auth/personal_tokens/{id}", [delete(tokens::end)])
            .route("/api/v1/auth/personal_tokens/{id}/extend", [post(tokens::extend)])
            .route("/api/v1/auth/closure", [post(closing::by_json)])
            .route("/api/v1/auth/export", [get(export::by_json)])
            .route("/api/v1/auth/password", [post(password::by_json)])
            .route("/api/v1/auth/password/forgot", [post(forgot::by_json)])
            .route("/api/v1/auth/password/reset", [post(reset::by_json)]),
    ]
}

/// Routes of Mastodon's API: what people agree to, and signing up through an app.
fn of_mastodon(auth: &Auth) -> Routes {
    Routes::new(auth, AnswerKind::Api)
        .of(Surface::People)
        .limited()
        .route("/api/v1/instance/rules", [get(about::rules)])
        .route("/api/v1/instance/terms_of_service", [get(about::terms_of_service)])
        .route("/api/v1/instance/privacy_policy", [get(about::privacy_policy)])
        .route("/api/v1/accounts", [post(join::create)])
        .route("/api/v1/accounts/update_credentials", [patch(profile::by_app)])
        .route("/api/v1/emails/confirmations", [post(join::send_again)])
        .route("/api/v1/emails/check_confirmation", [get(join::is_confirmed)])
}
