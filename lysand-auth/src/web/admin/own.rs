//! What Mastodon's admin API lacks, for admins (people PPL-143, PPL-144).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::acts::Acting;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self, Act};
use crate::flows::reset::{self, Demanded};
use crate::flows::{reviews, sessions, staff};
use crate::model::account::Role;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// Demands that whoever acts signed in a moment ago, or the password (people PPL-24).
async fn require_proof(acting: &Acting, bearer: &Bearer, params: &Params) -> Result<(), ApiError> {
    let password = params.secret("current_password")?;
    Ok(admin::require_proof(&acting.auth, &bearer.acting(), &acting.staff, password.as_ref()).await?)
}

/// `POST /api/v1/admin/auth/accounts/:id/role`
pub(super) async fn role(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let params = received.0?;
    let role = match params.last_scalar("role")?.as_deref() {
        Some("user") => Role::Member,
        Some("moderator") => Role::Moderator,
        Some("admin") => Role::Admin,
        _ => {
            // Whoever may not act learns that first.
            Acting::new(auth, req, &bearer, &id, Act::ChangeRole(Role::Admin)).await?;
            return Err(Error::refused(Code::Validation, texts::UNKNOWN_ROLE).into());
        }
    };
    let acting = Acting::new(auth, req, &bearer, &id, Act::ChangeRole(role)).await?;
    require_proof(&acting, &bearer, &params).await?;
    if acting.target.role != role {
        staff::set_role(&acting.auth, &acting.target, role, &acting.act()).await.map_err(Error::from)?;
    }
    acting.answer().await
}

/// `POST /api/v1/admin/auth/accounts/:id/confirm`
pub(super) async fn confirm(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::Confirm).await?;
    let caller = wire::caller(&acting.req, acting.auth.config());
    reviews::confirm(&acting.auth, &acting.target.id, acting.by(), &caller).await?;
    acting.answer().await
}

/// `POST /api/v1/admin/auth/accounts/:id/unlock`
pub(super) async fn unlock(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::Unlock).await?;
    let caller = wire::caller(&acting.req, acting.auth.config());
    sessions::unlock(&acting.auth, &acting.target, acting.by(), &caller).await?;
    acting.answer().await
}

/// `POST /api/v1/admin/auth/accounts/:id/reset_password`
pub(super) async fn reset_password(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::DemandReset).await?;
    require_proof(&acting, &bearer, &received.0?).await?;
    if acting.target.email.as_ref().is_none_or(|email| !email.confirmed) {
        // Nobody would get the link.
        return Err(Error::refused(Code::Validation, texts::NO_CONFIRMED_ADDRESS).into());
    }
    reset::demand(&acting.auth, &acting.target, Demanded::Now, acting.by()).await?;
    acting.answer().await
}

/// `POST /api/v1/admin/auth/accounts/:id/end_sessions`
pub(super) async fn end_sessions(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::EndSessions).await?;
    require_proof(&acting, &bearer, &received.0?).await?;
    staff::end_access(&acting.auth, &acting.target, &acting.act()).await?;
    acting.answer().await
}
