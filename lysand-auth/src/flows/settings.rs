//! Settings that staff changes while the server runs, and every replica puts into force (people PPL-154).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::auth::{Auth, Turn};
use crate::config::ConfigProblems;
use crate::error::{Code, Error};
use crate::host::live_settings::LiveSettings;
pub use crate::host::live_settings::{Setting, SettingKind, SettingSource, SettingWords, StoredSetting};
use crate::keys::Sealed;
use crate::model::account::{Account, Role};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::{FormError, FormErrors};
use crate::secret::{Digest, Secret};
use crate::steps::events;
use crate::store::events as event_rows;
use crate::store::settings::{self as rows, SettingRow};
use crate::texts;

/// The longest value of one setting, in bytes of JSON.
const LONGEST: usize = 16 * 1024;
/// How often a change is checked anew when somebody else changed something meanwhile.
const TRIES: usize = 5;

/// What is to become of one setting: another value, or none of staff's any more.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "it is a pair")]
pub struct SettingChange {
    /// Which setting.
    pub name: &'static str,
    /// Its value in JSON; nothing for that of the file, or the default.
    pub value: Option<Value>,
}

/// The settings as they are in force.
///
/// # Errors
/// 403 for everybody but admins; 404 where the host has none.
pub async fn list(auth: &Auth, staff: &Account) -> Result<Vec<Setting>, Error> {
    let host = require(auth, staff)?;
    apart(move || host.settings()).await
}

/// Changes settings: all of them, or none.
///
/// # Errors
/// The settings that cannot be so; 403 for everybody but admins; 404 where the host has none; 503 when too many change them at
/// once; when the database does not answer.
pub async fn change(
    auth: &Auth,
    staff: &Account,
    changes: Vec<SettingChange>,
    caller: &Caller,
) -> Result<Result<(), FormErrors>, Error> {
    let host = require(auth, staff)?;
    let known = list(auth, staff).await?;
    let wrong: Vec<FormError> = changes.iter().filter_map(|change| refused(&known, change)).collect();
    if !wrong.is_empty() {
        return Ok(Err(FormErrors(wrong)));
    }
    for _ in 0..TRIES {
        let seen = auth.store().read(move |c| Box::pin(rows::all(c))).await?;
        let wanted = changed(auth, &known, seen.clone(), &changes)?;
        let (stored, checker) = (opened(auth, &wanted)?, Arc::clone(&host));
        if let Err(errors) = apart(move || checker.check(&stored)).await? {
            return Ok(Err(errors));
        }
        let change = Change { seen, wanted, changes: changes.clone(), staff: staff.clone(), caller: caller.clone() };
        if change.keep(auth).await? {
            refresh(auth).await?;
            return Ok(Ok(()));
        }
    }
    Err(Error::unavailable())
}

/// Puts what is stored into force, if it is other than when it was last read. What cannot be in force leaves the former so, and
/// the log says once what is wrong with it.
///
/// # Errors
/// When the database does not answer.
pub async fn refresh(auth: &Auth) -> Result<(), Error> {
    if let Err(why) = read(auth, false).await? {
        tracing::error!(%why, "the settings that staff gave cannot be in force; the former go on");
    }
    Ok(())
}

/// Puts what is stored into force although nothing else may be stored: the server starts, or the file says something else.
///
/// # Errors
/// What is wrong with it, and then the former stays in force; when the database does not answer.
pub async fn read_again(auth: &Auth) -> Result<Result<(), FormErrors>, Error> {
    read(auth, true).await
}

/// Refreshes again and again, for as long as the future is polled: what [`web::mount`](crate::web::mount) starts, and what a host
/// without it may spawn.
pub async fn regularly(turn: Turn) {
    let mut interval = tokio::time::interval(turn.every().max(Duration::from_millis(1)));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = refresh(turn.auth()).await {
            tracing::warn!(%error, "the settings cannot be read; those in force go on");
        }
    }
}

async fn read(auth: &Auth, even_if_same: bool) -> Result<Result<(), FormErrors>, Error> {
    let Some(host) = auth.live_settings() else { return Ok(Ok(())) };
    let mut last = auth.settings_read().lock().await;
    let found = auth.store().read(move |c| Box::pin(rows::all(c))).await?;
    let digest = digest(&found);
    if !even_if_same && last.as_ref() == Some(&digest) {
        return Ok(Ok(()));
    }
    let stored = opened(auth, &found)?;
    *last = Some(digest);
    let put = apart(move || host.put_in_force(&stored)).await?;
    Ok(put.and_then(|config| auth.put_in_force(config).map_err(|problems| refused_as_a_whole(&problems))))
}

/// What the library does not take. A host that checks what it puts into force never gets there.
fn refused_as_a_whole(problems: &ConfigProblems) -> FormErrors {
    FormError::new("configuration", "ERR_INVALID", problems.to_string()).into()
}

fn require(auth: &Auth, staff: &Account) -> Result<Arc<dyn LiveSettings>, Error> {
    if staff.role != Role::Admin {
        return Err(Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED));
    }
    auth.live_settings().ok_or_else(|| Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND))
}

