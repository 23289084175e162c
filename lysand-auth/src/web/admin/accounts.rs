//! Lists of accounts, and one account, as Mastodon's admin API has them (people PPL-128 to PPL-131).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::entity::{entity, role_of_id};
use super::paths::{READS, V1, V2};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self, AccountForStaff, AccountList};
use crate::host::accounts::AccountQuery;
use crate::model::account::{Account, AccountId, Role, Standing};
use crate::model::list_page::ListPage;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// How many a page has where nobody says, and how many at most.
const PAGE: usize = 100;
const LARGEST: usize = 200;
/// All but suspended accounts.
const NOT_SUSPENDED: [Standing; 3] = [Standing::Active, Standing::Pending, Standing::Disabled];

/// `GET /api/v1/admin/accounts`
pub(super) async fn list_v1(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(READS).await?;
    admin::require_staff(&staff)?;
    let params = received.0?;
    let mut wanted = searched(&params)?;
    // The last of these counts.
    let status = ["active", "pending", "disabled", "silenced", "suspended"];
    let status = status.into_iter().rev().find(|name| params.flag(name)).unwrap_or("active");
    let nobody = params.flag("remote") || params.flag("sensitized") || status == "silenced";
    wanted.query.standings = match status {
        "active" => NOT_SUSPENDED.to_vec(),
        other => standing(other).into_iter().collect(),
    };
    if params.flag("staff") {
        wanted.query.roles = vec![Role::Moderator, Role::Admin];
    }
    page(&auth, &req, &staff, (V1, nobody), wanted).await
}

/// `GET /api/v2/admin/accounts`
pub(super) async fn list_v2(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(READS).await?;
    admin::require_staff(&staff)?;
    let params = received.0?;
    let mut wanted = searched(&params)?;
    let mut nobody = match params.last_scalar("origin")?.as_deref() {
        None | Some("" | "local") => false,
        Some("remote") => true,
        Some(other) => return Err(unknown("origin", other)),
    };
    match params.last_scalar("status")?.as_deref() {
        None | Some("") => {}
        Some("silenced") => nobody = true,
        Some("active") => wanted.query.standings = NOT_SUSPENDED.to_vec(),
        Some(status) => match standing(status) {
            Some(standing) => wanted.query.standings = vec![standing],
            None => return Err(unknown("status", status)),
        },
    }
    if params.last_text("permissions").as_deref() == Some("staff") {
        wanted.query.roles = vec![Role::Moderator, Role::Admin];
    }
    let ids = params.last_list("role_ids")?;
    if !ids.is_empty() {
        let roles: Vec<Role> = ids.iter().filter_map(|id| role_of_id(id)).collect();
        let asked = &wanted.query.roles;
        let both = |role: &Role| asked.is_empty() || asked.contains(role);
        let roles: Vec<Role> = roles.into_iter().filter(both).collect();
        nobody |= roles.is_empty();
        wanted.query.roles = roles;
    }
    page(&auth, &req, &staff, (V2, nobody), wanted).await
}

/// `GET /api/v1/admin/accounts/:id`
pub(super) async fn one(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let staff = bearer.account(READS).await?;
    let seen = admin::see(&auth, &staff, &id, &wire::caller(&req, auth.config())).await?;
    Ok(reply(&entity(&auth, &seen)))
}

/// What both lists are searched by.
fn searched(params: &Params) -> Result<AccountList, Error> {
    let mut query = AccountQuery::new();
    query.username = params.last_scalar("username")?;
    query.display_name = params.last_scalar("display_name")?;
    query.email = params.last_scalar("email")?;
    query.older_than = params.last_scalar("max_id")?.map(AccountId::new);
    let (since, nearest) = (params.last_scalar("since_id")?, params.last_scalar("min_id")?);
    query.nearest = nearest.is_some();
    query.newer_than = nearest.or(since).map(AccountId::new);
    let limit = params.last_text("limit").and_then(|limit| limit.parse::<usize>().ok());
    query.limit = limit.filter(|limit| *limit > 0).unwrap_or(PAGE).min(LARGEST);
    if params.last_scalar("by_domain")?.is_some_and(|domain| !domain.trim().is_empty()) {
        // Accounts of other servers are the host's.
        query.among = Some(Vec::new());
    }
    Ok(AccountList {
        query,
        ip: params.last_scalar("ip")?.filter(|ip| !ip.trim().is_empty()),
        invited_by: params.last_scalar("invited_by")?.filter(|id| !id.is_empty()).map(AccountId::new),
    })
}

async fn page(
    auth: &Auth,
    req: &HttpRequest,
    staff: &Account,
    (path, nobody): (&str, bool),
    wanted: AccountList,
) -> Answer {
    let limit = wanted.query.limit;
    let items: Vec<AccountForStaff> = match nobody {
        true => Vec::new(),
        false => admin::list(auth, staff, wanted, &wire::caller(req, auth.config())).await?,
    };
    let has_older = items.len() == limit;
    let page = ListPage { items, limit: i64::try_from(limit).unwrap_or(i64::MAX), has_older };
    Ok(list_page::reply(auth, path, &page, |found| (found.account.id.as_str(), entity(auth, found))))
}

fn standing(status: &str) -> Option<Standing> {
    Some(match status {
        "pending" => Standing::Pending,
        "disabled" => Standing::Disabled,
        "suspended" => Standing::Suspended,
        _ => return None,
    })
}

fn unknown(what: &str, said: &str) -> ApiError {
    let said: String = said.chars().filter(|letter| !letter.is_control()).take(50).collect();
    Error::refused(Code::InvalidRequest, format!("Unknown {what}: {said}")).into()
}
