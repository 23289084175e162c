//! What admins see and change: settings, requests to join, devices (native 2.8).

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

use super::answer::{Answer, TokiError, done, ok};
use super::body::{Body, Members};
use super::caller::{admin, admin_who_changes};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin as staff;
use crate::flows::native;
use crate::flows::reviews;
use crate::flows::settings::{self, SettingChange, SettingSource};
use crate::flows::sign_up;
use crate::model::account::{AccountId, Standing};
use crate::model::event::Actor;
use crate::web::wire::request as wire;

/// The settings of people's own that `registration_mode` is.
const REGISTRATION: &str = "signups.registration";
const APPROVAL: &str = "signups.approval";
/// What the configuration file decides alone.
const OF_FILE: [&str; 4] = ["oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_redirect_uri"];

/// `GET /admin/settings`
pub(super) async fn settings(auth: Data<Auth>, req: HttpRequest) -> Answer {
    admin(&auth, &req).await?;
    let provider = super::info::provider(&auth);
    Ok(ok(&json!({
        "registration_mode": sign_up::native_mode(&auth).await.name(),
        "oidc_issuer": provider.as_ref().map(|provider| &provider.issuer),
        "oidc_client_id": provider.as_ref().map(|provider| &provider.client_id),
        "oidc_redirect_uri": provider.as_ref().map(|provider| &provider.redirect_uri),
        "oidc_client_secret_set": provider.as_ref().is_some_and(|provider| provider.has_secret),
    })))
}

/// `PATCH /admin/settings`
pub(super) async fn change_settings(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = admin_who_changes(&auth, &req, true).await?;
    let members = body.members()?;
    if let Some(name) = members.names().find(|name| OF_FILE.contains(name)) {
        return Err(TokiError::unfit(format!("{name} is fixed by the configuration file")));
    }
    if let Some(name) = members.names().find(|name| *name != "registration_mode") {
        let name: String = name.chars().filter(|letter| !letter.is_control()).take(64).collect();
        return Err(TokiError::unfit(format!("unknown setting: {name}")));
    }
    let Some(wanted) = registration(&members)? else { return Ok(done()) };
    let fixed = || TokiError::unfit("registration_mode is fixed by the configuration");
    let known = match settings::list(&auth, &caller.account).await {
        Ok(known) => known,
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => return Err(fixed()),
        Err(error) => return Err(error.into()),
    };
    let mut changes = Vec::new();
    for (name, value) in wanted {
        let setting = known.iter().find(|setting| setting.name == name).ok_or_else(fixed)?;
        if setting.source == SettingSource::Environment {
            return Err(fixed());
        }
        changes.push(SettingChange { name: setting.name, value });
    }
    match settings::change(&auth, &caller.account, changes, &wire::caller(&req, auth.config())).await? {
        Ok(()) => Ok(done()),
        Err(errors) => Err(TokiError::unfit(errors.to_string())),
    }
}

/// The settings that `registration_mode` is, and their values; nothing for those of the file. Who invites is a setting of its own.
type Registration = Vec<(&'static str, Option<Value>)>;

fn registration(members: &Members) -> Result<Option<Registration>, TokiError> {
    if !members.names().any(|name| name == "registration_mode") {
        return Ok(None);
    }
    let set = |open: Option<bool>, approval: Option<bool>| {
        let value = |truth: Option<bool>| truth.map(Value::Bool);
        Ok(Some(vec![(REGISTRATION, value(open)), (APPROVAL, value(approval))]))
    };
    match members.value("registration_mode").map(|mode| mode.as_str().unwrap_or_default()) {
        None => set(None, None),
        Some("open") => set(Some(true), Some(false)),
        Some("approval") => set(Some(true), Some(true)),
        Some("closed") => Ok(Some(vec![(REGISTRATION, Some(false.into()))])),
        Some(_) => Err(TokiError::unfit("registration_mode must be 'open', 'approval', or 'closed'")),
    }
}

/// `GET /admin/pending`
pub(super) async fn pending(auth: Data<Auth>, req: HttpRequest) -> Answer {
    admin(&auth, &req).await?;
    let mut requests = reviews::list(&auth, true).await?;
    requests.reverse();
    let entity = |request: &reviews::Request| {
        json!({
            "id": request.account.id.as_str(),
            "username": request.account.username,
            "requested_at": request.sign_up.created_at.seconds(),
        })
    };
    Ok(ok(&json!({ "pending": requests.iter().map(entity).collect::<Vec<_>>() })))
}

/// `POST /admin/pending/:user_id/approve`
pub(super) async fn approve(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>) -> Answer {
    let caller = admin_who_changes(&auth, &req, false).await?;
    let id = waiting(&auth, id).await?;
    let by = Actor::Account(caller.account.id.clone());
    decided(reviews::approve(&auth, &id, by, &wire::caller(&req, auth.config())).await)
}

/// `DELETE /admin/pending/:user_id`
pub(super) async fn reject(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>) -> Answer {
    let caller = admin_who_changes(&auth, &req, true).await?;
    let id = waiting(&auth, id).await?;
    let by = Actor::Account(caller.account.id.clone());
    decided(reviews::reject(&auth, &id, None, by, &wire::caller(&req, auth.config())).await)
}

fn no_request() -> TokiError {
    TokiError::missing("pending registration not found")
}

/// The account of a request that waits for staff.
async fn waiting(auth: &Auth, id: Option<Path<String>>) -> Result<AccountId, TokiError> {
    let id = super::admin_users::path_id(id).ok_or_else(no_request)?;
    let account = auth.account(&AccountId::new(id)).await?;
    match account {
        Some(account) if account.standing == Standing::Pending => Ok(account.id),
        _ => Err(no_request()),
    }
}

fn decided(outcome: Result<(), Error>) -> Answer {
    match outcome {
        Ok(()) => Ok(done()),
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Conflict | Code::NotFound) => Err(no_request()),
        Err(error) => Err(error.into()),
    }
}