/// Why a setting cannot be changed so, before anything is looked at as a whole.
fn refused(known: &[Setting], change: &SettingChange) -> Option<FormError> {
    let setting = known.iter().find(|setting| setting.name == change.name);
    match (setting, &change.value) {
        (None, _) => Some(FormError::new(change.name, "ERR_INCLUSION", "is no setting")),
        (Some(setting), _) if setting.source == SettingSource::Environment => {
            Some(FormError::new(change.name, "ERR_LOCKED", "is fixed by the configuration"))
        }
        (_, Some(value)) if value.to_string().len() > LONGEST => Some(FormError::too_long(change.name, LONGEST)),
        (Some(setting), Some(value)) if has_controls(setting.kind, value) => Some(FormError::invalid(change.name)),
        _ => None,
    }
}

/// Whether a text has characters that nobody types; lines end where there may be several.
fn has_controls(kind: SettingKind, value: &Value) -> bool {
    let may_break = kind == SettingKind::Text;
    let has = |text: &str| text.chars().any(|c| c.is_control() && !(may_break && c == '\n'));
    match value {
        Value::String(text) => has(text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).any(has),
        _ => false,
    }
}

/// What is stored after the changes.
fn changed(
    auth: &Auth,
    known: &[Setting],
    mut stored: Vec<SettingRow>,
    changes: &[SettingChange],
) -> Result<Vec<SettingRow>, Error> {
    for change in changes {
        stored.retain(|row| row.name != change.name);
        let Some(value) = &change.value else { continue };
        let is_secret = known.iter().any(|setting| setting.name == change.name && setting.kind == SettingKind::Secret);
        let text = value.to_string();
        let kept = if is_secret { sealed(auth, change.name, &text)? } else { text };
        stored.push(SettingRow::new(change.name, kept, is_secret));
    }
    Ok(stored)
}

/// What is stored, its secrets opened.
fn opened(auth: &Auth, stored: &[SettingRow]) -> Result<Vec<StoredSetting>, Error> {
    let open = |row: &SettingRow| {
        let value = match row.is_sealed() {
            true => unsealed(auth, row)?,
            false => Secret::new(row.value.as_str()),
        };
        Ok(StoredSetting { name: row.name.clone(), value })
    };
    stored.iter().map(open).collect()
}

/// A secret as its row keeps it: the name of the key, a dot, and the rest in base64url. No other setting opens it.
fn sealed(auth: &Auth, name: &str, text: &str) -> Result<String, Error> {
    let sealed = auth.config().keys.secrets().seal(auth.ambient(), &place(name), text.as_bytes());
    let sealed = sealed.ok_or_else(|| Error::failed("there is no key to seal a setting with"))?;
    Ok(format!("{}.{}", sealed.key, URL_SAFE_NO_PAD.encode(sealed.bytes)))
}

fn unsealed(auth: &Auth, row: &SettingRow) -> Result<Secret, Error> {
    let parts = row
        .value
        .split_once('.')
        .and_then(|(key, text)| Some(Sealed { key: key.to_owned(), bytes: URL_SAFE_NO_PAD.decode(text).ok()? }));
    let opened = parts.and_then(|sealed| auth.config().keys.secrets().open(&place(&row.name), &sealed));
    let opened = opened.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let why = || format!("the setting {} is sealed under a key that is none of keys.secrets, or was changed", row.name);
    opened.map(Secret::new).ok_or_else(|| Error::failed(why()))
}

fn place(name: &str) -> [&str; 3] {
    ["auth_setting", "value", name]
}

/// What the settings are: another text when any of them is another.
///
/// # Errors
/// As [`list`].
pub async fn state(auth: &Auth, staff: &Account) -> Result<String, Error> {
    require(auth, staff)?;
    let stored = auth.store().read(move |c| Box::pin(rows::all(c))).await?;
    Ok(digest(&stored).to_base64url())
}

fn digest(stored: &[SettingRow]) -> Digest {
    let lines: Vec<String> = stored.iter().map(|row| format!("{:?}={:?}", row.name, row.value)).collect();
    Digest::of(lines.join("\n").as_bytes())
}

/// A change that was checked.
struct Change {
    seen: Vec<SettingRow>,
    wanted: Vec<SettingRow>,
    changes: Vec<SettingChange>,
    staff: Account,
    caller: Caller,
}

impl Change {
    /// Stores it with its events, unless something else is stored now than it was checked with.
    async fn keep(self, auth: &Auth) -> Result<bool, Error> {
        let now = auth.ambient().now();
        let events: Vec<_> = self
            .changes
            .iter()
            .map(|change| {
                let event = events::event(auth, EventKind::SettingChanged, &self.caller);
                event.by(Actor::Account(self.staff.id.clone())).with("setting", change.name)
            })
            .collect();
        let Self { seen, wanted, changes, staff, .. } = self;
        auth.store()
            .write(move |c| {
                Box::pin(async move {
                    rows::lock(c, &staff.id, now).await?;
                    if rows::all(c).await? != seen {
                        return Ok(false);
                    }
                    for change in &changes {
                        match wanted.iter().find(|row| row.name == change.name) {
                            Some(row) => rows::put(c, row, &staff.id, now).await?,
                            None => rows::remove(c, change.name).await?,
                        }
                    }
                    for event in events {
                        event_rows::add(c, event).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }
}

/// Asks the host where nothing waits for it.
async fn apart<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(ask).await.map_err(Error::failed)
}
