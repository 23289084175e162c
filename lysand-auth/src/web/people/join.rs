//! Signing up through an app, as Mastodon's clients do it (Mastodon §12).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::entities;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::emails;
use crate::flows::sign_up;
use crate::model::form_error::FormErrors;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::session;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;
use crate::web::wire::token_entity::token_entity;

/// `POST /api/v1/accounts`
pub(super) async fn create(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    bearer.require(&["write", "write:accounts"])?;
    if bearer.account_id().is_some() {
        return Err(Error::refused(Code::Forbidden, "This method requires an client credentials authentication").into());
    }
    let params = received.0?;
    params.require_known_type()?;
    let caller = wire::caller(&req, auth.config());
    match sign_up::through_app(&auth, bearer.app(), entities::form(&params)?, caller).await {
        Ok(issued) => Ok(reply(&token_entity(&issued))),
        Err(error) => entities::refused(error),
    }
}

/// `POST /api/v1/emails/confirmations`
pub(super) async fn send_again(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    bearer.require(&["write", "write:accounts"])?;
    let params = received.0?;
    let account = bearer
        .account_id()
        .cloned()
        .ok_or_else(|| Error::refused(Code::UserRequired, "This method requires an authenticated user"))?;
    let caller = wire::caller(&req, auth.config());
    let address = params.body_text("email")?;
    match emails::send_again(&auth, &account, bearer.app(), address.as_deref(), &caller).await? {
        Ok(()) => Ok(reply(&json!({}))),
        Err(error) => Ok(field_errors(&FormErrors::from(error))),
    }
}

/// `GET /api/v1/emails/check_confirmation`
pub(super) async fn is_confirmed(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Option<Bearer>,
) -> Result<HttpResponse, ApiError> {
    let account = match bearer {
        Some(bearer) => {
            bearer.require(&["read", "read:accounts"])?;
            bearer.account_id().cloned()
        }
        None => session::for_sign_in(&auth, &req).await?.account().map(|account| account.id.clone()),
    };
    let account = account.ok_or_else(|| Error::invalid_token("This method requires an authenticated user"))?;
    Ok(reply(&json!(emails::is_confirmed(&auth, &account).await?)))
}
