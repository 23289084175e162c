//! The own devices and the own password (native 2.7).

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

use super::answer::{Answer, TokiError, ok};
use super::body::Body;
use super::caller::caller;
use super::register::PASSWORD_LENGTH;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::native::{self, DeviceRecord, PasswordRefused};
use crate::secret::Secret;
use crate::web::wire::request as wire;

/// By which form of a request the published command line begins a sign-in; it reads the list of devices in a shape of its own.
pub(super) const BY_ALIAS: &str = "alias";

/// `GET /me/devices`
pub(super) async fn devices(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let caller = caller(&auth, &req).await?;
    let devices = native::devices(&auth, &caller.account.id).await?;
    Ok(match native::origin(&auth, &caller).await?.as_deref() {
        Some(BY_ALIAS) => ok(&json!({ "devices": devices.iter().map(of_command_line).collect::<Vec<_>>() })),
        _ => ok(&devices.iter().map(entity).collect::<Vec<_>>()),
    })
}

fn entity(device: &DeviceRecord) -> Value {
    json!({
        "device_id": device.id,
        "device_name": device.shown_name(),
        "last_seen": device.last_seen_at.to_rfc3339_seconds(),
    })
}

fn of_command_line(device: &DeviceRecord) -> Value {
    json!({
        "id": device.id,
        "name": device.shown_name(),
        "device_key": device.client_id,
        "last_seen_at": device.last_seen_at.seconds(),
    })
}

/// `DELETE /me/devices/:device_id`
pub(super) async fn end_device(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>) -> Answer {
    let caller = caller(&auth, &req).await?;
    let id = id.map(Path::into_inner).unwrap_or_default();
    native::end_device(&auth, &caller.account, &id, &wire::caller(&req, auth.config())).await?;
    Ok(ok(&json!({ "deleted": true })))
}

/// `PATCH /me/devices/:device_id/name`
pub(super) async fn rename_device(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>, body: Body) -> Answer {
    let caller = caller(&auth, &req).await?;
    let name = body.members()?.text("name")?;
    let id = id.map(Path::into_inner).unwrap_or_default();
    native::rename_device(&auth, &caller.account.id, &id, &name).await?;
    Ok(ok(&json!({ "updated": true })))
}

/// `PATCH /me/password`
pub(super) async fn password(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = caller(&auth, &req).await?;
    let members = body.members()?;
    let current = Secret::new(members.text("current_password")?);
    let new = Secret::new(members.text("new_password")?);
    let from = wire::caller(&req, auth.config());
    match native::change_password(&auth, &caller, (&current, &new), &from).await {
        Ok(()) => Ok(ok(&json!({ "updated": true }))),
        Err(PasswordRefused::WrongPassword) => Err(TokiError::unauthorized("current password incorrect")),
        Err(PasswordRefused::SecondFactor) => Err(TokiError::forbidden("second factor required")),
        Err(PasswordRefused::Unfit(error)) if matches!(error.code, "ERR_BLANK" | "ERR_TOO_SHORT" | "ERR_TOO_LONG") => {
            Err(TokiError::unfit(PASSWORD_LENGTH))
        }
        Err(PasswordRefused::Unfit(error)) => Err(TokiError::unfit(error.sentence())),
        Err(PasswordRefused::Other(Error::Refused(refusal))) if refusal.code == Code::NotFound => {
            Err(TokiError::unauthorized("this account uses OIDC login"))
        }
        Err(PasswordRefused::Other(error)) => Err(error.into()),
    }
}
