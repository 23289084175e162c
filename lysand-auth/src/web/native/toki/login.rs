//! Signing in with name and password, and the next pair of tokens (native 2.4).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Answer, TokiError, tokens};
use super::body::{Body, Members};
use super::device::page_address;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::native::{self, Dialect, PasswordLogin, Program, Refresh, Refused};
use crate::secret::Secret;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::request as wire;

/// `POST /login`
pub(super) async fn login(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let members = body.members()?;
    let (username, password) = (members.text("username")?, members.text("password")?);
    let program = Program::of(Dialect::Toki).on_device(device_id(&members)?);
    let caller = wire::caller(&req, auth.config());
    let login = PasswordLogin::new(program, username, Secret::new(password), caller);
    match native::with_password(&auth, login).await {
        Ok(issued) => Ok(tokens(&issued)),
        Err(Refused::Credentials) => Err(TokiError::unauthorized("invalid credentials")),
        Err(Refused::SecondFactor) => Err(TokiError::unauthorized("second factor required")),
        Err(Refused::PasswordChange) => Err(TokiError::unauthorized("password change required")),
        Err(Refused::Provider) => Err(TokiError::unauthorized("this account uses OIDC login")),
        Err(Refused::Other(error)) => Err(error.into()),
    }
}

/// `POST /token/refresh`
pub(super) async fn refresh(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let members = body.members()?;
    let token = Secret::new(members.text("refresh_token")?);
    let refresh = Refresh::new(Dialect::Toki, token, device_id(&members)?, wire::caller(&req, auth.config()));
    match native::refresh(&auth, &refresh).await {
        Ok(issued) => Ok(tokens(&issued)),
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            Err(TokiError::unauthorized("invalid or expired refresh token"))
        }
        Err(error) => Err(error.into()),
    }
}

fn device_id(members: &Members) -> Result<Option<String>, TokiError> {
    let sent = members.text_if_any("device_id")?;
    match sent {
        Some(sent) if !native::is_device_text(&sent) => {
            Err(TokiError::unfit("device_id must be 1-64 characters without control characters"))
        }
        sent => Ok(sent),
    }
}

/// `GET /login`: where a program sent a person.
pub(super) async fn to_account(auth: Data<Auth>, req: HttpRequest) -> HttpResponse {
    let params = Params::of_query(&req);
    let code = ["user_code", "device"].into_iter().find_map(|name| params.last_text(name));
    let base_url = &auth.config().base_url;
    redirect(&match code {
        Some(code) => with_query(&page_address(&auth), [("user_code", &*code)]),
        None => base_url.join("/account"),
    })
}
