//! Who calls: the access token of a SyncTV sign-in, and two proofs where the account wants two (native 1.2).

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage, HttpRequest};

use super::answer::{SynctvError, TWO_FACTORS};
use crate::auth::Auth;
use crate::flows::bearer::note_use;
use crate::flows::native::{self, Dialect, NativeCaller};
use crate::web::kit::bearer::Checked;
use crate::web::wire::request;

/// Whoever calls.
pub(super) async fn caller(auth: &Auth, req: &HttpRequest) -> Result<NativeCaller, SynctvError> {
    let caller = signed_in(auth, req).await?;
    match native::lacks_second_factor(auth, &caller).await? {
        true => Err(SynctvError::unauthorized(TWO_FACTORS)),
        false => Ok(caller),
    }
}

/// Whoever calls, whether one proof is enough or not: to sign out.
pub(super) async fn signed_in(auth: &Auth, req: &HttpRequest) -> Result<NativeCaller, SynctvError> {
    if !req.headers().contains_key(AUTHORIZATION) {
        return Err(SynctvError::unauthorized("Missing Authorization header"));
    }
    let token = request::bearer(req.headers()).filter(|_| req.headers().get_all(AUTHORIZATION).count() == 1);
    let token = token.ok_or_else(|| SynctvError::unauthorized("Invalid Authorization header"))?;
    let checked = req.extensions_mut().remove::<Checked>().map(|checked| checked.0);
    let source = request::source(req, auth.config());
    let found = native::of_token(auth, (Dialect::Synctv, &token), source, checked).await?;
    let Some(found) = found else {
        return Err(match native::was_ended_by_password(auth, &token).await? {
            true => SynctvError::unauthorized(native::PASSWORD_CHANGED),
            false => SynctvError::unauthorized("Invalid or expired token").with_code(1001),
        });
    };
    note_use(auth, &found.bearer, source);
    Ok(found)
}