/// `GET /admin/devices`
pub(super) async fn devices(auth: Data<Auth>, req: HttpRequest) -> Answer {
    admin(&auth, &req).await?;
    let devices = listed(&auth, Timestamp::from_micros(0)).await?;
    let entity = |(device, username): &(native::DeviceRecord, String)| {
        json!({
            "id": device.id,
            "name": device.shown_name(),
            "username": username,
            "last_seen_at": device.last_seen_at.seconds(),
        })
    };
    Ok(ok(&json!({ "devices": devices.iter().map(entity).collect::<Vec<_>>() })))
}

/// `DELETE /admin/devices/:device_id`
pub(super) async fn end_device(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>) -> Answer {
    let caller = admin_who_changes(&auth, &req, true).await?;
    let id = id.map(Path::into_inner).unwrap_or_default();
    native::end_device_of_anybody(&auth, &caller.account, &id, &wire::caller(&req, auth.config())).await?;
    Ok(done())
}

/// `GET /admin/active`: the devices that were there in the last five minutes.
pub(super) async fn active(auth: Data<Auth>, req: HttpRequest) -> Answer {
    admin(&auth, &req).await?;
    let devices = listed(&auth, lately(&auth)).await?;
    let entity = |(device, username): &(native::DeviceRecord, String)| {
        json!({
            "device_id": device.id,
            "device_name": device.shown_name(),
            "username": username,
            "last_seen": device.last_seen_at.seconds(),
        })
    };
    Ok(ok(&json!({ "devices": devices.iter().map(entity).collect::<Vec<_>>() })))
}

fn lately(auth: &Auth) -> Timestamp {
    auth.ambient().now().minus(Duration::from_secs(300))
}

/// Devices with the names of their owners.
async fn listed(auth: &Auth, since: Timestamp) -> Result<Vec<(native::DeviceRecord, String)>, TokiError> {
    let devices = native::devices_of_all(auth, since).await?;
    let ids = devices.iter().map(|device| device.account_id.as_str().to_owned()).collect();
    let names = staff::names(auth, ids, BTreeSet::new()).await?.accounts;
    let named = |device: native::DeviceRecord| {
        let name = names.get(device.account_id.as_str()).cloned().unwrap_or_default();
        (device, name)
    };
    Ok(devices.into_iter().map(named).collect())
}

/// Since when this process serves these routes: it is asked when they are mounted.
pub(super) fn started(auth: &Auth) -> Timestamp {
    static STARTED: OnceLock<Timestamp> = OnceLock::new();
    *STARTED.get_or_init(|| auth.ambient().now())
}

/// `GET /admin/server-info`
pub(super) async fn server_info(auth: Data<Auth>, req: HttpRequest) -> Answer {
    admin(&auth, &req).await?;
    let connected = native::devices_of_all(&auth, lately(&auth)).await?.len();
    let (accounts, tokens) = (staff::counts(&auth).await?.accounts, native::live_tokens(&auth).await?);
    let backend = native::database(&auth);
    Ok(ok(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_secs": auth.ambient().now().since(started(&auth)).as_secs(),
        "connected_devices": connected,
        "database": { "backend": backend, "accounts": accounts, "tokens": tokens },
        "registration_mode": sign_up::native_mode(&auth).await.name(),
        "oidc_enabled": super::info::provider(&auth).is_some(),
        "storage_backend": backend,
    })))
}
