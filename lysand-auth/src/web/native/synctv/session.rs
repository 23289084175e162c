//! The next pair of tokens, and signing out (native 1.4).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::json;

use super::answer::{Answer, BAD_CREDENTIALS, FAILED, SynctvError};
use super::body::{Asked, Body};
use super::caller::signed_in;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::native::{self, Dialect, Refresh};
use crate::secret::Secret;

/// The longest token that is looked up.
const LONGEST_TOKEN: usize = 4096;

/// `POST /api/auth/refresh`
pub(super) async fn refresh(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let token = Secret::new(asked.text("refresh_token", LONGEST_TOKEN)?);
    let refresh = Refresh::new(Dialect::Synctv, token.clone(), None, asked.caller.clone());
    match native::refresh(&auth, &refresh).await {
        Ok(tokens) => {
            let origin = native::origin_of(&auth, &tokens.sign_in).await?;
            let told = json!({
                "access_token": tokens.access_token.expose(),
                "refresh_token": tokens.refresh_token.expose(),
            });
            Ok(asked.ok(&auth, origin.as_deref(), told))
        }
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            match native::is_access_token(&auth, &token).await? {
                true => Err(SynctvError::unauthorized("Not a refresh token")),
                false => Err(SynctvError::unauthorized(FAILED).with_code(BAD_CREDENTIALS)),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/user/logout`
pub(super) async fn logout(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = signed_in(&auth, &req).await.map_err(SynctvError::unavailable_instead)?;
    // Whatever it carries, it signs out.
    let asked = Asked::of(&auth, &req, body).unwrap_or_else(|_| Asked::bare(&auth, &req));
    let told = asked.ok_for(&auth, &caller, json!({ "success": true, "message": "" })).await;
    let ended = native::sign_out(&auth, &caller, &asked.caller).await.map_err(SynctvError::from);
    ended.map_err(SynctvError::unavailable_instead)?;
    told
}
