//! Clients of Resonite (native section 3).

mod answer;
mod body;
mod caller;
mod hub;
mod json;
mod lost_password;
mod sessions;

pub(super) use self::answer::ResoniteError;
pub use self::caller::Res;
use crate::auth::Auth;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, delete, get, patch, post};
use crate::web::kit::surfaces::Surface;

/// The routes, behind the prefix of the dialect.
pub(super) fn routes(auth: &Auth) -> Vec<Routes> {
    let at = |path: &str| format!("{}{path}", auth.config().native.resonite.prefix);
    let api = Routes::new(auth, AnswerKind::Api).of(Surface::Resonite).limited().with_errors(answer::refused);
    vec![
        api.route(&at("/userSessions"), [post(sessions::begin), patch(sessions::extend)])
            .route(&at("/userSessions/{userId}/{token}"), [delete(sessions::end)])
            .route(&at("/users/requestlostpassword"), [get(lost_password::ask), post(lost_password::ask)])
            .route(&at("/hub/negotiate"), [post(hub::negotiate)]),
    ]
}
