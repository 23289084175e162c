//! Invitations in JSON: one's own, and those of all for staff (people PPL-85).

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::json::{body, private};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin;
use crate::flows::invitations::{self as flow, Invitation, ListPage, NewInvitation};
use crate::model::account::{Account, AccountId, Role};
use crate::model::form_error::{FormError, FormErrors};
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

pub(super) const OWN: &str = "/api/v1/auth/invitations";
pub(super) const ALL: &str = "/api/v1/admin/auth/invitations";

const ADMIN_READS: &[&str] = &["admin:read", "admin:read:accounts"];
const ADMIN_WRITES: &[&str] = &["admin:write", "admin:write:accounts"];

/// `GET /api/v1/auth/invitations`
pub(super) async fn own(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    let account = bearer.account(&["auth:read"]).await?;
    let found = flow::of_person(&auth, &account, list_page::span(&received.0?)?).await?;
    Ok(page(&auth, (OWN, &[]), &found))
}

/// `POST /api/v1/auth/invitations`
pub(super) async fn make(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let account = bearer.account(&["auth:write"]).await?;
    made(&auth, &req, &account, &body(received)?).await
}

/// `DELETE /api/v1/auth/invitations/{id}`
pub(super) async fn end(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let account = bearer.account(&["auth:write"]).await?;
    flow::end_own(&auth, &account, &id, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({}))))
}

/// `GET /api/v1/admin/auth/invitations`, those of `created_by` if it is given.
pub(super) async fn all(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(ADMIN_READS).await?;
    let params = received.0?;
    let maker = params.last_scalar("created_by")?;
    let filters: Vec<(&str, &str)> = maker.iter().map(|maker| ("created_by", maker.as_str())).collect();
    let span = list_page::span(&params)?;
    let found = flow::of_all(&auth, &staff, maker.as_deref().map(AccountId::new), span).await?;
    Ok(page(&auth, (ALL, &filters), &found))
}

/// `POST /api/v1/admin/auth/invitations`
pub(super) async fn make_as_staff(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(ADMIN_WRITES).await?;
    admin::admit_change(&auth, &staff, &wire::caller(&req, auth.config())).await?;
    made(&auth, &req, &staff, &body(received)?).await
}

/// `DELETE /api/v1/admin/auth/invitations/{id}`
pub(super) async fn end_any(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let staff = bearer.account(ADMIN_WRITES).await?;
    let caller = wire::caller(&req, auth.config());
    admin::admit_change(&auth, &staff, &caller).await?;
    flow::end_any(&auth, &staff, &id, &caller).await?;
    Ok(private(reply(&json!({}))))
}

/// `DELETE /api/v1/admin/auth/invitations`: all those of the account `created_by` (people PPL-87).
pub(super) async fn end_all(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(ADMIN_WRITES).await?;
    admin::admit_change(&auth, &staff, &wire::caller(&req, auth.config())).await?;
    let params = received.0?;
    let Some(maker) = params.last_scalar("created_by")?.map(AccountId::new) else {
        return Ok(private(field_errors(&FormErrors::from(FormError::blank("created_by")))));
    };
    if !flow::may_end(&staff, Some(&maker)) {
        return Err(Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED).into());
    }
    let password = params.secret("current_password")?;
    admin::require_proof(&auth, &bearer.acting(), &staff, password.as_ref()).await?;
    let ended = flow::end_all(&auth, &staff, &maker, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({ "ended": ended }))))
}

async fn made(auth: &Auth, req: &HttpRequest, maker: &Account, params: &Params) -> Answer {
    let new = wanted(params, maker.role >= Role::Moderator)?;
    match flow::create_by(auth, maker, new, &wire::caller(req, auth.config())).await? {
        Ok(invitation) => Ok(private(reply(&entity(auth, &invitation)))),
        Err(errors) => Ok(private(field_errors(&errors))),
    }
}

/// The invitation that a form or a JSON body describes. What is no number is one that no invitation has.
///
/// # Errors
/// 400 for differing copies of a field.
pub(crate) fn wanted(params: &Params, is_staff: bool) -> Result<NewInvitation, Error> {
    let text = |name: &str| Ok::<_, Error>(params.body_text(name)?.map(|text| text.trim().to_owned()));
    let mut new = NewInvitation::new(None);
    new.max_uses = match text("max_uses")?.as_deref() {
        None | Some("") if is_staff => None,
        None | Some("") => Some(1),
        Some("none") => None,
        Some(number) => Some(number.parse().unwrap_or(0)),
    };
    new.expires_in = match text("expires_in")?.as_deref() {
        None | Some("") => new.expires_in,
        Some("never") => None,
        Some(seconds) => Some(Duration::from_secs(seconds.parse().unwrap_or(0))),
    };
    new.comment = params.body_text("comment")?;
    new.email = text("email")?.filter(|email| !email.is_empty());
    new.skips_review = match text("skips_review")?.as_deref() {
        None => is_staff,
        Some(said) => matches!(said, "true" | "1" | "on"),
    };
    Ok(new)
}

fn page(auth: &Auth, place: (&str, &[(&str, &str)]), found: &ListPage<Invitation>) -> HttpResponse {
    private(list_page::filtered(auth, place, found, |invitation| (invitation.id.as_str(), entity(auth, invitation))))
}

fn entity(auth: &Auth, made: &Invitation) -> Value {
    json!({
        "id": made.id,
        "code": made.code,
        "url": flow::link(auth, made),
        "max_uses": made.max_uses,
        "uses": made.uses,
        "expires_at": made.expires_at.map(|end| end.to_iso8601()),
        "comment": made.comment,
        "skips_review": made.skips_review,
        "email": made.email,
        "created_at": made.created_at.to_iso8601(),
        "created_by": made.maker.as_ref().map(|maker| json!({ "id": maker.as_str(), "username": made.maker_name })),
        "state": made.state(auth.ambient().now()),
    })
}
