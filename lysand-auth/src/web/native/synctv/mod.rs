//! Clients of SyncTV (native section 1).

mod answer;
mod body;
mod caller;
mod email;
mod entities;
mod info;
mod login;
mod mfa;
mod names;
mod passkeys;
mod register;
mod session;
mod user;

pub(super) use self::answer::TWO_FACTORS;
use actix_web::guard::GuardContext;
use actix_web::http::{Method, header};
use actix_web::web::Data;

use crate::auth::Auth;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, delete, get, patch, post};
use crate::web::kit::surfaces::Surface;
use crate::web::wire::body::media_type;

/// The routes, behind the prefix of the dialect.
pub(super) fn routes(auth: &Auth) -> Vec<Routes> {
    let prefix = &auth.config().native.synctv.prefix;
    let at = |path: &str| format!("{prefix}{path}");
    let api = || Routes::new(auth, AnswerKind::Api).of(Surface::Synctv).limited().with_errors(answer::of_error);
    // Lysand's own sign-in is a neighbour on the same path.
    let login = if prefix.is_empty() { api().guarded(is_for_program) } else { api() };
    vec![
        login.route(&at("/api/auth/login"), [post(login::login)]),
        api()
            .route(&at("/api/auth/email/request"), [post(login::request_code)])
            .route(&at("/api/auth/refresh"), [post(session::refresh)])
            .route(&at("/api/auth/mfa/email/request"), [post(mfa::request_code)])
            .route(&at("/api/auth/mfa/email/verify"), [post(mfa::email)])
            .route(&at("/api/auth/mfa/passkeys/start"), [post(mfa::start_passkey)])
            .route(&at("/api/auth/mfa/passkeys/finish"), [post(mfa::finish_passkey)])
            .route(&at("/api/auth/mfa/password/verify"), [post(mfa::password)])
            .route(&at("/api/auth/mfa/totp/verify"), [post(mfa::totp)])
            .route(&at("/api/auth/mfa/recovery-code/verify"), [post(mfa::recovery_code)])
            .route(&at("/api/auth/passkeys/login/start"), [post(passkeys::start)])
            .route(&at("/api/auth/passkeys/login/finish"), [post(passkeys::finish)])
            .route(&at("/api/auth/passkeys/registration/start"), [post(register::start_passkey)])
            .route(&at("/api/auth/passkeys/registration/finish"), [post(register::finish_passkey)])
            .route(&at("/api/auth/register"), [post(register::register)])
            .route(&at("/api/email/verify/send"), [post(email::send_verification)])
            .route(&at("/api/email/verify/confirm"), [post(email::confirm)])
            .route(&at("/api/email/password/reset"), [post(email::send_reset)])
            .route(&at("/api/email/password/confirm"), [post(email::reset)])
            .route(&at("/api/user/me"), [delete(user::close)])
            .route(&at("/api/user/passkeys"), [get(passkeys::list)])
            .route(&at("/api/user/passkeys/bind/start"), [post(passkeys::start_bind)])
            .route(&at("/api/user/passkeys/bind/finish"), [post(passkeys::finish_bind)])
            .route(&at("/api/user/passkeys/{credential_id}"), [delete(passkeys::remove)])
            .route(&at("/api/user"), [get(user::own), patch(user::change)])
            .route(&at("/api/user/logout"), [post(session::logout)])
            .route(&at("/api/user/preferences"), [get(user::preferences), patch(user::change_preferences)])
            .route(&at("/api/tickets"), [post(info::ticket)])
            .route(&at("/api/public/settings"), [get(info::settings)]),
    ]
}

/// Whether a request to sign in is a program's: it posts JSON and names no app in its query, or asks from another origin than the
/// frontend's whether it may (NAT-3, NAT-8).
fn is_for_program(guard: &GuardContext<'_>) -> bool {
    let head = guard.head();
    let text = |name| head.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    match head.method {
        Method::POST => {
            let content_type = text(header::CONTENT_TYPE);
            let is_json = content_type.is_some_and(|kind| media_type(&kind) == "application/json");
            let query = head.uri.query().unwrap_or_default();
            is_json && !url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "client_id")
        }
        // What the frontend asks its own server is answered as without the dialect.
        Method::OPTIONS => {
            let auth = guard.app_data::<Data<Auth>>();
            let frontend = auth.and_then(|auth| auth.config().frontend.origin.as_ref());
            frontend.is_none_or(|frontend| text(header::ORIGIN).as_deref() != Some(frontend.as_str()))
        }
        _ => false,
    }
}
