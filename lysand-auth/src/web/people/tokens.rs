//! Personal tokens in JSON (people PPL-117).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::json::{body, private};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::personal_tokens::{
    self as flow, MadeToken, NewPersonalToken, Owner, PersonalToken, TokenError, TokenLifetime,
};
use crate::secret::Secret;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

pub(super) const PATH: &str = "/api/v1/auth/personal_tokens";

/// `GET /api/v1/auth/personal_tokens`
pub(super) async fn list(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    flow::require(&auth)?;
    let account = bearer.account(&["auth:read"]).await?;
    let found = flow::list(&auth, &account.id, list_page::span(&received.0?)?).await?;
    Ok(private(list_page::reply(&auth, PATH, &found, |token| (token.id.as_str(), entity(token)))))
}

/// `POST /api/v1/auth/personal_tokens`
pub(super) async fn make(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    flow::require(&auth)?;
    let owner = owner(&auth, &bearer).await?;
    let params = body(received)?;
    let caller = wire::caller(&req, auth.config());
    answer(flow::make(&auth, &owner, &wanted(&params)?, password(&params)?.as_ref(), &caller).await)
}

/// `POST /api/v1/auth/personal_tokens/{id}/extend`
pub(super) async fn extend(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    flow::require(&auth)?;
    let owner = owner(&auth, &bearer).await?;
    let params = body(received)?;
    let lifetime = TokenLifetime::read(params.body_text("expires_in")?.as_deref());
    let caller = wire::caller(&req, auth.config());
    answer(flow::extend(&auth, (&owner, &id), lifetime, password(&params)?.as_ref(), &caller).await)
}

/// `DELETE /api/v1/auth/personal_tokens/{id}`
pub(super) async fn end(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    flow::require(&auth)?;
    let account = bearer.account(&["auth:write"]).await?;
    flow::end(&auth, &account, &id, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&json!({}))))
}

async fn owner(auth: &Auth, bearer: &Bearer) -> Result<Owner, ApiError> {
    let account = bearer.account(&["auth:write"]).await?;
    Ok(Owner::with_token(auth, &bearer.acting(), account).await?)
}

fn password(params: &Params) -> Result<Option<Secret>, Error> {
    Ok(params.body_text("current_password")?.map(Secret::new))
}

/// The token that a form or a JSON body describes.
///
/// # Errors
/// 400 for differing copies of a field.
pub(super) fn wanted(params: &Params) -> Result<NewPersonalToken, Error> {
    let mut new = NewPersonalToken::new(params.body_text("name")?.unwrap_or_default());
    new.scopes = params.words("scopes")?.unwrap_or_default();
    new.lifetime = TokenLifetime::read(params.body_text("expires_in")?.as_deref());
    new.networks = params.words("networks")?.unwrap_or_default();
    Ok(new)
}

fn answer(made: Result<MadeToken, TokenError>) -> Answer {
    match made {
        Ok(made) => {
            let mut told = entity(&made.token);
            told["token"] = made.value.expose().into();
            Ok(private(reply(&told)))
        }
        Err(TokenError::Fields(errors)) => Ok(private(field_errors(&errors))),
        Err(TokenError::Refused(error)) => Err(error.into()),
    }
}

fn entity(token: &PersonalToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes.words(),
        "created_at": token.created_at.to_iso8601(),
        "expires_at": token.expires_at.map(|end| end.to_iso8601()),
        "last_used_at": token.last_used_at.map(|last| last.to_iso8601()),
        "networks": token.networks.words(),
    })
}
