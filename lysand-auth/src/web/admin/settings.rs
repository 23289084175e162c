//! The settings of the server, for programs (people PPL-154).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin;
use crate::flows::settings::{self, Setting, SettingChange, SettingKind, SettingSource};
use crate::model::form_error::{FormError, FormErrors};
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// The one member of a change that is no setting.
const PASSWORD: &str = "current_password";

/// `GET /api/v1/admin/auth/settings`
pub(super) async fn list(auth: Data<Auth>, bearer: Bearer) -> Answer {
    let staff = bearer.account(&["admin:read"]).await?;
    Ok(reply(&entity(&settings::list(&auth, &staff).await?)))
}

/// `PATCH /api/v1/admin/auth/settings`
pub(super) async fn change(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(&["admin:write"]).await?;
    let known = settings::list(&auth, &staff).await?;
    let caller = wire::caller(&req, auth.config());
    admin::admit_change(&auth, &staff, &caller).await?;
    let params = received.0?;
    params.require_known_type()?;
    admin::require_proof(&auth, &bearer.acting(), &staff, params.secret(PASSWORD)?.as_ref()).await?;
    if let Some(name) = params.body_names().find(|name| *name != PASSWORD && !is_known(&known, name)) {
        return Err(Error::refused(Code::Validation, format!("Validation failed: {name} is no setting")).into());
    }
    let changes = match changes(&known, &params) {
        Ok(changes) => changes,
        Err(errors) => return Ok(field_errors(&errors)),
    };
    match settings::change(&auth, &staff, changes, &caller).await? {
        Ok(()) => Ok(reply(&entity(&settings::list(&auth, &staff).await?))),
        Err(errors) => Ok(field_errors(&errors)),
    }
}

fn is_known(known: &[Setting], name: &str) -> bool {
    known.iter().any(|setting| setting.name == name)
}

fn changes(known: &[Setting], params: &Params) -> Result<Vec<SettingChange>, FormErrors> {
    let (mut changes, mut wrong) = (Vec::new(), Vec::new());
    for setting in known.iter().filter(|setting| params.body_names().any(|name| name == setting.name)) {
        match value(setting, params) {
            Ok(value) => changes.push(SettingChange { name: setting.name, value }),
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() { Ok(changes) } else { Err(FormErrors(wrong)) }
}

/// The value that a body gives a setting; nothing for null.
fn value(setting: &Setting, params: &Params) -> Result<Option<Value>, FormError> {
    let invalid = || FormError::invalid(setting.name);
    let text = || params.given_text(setting.name).map_err(|_| invalid())?.ok_or_else(invalid);
    if params.is_null(setting.name) {
        // Null beside a value is no answer to which of them counts.
        let copies = params.body_names().filter(|name| *name == setting.name).count();
        return if copies == 1 { Ok(None) } else { Err(invalid()) };
    }
    Ok(Some(match setting.kind {
        SettingKind::List => json!(params.body_list(setting.name).map_err(|_| invalid())?),
        SettingKind::Switch => json!(text()?.parse::<bool>().map_err(|_| invalid())?),
        SettingKind::Number => json!(text()?.parse::<i64>().map_err(|_| invalid())?),
        SettingKind::Choice(words) => {
            let word = text()?;
            let known: Vec<_> = words.iter().map(|(known, _)| *known).collect();
            if !known.contains(&word.as_str()) {
                let why = format!("must be one of: {}", known.join(", "));
                return Err(FormError::new(setting.name, "ERR_INCLUSION", why));
            }
            json!(word)
        }
        SettingKind::Line | SettingKind::Text | SettingKind::Secret => json!(text()?),
    }))
}

/// Each setting by its name, with its source; of a secret, whether there is one.
fn entity(settings: &[Setting]) -> Value {
    let entry = |setting: &Setting| {
        let locked = setting.source == SettingSource::Environment;
        let mut entry = json!({ "source": setting.source.name(), "locked": locked });
        let member = if setting.kind == SettingKind::Secret { "set" } else { "value" };
        entry[member] = setting.value.clone();
        (setting.name.to_owned(), entry)
    };
    Value::Object(settings.iter().map(entry).collect::<Map<_, _>>())
}
