//! The own devices: those of all dialects that have a live sign-in (native 2.7).

use super::begin::is_device_text;
use super::caller::Caller as NativeCaller;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::native::DeviceRecord;
use crate::steps::{events, native_sign_in};
use crate::store::{self, device_records, native_sign_ins};

/// How many devices of all accounts a list shows.
const MOST_LISTED: i64 = 1_000;

/// The devices of an account, the one seen last first.
///
/// # Errors
/// When the database does not answer.
pub async fn devices(auth: &Auth, account: &AccountId) -> Result<Vec<DeviceRecord>, Error> {
    let (id, now) = (account.clone(), auth.ambient().now());
    auth.store().read(move |c| Box::pin(async move { device_records::living_of_account(c, &id, now).await })).await
}

/// By which form of a request a sign-in began, where later answers depend on it.
///
/// # Errors
/// When the database does not answer.
pub async fn origin(auth: &Auth, caller: &NativeCaller) -> Result<Option<String>, Error> {
    origin_of(auth, caller.sign_in()).await
}

/// The same of the sign-in of this name.
///
/// # Errors
/// When the database does not answer.
pub async fn origin_of(auth: &Auth, sign_in: &str) -> Result<Option<String>, Error> {
    let family = sign_in.to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { native_sign_ins::of_family(c, &family).await }));
    Ok(found.await?.and_then(|sign_in| sign_in.origin))
}

/// The devices of all accounts that were there since `since`, the one seen last first; 1,000 at most.
///
/// # Errors
/// When the database does not answer.
pub async fn devices_of_all(auth: &Auth, since: Timestamp) -> Result<Vec<DeviceRecord>, Error> {
    let now = auth.ambient().now();
    auth.store()
        .read(move |c| Box::pin(async move { device_records::living(c, (since, now), MOST_LISTED).await }))
        .await
}

/// Which database is used: `sqlite` or `postgres`.
#[must_use]
pub fn database(auth: &Auth) -> &'static str {
    auth.store().backend()
}

/// How many access tokens are live.
///
/// # Errors
/// When the database does not answer.
pub async fn live_tokens(auth: &Auth) -> Result<i64, Error> {
    let now = auth.ambient().now();
    auth.store().read(move |c| Box::pin(store::tokens::count_live(c, now))).await
}

/// Forgets a device of whomever, and ends all its sign-ins: an admin says so.
///
/// # Errors
/// 404 when there is no such one; when host or database do not answer.
pub async fn end_device_of_anybody(auth: &Auth, admin: &Account, id: &str, caller: &Caller) -> Result<(), Error> {
    let known = known_id(id).ok_or_else(nothing)?;
    let found = auth.store().look_up(move |c| Box::pin(async move { device_records::by_id(c, &known).await })).await?;
    let owner = auth.account(&found.ok_or_else(nothing)?.account_id).await?.ok_or_else(nothing)?;
    let event = events::event(auth, EventKind::SessionEnded, caller).by(Actor::Account(admin.id.clone()));
    ended(auth, &owner, id, event).await
}

/// Forgets a device of an account, and ends all its sign-ins.
///
/// # Errors
/// 404 when the account has no such one; when the database does not answer.
pub async fn end_device(auth: &Auth, account: &Account, id: &str, caller: &Caller) -> Result<(), Error> {
    let event = events::event(auth, EventKind::SessionEnded, caller).by(Actor::Account(account.id.clone()));
    ended(auth, account, id, event).await
}

async fn ended(auth: &Auth, account: &Account, id: &str, event: NewEvent) -> Result<(), Error> {
    let id = known_id(id).ok_or_else(nothing)?;
    let (person, now) = (account.id.clone(), auth.ambient().now());
    let event = event.about(&person, &account.username).with("device", id.as_str());
    let ended = native_sign_in::end(auth, move |c| {
        Box::pin(async move {
            let known = device_records::by_id(c, &id).await?;
            if known.is_none_or(|device| device.account_id != person) {
                return Ok((false, Vec::new()));
            }
            let ended = native_sign_ins::end_of_device(c, &person, &id, now).await?;
            device_records::delete(c, &id).await?;
            store::events::add(c, event).await?;
            Ok((true, ended))
        })
    });
    match ended.await? {
        true => Ok(()),
        false => Err(nothing()),
    }
}

/// Calls a device something else.
///
/// # Errors
/// `Validation` for a name that is none; 404 when the account has no such device; when the database does not answer.
pub async fn rename_device(auth: &Auth, account: &AccountId, id: &str, name: &str) -> Result<(), Error> {
    let (id, name) = (known_id(id).ok_or_else(nothing)?, name.trim().to_owned());
    if name.chars().any(char::is_control) {
        return Err(Error::refused(Code::Validation, "device name must not contain control characters"));
    }
    if !is_device_text(&name) {
        return Err(Error::refused(Code::Validation, "device name must be 1-64 characters"));
    }
    let account = account.clone();
    let renamed =
        auth.store().write(move |c| Box::pin(async move { device_records::rename(c, &account, &id, &name).await }));
    if renamed.await? { Ok(()) } else { Err(nothing()) }
}

fn nothing() -> Error {
    Error::refused(Code::NotFound, "device not found")
}

/// An id in the form in which ours are made. Others name nothing, and must not reach the database: it cannot take all of them.
fn known_id(id: &str) -> Option<String> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}
