//! Apps in JSON, for staff (people PPL-147).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::paths::{ALL_READS, ALL_WRITES, APPS};
use crate::auth::Auth;
use crate::flows::admin::{self, AppForStaff};
use crate::model::redirect_uri::RedirectUri;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, json as reply, private};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// `GET /api/v1/admin/auth/apps`, those with `q` in their name or website if it is given.
pub(super) async fn list(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(ALL_READS).await?;
    admin::require_staff(&staff)?;
    let params = received.0?;
    let searched = params.last_scalar("q")?;
    let found = admin::apps(&auth, &staff, searched.clone(), list_page::span(&params)?).await?;
    let filters: Vec<(&str, &str)> = searched.iter().map(|text| ("q", text.as_str())).collect();
    Ok(private(list_page::filtered(&auth, (APPS, &filters), &found, |known| (known.app.id.as_str(), entity(known)))))
}

/// `GET /api/v1/admin/auth/apps/:id`
pub(super) async fn one(auth: Data<Auth>, bearer: Bearer, id: Path<String>) -> Answer {
    let staff = bearer.account(ALL_READS).await?;
    Ok(private(reply(&entity(&admin::see_app(&auth, &staff, &id).await?))))
}

/// `DELETE /api/v1/admin/auth/apps/:id`
pub(super) async fn remove(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let staff = bearer.account(ALL_WRITES).await?;
    admin::admit_change(&auth, &staff, &wire::caller(&req, auth.config())).await?;
    admin::removable_app(&auth, &staff, &id).await?;
    let password = received.0?.secret("current_password")?;
    admin::require_proof(&auth, &bearer.acting(), &staff, password.as_ref()).await?;
    admin::remove_app(&auth, &staff, &id, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({}))))
}

fn entity(known: &AppForStaff) -> Value {
    let app = &known.app;
    json!({
        "id": app.id.as_str(),
        "name": app.name,
        "website": app.website,
        "redirect_uris": app.redirect_uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>(),
        "scopes": app.scopes.to_string().split_whitespace().collect::<Vec<_>>(),
        "public": app.is_public,
        "first_party": app.first_party,
        "created_at": app.created_at.to_iso8601(),
        "network": known.network,
        "live_tokens": known.live_tokens,
        "people": known.people,
        "counted_all": !known.has_more,
        "last_used_at": known.last_used.map(|used| used.to_iso8601()),
    })
}
