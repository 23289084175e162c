//! What admins do to accounts (native 2.8). Who may do what to whom is decided where it is for every other road.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

use super::answer::{Answer, TokiError, created, done, ok};
use super::body::{Body, Members};
use super::caller::{admin, admin_who_changes};
use super::register::field;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self as staff, AccountList, Act};
use crate::flows::native::NativeCaller;
use crate::flows::sign_up::{self, SignUpError};
use crate::flows::staff::{StaffAct, Standing, set_role, set_standing};
use crate::flows::{closing, reset};
use crate::host::accounts::{AccountQuery, AccountsError};
use crate::model::account::{Account, AccountId, Role};
use crate::model::event::Actor;
use crate::secret::Secret;
use crate::web::wire::request as wire;

/// How many accounts a list shows.
const MOST_LISTED: usize = 1_000;
/// The longest id of an account that is looked up, in bytes.
const LONGEST_ID: usize = 255;

/// `GET /admin/users`
pub(super) async fn list(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let caller = admin(&auth, &req).await?;
    let wanted = AccountList { query: AccountQuery::new().with_limit(MOST_LISTED), ..AccountList::default() };
    let found = staff::list(&auth, &caller.account, wanted, &wire::caller(&req, auth.config())).await?;
    let users: Vec<Value> = found.iter().map(|found| entity(&found.account)).collect();
    Ok(ok(&json!({ "users": users })))
}

fn entity(account: &Account) -> Value {
    json!({
        "id": account.id.as_str(),
        "username": account.username,
        "role": role_name(account.role),
        "created_at": account.created_at.map(|at| at.seconds()),
        "active": account.inactive_reason().is_none(),
    })
}

/// The dialect has two roles: a moderator is no admin there.
fn role_name(role: Role) -> &'static str {
    if role == Role::Admin { "admin" } else { "user" }
}

fn role_of(members: &Members) -> Result<Option<Role>, TokiError> {
    match members.text_if_any("role")?.as_deref() {
        None => Ok(None),
        Some("admin") => Ok(Some(Role::Admin)),
        Some("user") => Ok(Some(Role::Member)),
        Some(_) => Err(TokiError::unfit("role must be 'user' or 'admin'")),
    }
}

/// `POST /admin/users`
pub(super) async fn make(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = admin_who_changes(&auth, &req, true).await?;
    let members = body.members()?;
    let (username, password) = (members.text("username")?, Secret::new(members.text("password")?));
    let role = role_of(&members)?.unwrap_or(Role::Member);
    let from = wire::caller(&req, auth.config());
    match sign_up::by_admin(&auth, &caller.account, (&username, &password, role), &from).await {
        Ok(account) => Ok(created(&json!({
            "id": account.id.as_str(),
            "username": account.username,
            "role": role_name(role),
        }))),
        Err(SignUpError::Fields(errors)) => {
            Err(errors.0.first().map_or_else(|| TokiError::unfit("the account cannot be made"), field))
        }
        Err(SignUpError::Refused(error)) => Err(error.into()),
    }
}

/// `DELETE /admin/users/:user_id`
pub(super) async fn remove(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>) -> Answer {
    let caller = admin_who_changes(&auth, &req, true).await?;
    let own = TokiError::forbidden("cannot delete your own account");
    let target = target(&auth, &caller, (id, own), Act::Delete).await?;
    let by = Actor::Account(caller.account.id.clone());
    closing::remove(&auth, &target, by, &wire::caller(&req, auth.config())).await.map_err(host_refused)?;
    Ok(done())
}

/// `PATCH /admin/users/:user_id/password`
pub(super) async fn password(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>, body: Body) -> Answer {
    let caller = admin_who_changes(&auth, &req, true).await?;
    let password = Secret::new(body.members()?.text("password")?);
    let own = TokiError::forbidden("use /me/password for your own account");
    let target = target(&auth, &caller, (id, own), Act::EndSessions).await?;
    if target.role == Role::Admin {
        return Err(TokiError::forbidden("the password of another admin cannot be set"));
    }
    let from = wire::caller(&req, auth.config());
    reset::set_by_admin(&auth, &caller.account, &target, &password, &from).await?;
    Ok(done())
}

/// `PATCH /admin/users/:user_id/role`
pub(super) async fn role(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>, body: Body) -> Answer {
    let caller = admin_who_changes(&auth, &req, true).await?;
    let role = role_of(&body.members()?)?.ok_or_else(|| TokiError::unfit("role is required"))?;
    let own = TokiError::forbidden("cannot change your own role");
    let target = target(&auth, &caller, (id, own), Act::ChangeRole(role)).await?;
    let act = StaffAct::by_account(&caller.account, wire::caller(&req, auth.config()));
    if target.role != role {
        set_role(&auth, &target, role, &act).await.map_err(host_refused)?;
    }
    Ok(done())
}

/// `PATCH /admin/users/:user_id/active`
pub(super) async fn active(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>, body: Body) -> Answer {
    let caller = admin_who_changes(&auth, &req, false).await?;
    let active = body.members()?.truth("active")?;
    let own = TokiError::unfit("cannot deactivate your own account");
    let act = if active { Act::Enable } else { Act::Disable };
    let target = target(&auth, &caller, (id, own), act).await?;
    let standing = if active { Standing::Active } else { Standing::Disabled };
    let is_waiting = target.standing == Standing::Pending;
    if target.standing != standing && !is_waiting {
        let act = StaffAct::by_account(&caller.account, wire::caller(&req, auth.config()));
        set_standing(&auth, &target, standing, &act).await.map_err(host_refused)?;
    }
    Ok(done())
}

/// The account of the path, where the admin may do this to it; `own` says that it is the admin's own.
async fn target(
    auth: &Auth,
    caller: &NativeCaller,
    (id, own): (Option<Path<String>>, TokiError),
    act: Act,
) -> Result<Account, TokiError> {
    let missing = || TokiError::missing("user not found");
    let id = path_id(id).ok_or_else(missing)?;
    if AccountId::new(&*id) == caller.account.id {
        return Err(own);
    }
    match staff::target(auth, &caller.account, &id, act).await {
        Ok(target) => Ok(target),
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => Err(missing()),
        Err(error) => Err(refused(error)),
    }
}

/// An id of a path that can be one of an account: the database cannot take every text.
pub(super) fn path_id(id: Option<Path<String>>) -> Option<String> {
    let id = id.map(Path::into_inner)?;
    let can_be = (1..=LONGEST_ID).contains(&id.len()) && !id.chars().any(char::is_control);
    Some(id).filter(|_| can_be)
}

fn host_refused(error: AccountsError) -> TokiError {
    refused(Error::from(error))
}

fn refused(error: Error) -> TokiError {
    match error {
        Error::Refused(refusal) if refusal.code == Code::Conflict => TokiError::conflict("the last admin stays"),
        error => error.into(),
    }
}
