//! What staff does to accounts by Mastodon's admin API: judged by scope and role alone (people PPL-132 to PPL-134).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::entity::entity;
use super::paths::WRITES;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self, Act};
use crate::flows::staff::{self, StaffAct, Standing};
use crate::flows::{closing, reviews};
use crate::host::accounts::{AccountsError, Action};
use crate::model::account::Account;
use crate::model::event::Actor;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// Who acts, on whom.
pub(super) struct Acting {
    pub(super) auth: Data<Auth>,
    pub(super) req: HttpRequest,
    pub(super) staff: Account,
    pub(super) target: Account,
}

impl Acting {
    pub(super) async fn new(
        auth: Data<Auth>,
        req: HttpRequest,
        bearer: &Bearer,
        id: &str,
        act: Act,
    ) -> Result<Self, ApiError> {
        let staff = bearer.account(WRITES).await?;
        admin::admit_change(&auth, &staff, &wire::caller(&req, auth.config())).await?;
        let target = admin::target(&auth, &staff, id, act).await?;
        Ok(Self { auth, req, staff, target })
    }

    pub(super) fn act(&self) -> StaffAct {
        StaffAct::by_account(&self.staff, wire::caller(&self.req, self.auth.config()))
    }

    pub(super) fn by(&self) -> Actor {
        Actor::Account(self.staff.id.clone())
    }

    /// The account as it is now.
    pub(super) async fn answer(self) -> Answer {
        let account = self.auth.account(&self.target.id).await?.unwrap_or(self.target);
        shown(&self.auth, account).await
    }
}

async fn shown(auth: &Auth, account: Account) -> Answer {
    let found = admin::shown(auth, vec![account]).await?;
    Ok(reply(&found.first().map(|found| entity(auth, found))))
}

/// `DELETE /api/v1/admin/accounts/:id`
pub(super) async fn delete(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::Delete).await?;
    admin::require_deletable(&acting.auth, &acting.target).await?;
    let answer = shown(&acting.auth, acting.target.clone()).await?;
    let caller = wire::caller(&acting.req, acting.auth.config());
    match closing::remove(&acting.auth, &acting.target, acting.by(), &caller).await {
        Ok(()) => Ok(answer),
        // Somebody else was faster.
        Err(_) if acting.auth.account(&acting.target.id).await?.is_none() => {
            Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND).into())
        }
        Err(error) => Err(Error::from(error).into()),
    }
}

/// `POST /api/v1/admin/accounts/:id/approve`
pub(super) async fn approve(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::Decide).await?;
    let caller = wire::caller(&acting.req, acting.auth.config());
    decided(reviews::approve(&acting.auth, &acting.target.id, acting.by(), &caller).await)?;
    acting.answer().await
}

/// `POST /api/v1/admin/accounts/:id/reject`
pub(super) async fn reject(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::Decide).await?;
    let text = received.0?.body_text("text")?;
    let caller = wire::caller(&acting.req, acting.auth.config());
    let found = admin::shown(&acting.auth, vec![acting.target.clone()]).await?;
    decided(reviews::reject(&acting.auth, &acting.target.id, text.as_deref(), acting.by(), &caller).await)?;
    // As it was: the account is gone.
    Ok(reply(&found.first().map(|found| entity(&acting.auth, found))))
}

/// A request that nobody has to decide any more is not one to act on.
fn decided(outcome: Result<(), Error>) -> Result<(), ApiError> {
    match outcome {
        Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => {
            Err(Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED).into())
        }
        outcome => Ok(outcome?),
    }
}

/// `POST /api/v1/admin/accounts/:id/enable`
pub(super) async fn enable(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::Enable).await?;
    if acting.target.standing == Standing::Disabled {
        set(&acting, Standing::Active, &acting.act()).await?;
    }
    acting.answer().await
}

/// `POST /api/v1/admin/accounts/:id/unsuspend`
pub(super) async fn unsuspend(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let acting = Acting::new(auth, req, &bearer, &id, Act::Enable).await?;
    if acting.target.standing != Standing::Suspended {
        return Err(Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED).into());
    }
    set(&acting, Standing::Active, &acting.act()).await?;
    acting.answer().await
}

/// `POST /api/v1/admin/accounts/:id/unsilence`
pub(super) async fn unsilence(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    undo(auth, req, bearer, &id, Action::Unsilence).await
}

/// `POST /api/v1/admin/accounts/:id/unsensitive`
pub(super) async fn unsensitive(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    undo(auth, req, bearer, &id, Action::UnmarkSensitive).await
}

/// What only the host can undo; where it does not, there is nothing to undo.
async fn undo(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: &str, action: Action) -> Answer {
    let acting = Acting::new(auth, req, &bearer, id, Act::Enable).await?;
    match acting.auth.accounts().moderate(&acting.target.id, action).await {
        Ok(()) | Err(AccountsError::NotOffered) => acting.answer().await,
        Err(error) => Err(Error::from(error).into()),
    }
}

/// `POST /api/v1/admin/accounts/:id/action`
pub(super) async fn action(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let staff = bearer.account(WRITES).await?;
    admin::require_staff(&staff)?;
    let params = received.0?;
    let kind = params.last_scalar("type")?;
    let kind = kind.as_deref().and_then(Kind::named).ok_or_else(not_included)?;
    let acting = Acting::new(auth, req, &bearer, &id, kind.act()).await?;
    let text = params.body_text("text")?;
    let tells = params.last_scalar("send_email_notification")?.is_none() || params.flag("send_email_notification");
    let act = if tells { acting.act().told(text.as_deref()) } else { acting.act() };
    match kind {
        Kind::None => staff::warn(&acting.auth, &acting.target, &act).await?,
        Kind::Stop(standing) if acting.target.standing == standing => {}
        Kind::Stop(standing) => set(&acting, standing, &act).await?,
        Kind::OfHost(action) => match acting.auth.accounts().moderate(&acting.target.id, action).await {
            Err(AccountsError::NotOffered) => return Err(not_included()),
            done => done.map_err(Error::from)?,
        },
    }
    Ok(reply(&json!({})))
}

async fn set(acting: &Acting, standing: Standing, act: &StaffAct) -> Result<(), ApiError> {
    Ok(staff::set_standing(&acting.auth, &acting.target, standing, act).await.map_err(Error::from)?)
}

/// What `type` can be.
#[derive(Clone, Copy)]
enum Kind {
    None,
    Stop(Standing),
    OfHost(Action),
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "disable" => Self::Stop(Standing::Disabled),
            "suspend" => Self::Stop(Standing::Suspended),
            "silence" => Self::OfHost(Action::Silence),
            "sensitive" => Self::OfHost(Action::MarkSensitive),
            _ => return None,
        })
    }

    fn act(self) -> Act {
        match self {
            Self::None => Act::Warn,
            Self::Stop(_) | Self::OfHost(_) => Act::Disable,
        }
    }
}

fn not_included() -> ApiError {
    Error::refused(Code::Validation, "Validation failed: Type is not included in the list").into()
}
