//! The own sign-ins in JSON, and the end of apps and of everything (people PPL-108, PPL-115).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::json::{body, private};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::end_apps::{self, WhichApps};
use crate::flows::own_sessions::{self as flow, OwnSession, Viewer};
use crate::model::form_error::{FormError, FormErrors};
use crate::secret::Secret;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

pub(super) const OWN: &str = "/api/v1/auth/sessions";

async fn viewer(auth: &Auth, bearer: &Bearer, scopes: &'static [&'static str]) -> Result<Viewer, ApiError> {
    let account = bearer.account(scopes).await?;
    Ok(Viewer::with_token(auth, &bearer.acting(), account).await?)
}

/// `GET /api/v1/auth/sessions`
pub(super) async fn list(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    let viewer = viewer(&auth, &bearer, &["auth:read"]).await?;
    let found = flow::list(&auth, &viewer, list_page::span(&received.0?)?).await?;
    Ok(private(list_page::reply(&auth, OWN, &found, |own| (own.session.id.as_str(), entity(own)))))
}

/// `DELETE /api/v1/auth/sessions/{id}`
pub(super) async fn end(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Option<Path<String>>) -> Answer {
    let viewer = viewer(&auth, &bearer, &["auth:write"]).await?;
    let id = id.map(Path::into_inner).unwrap_or_default();
    flow::end(&auth, &viewer, &id, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({}))))
}

/// `POST /api/v1/auth/sessions/end_others`
pub(super) async fn end_others(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let viewer = viewer(&auth, &bearer, &["auth:write"]).await?;
    body(received)?;
    let ended = flow::end_others(&auth, &viewer, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({ "ended": ended }))))
}

/// `POST /api/v1/auth/sessions/end_everything`
pub(super) async fn end_everything(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let viewer = viewer(&auth, &bearer, &["auth:write"]).await?;
    let password = password(&body(received)?)?;
    let ended = flow::end_everything(&auth, &viewer, password.as_ref(), &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({ "sessions": ended.sessions, "apps": ended.apps, "tokens": ended.tokens }))))
}

/// `POST /api/v1/auth/apps/end`
pub(super) async fn end_apps(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let viewer = viewer(&auth, &bearer, &["auth:write"]).await?;
    let params = body(received)?;
    let which = match which(&params)? {
        Ok(which) => which,
        Err(error) => return Ok(private(field_errors(&FormErrors::from(error)))),
    };
    let password = password(&params)?;
    let ended = end_apps::end(&auth, &viewer, which, password.as_ref(), &wire::caller(&req, auth.config())).await?;
    let ended: Vec<Value> = ended.iter().map(|app| json!({ "id": app.id.as_str(), "name": app.name })).collect();
    Ok(private(reply(&json!({ "ended": ended }))))
}

/// Which apps a body names: all, or those that nobody used for so many days, and not both.
fn which(params: &Params) -> Result<Result<WhichApps, FormError>, Error> {
    let days = params.body_text("unused_for")?;
    let all = match params.body_text("all")?.as_deref() {
        None | Some("false" | "0") => false,
        Some("true" | "1" | "on") => true,
        Some(_) => return Ok(Err(FormError::invalid("all"))),
    };
    Ok(match (all, days) {
        (false, None) => Err(FormError::blank("unused_for")),
        (true, None) => Ok(WhichApps::All),
        (true, Some(_)) => Err(FormError::invalid("all")),
        (false, Some(days)) => WhichApps::unused_for(&days).ok_or_else(|| FormError::invalid("unused_for")),
    })
}

fn password(params: &Params) -> Result<Option<Secret>, Error> {
    Ok(params.body_text("current_password")?.map(Secret::new))
}

fn entity(own: &OwnSession) -> Value {
    let session = &own.session;
    json!({
        "id": session.id.as_str(),
        "current": own.is_current,
        "kind": if own.native.is_some() { "native" } else { "browser" },
        "dialect": own.native.as_ref().map(|native| native.dialect.name()),
        "name": own.native.as_ref().and_then(|native| native.name.as_deref()),
        "device": own.device,
        "network": session.network,
        "created_at": session.created_at.to_iso8601(),
        "last_used_at": session.last_used_at.unwrap_or(session.authenticated_at).to_iso8601(),
        "expires_at": session.expires_at.to_iso8601(),
        "methods": session.methods,
    })
}
