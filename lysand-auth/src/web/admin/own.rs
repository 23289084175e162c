//! What Mastodon's admin API lacks, for admins (people PPL-143, PPL-144).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::acts::Acting;
use super::entity::entity;
use super::paths::WRITES;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self, Act};
use crate::flows::reset::{self, Demanded};
use crate::flows::sign_up::{self, AccountByStaff, SignUpError};
use crate::flows::{reviews, sessions, staff};
use crate::model::account::Role;
use crate::model::language::Language;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, JsonBody, field_errors, private};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// Demands that whoever acts signed in a moment ago, or the password (people PPL-24).
async fn require_proof(acting: &Acting, bearer: &Bearer, params: &Params) -> Result<(), ApiError> {
    let password = params.secret("current_password")?;
    Ok(admin::require_proof(&acting.auth, &bearer.acting(), &acting.staff, password.as_ref()).await?)
}

/// `POST /api/v1/admin/auth/accounts`: an account for somebody else, who chooses its password by a mailed link (people PPL-145).
pub(super) async fn make(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(WRITES).await?;
    let caller = wire::caller(&req, auth.config());
    admin::admit_change(&auth, &staff, &caller).await?;
    let params = received.0?;
    params.require_known_type()?;
    let text = |name| params.body_text(name);
    let mut wanted = AccountByStaff::new(text("username")?.unwrap_or_default(), text("email")?.unwrap_or_default());
    wanted.role = match text("role")?.as_deref() {
        None | Some("user") => Role::Member,
        Some("moderator") => Role::Moderator,
        Some("admin") => Role::Admin,
        Some(_) => return Err(Error::refused(Code::Validation, texts::UNKNOWN_ROLE).into()),
    };
    wanted.sends = !matches!(text("send")?.as_deref(), Some("false" | "0"));
    wanted.language = text("locale")?.as_deref().and_then(Language::parse);
    // Whoever may not is not asked for a proof.
    sign_up::require_maker(&staff, wanted.role)?;
    if wanted.role != Role::Member {
        let password = params.secret("current_password")?;
        admin::require_proof(&auth, &bearer.acting(), &staff, password.as_ref()).await?;
    }
    match sign_up::by_staff(&auth, &staff, wanted, &caller).await {
        Ok(account) => {
            let made = admin::shown(&auth, vec![account]).await?;
            let made = made.first().map(|found| entity(&auth, found));
            Ok(private(HttpResponse::build(StatusCode::CREATED).json_body(&made.unwrap_or_default())))
        }
        Err(SignUpError::Fields(errors)) => Ok(private(field_errors(&errors))),
        Err(SignUpError::Refused(error)) => Err(error.into()),
    }
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
