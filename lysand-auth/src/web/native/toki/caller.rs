//! Who calls: the access token of a toki sign-in (native 2.1).

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{HttpMessage, HttpRequest};

use super::answer::TokiError;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::flows::admin;
use crate::flows::bearer::note_use;
use crate::flows::native::{Dialect, NativeCaller, of_token};
use crate::web::kit::bearer::Checked;
use crate::web::wire::request;

/// Whoever calls.
pub(super) async fn caller(auth: &Auth, req: &HttpRequest) -> Result<NativeCaller, TokiError> {
    let invalid = || TokiError::unauthorized("invalid or expired token");
    if !req.headers().contains_key(AUTHORIZATION) {
        return Err(TokiError::unauthorized("missing Authorization header"));
    }
    let token = request::bearer(req.headers()).ok_or_else(|| TokiError::unauthorized("expected Bearer token"))?;
    if has_two(req.headers()) {
        return Err(invalid());
    }
    let checked = req.extensions_mut().remove::<Checked>().map(|checked| checked.0);
    let source = request::source(req, auth.config());
    let found = of_token(auth, (Dialect::Toki, &token), source, checked).await?.ok_or_else(invalid)?;
    note_use(auth, &found.bearer, source);
    Ok(found)
}

fn has_two(headers: &HeaderMap) -> bool {
    headers.get_all(AUTHORIZATION).count() > 1
}

/// An admin who calls.
pub(super) async fn admin(auth: &Auth, req: &HttpRequest) -> Result<NativeCaller, TokiError> {
    let caller = caller(auth, req).await?;
    match admin::require_admin(&caller.account) {
        Ok(()) => Ok(caller),
        Err(_) => Err(TokiError::forbidden("admin role required")),
    }
}

/// An admin who calls for a change, which counts, and signed in lately (`admin_fresh`).
pub(super) async fn admin_who_changes(
    auth: &Auth,
    req: &HttpRequest,
    wants_fresh: bool,
) -> Result<NativeCaller, TokiError> {
    let caller = admin(auth, req).await?;
    let since: Timestamp = auth.ambient().now().minus(auth.config().native.toki.admin_fresh);
    if wants_fresh && !caller.is_proven_since(since) {
        return Err(TokiError::forbidden("please log in again"));
    }
    admin::admit_change(auth, &caller.account, &request::caller(req, auth.config())).await?;
    Ok(caller)
}
