//! `GET /admin/settings`: what admins change while the server runs (people PPL-154).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::frame::{Posted, SETTINGS, acted, frame, looked, shown};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin;
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::sessions::SignedInBrowser;
use crate::flows::settings::{self, Setting, SettingChange, SettingKind, SettingSource};
use crate::host::pages::{AdminSettingsPage, Page, SettingChoice, SettingOnPage, SettingsSection};
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// What came of a form.
#[derive(Default)]
struct Outcome {
    /// The part of the page that was sent.
    section: Option<String>,
    errors: FormErrors,
    error: Option<String>,
    notice: Option<&'static str>,
}

/// `GET /admin/settings`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let notice = params.last_text("notice").filter(|notice| notice == "saved").map(|_| texts::SETTINGS_SAVED);
        let outcome = Outcome { notice, ..Outcome::default() };
        all(&auth, &req, params, (staff, form.token()), outcome).await
    })
    .await
}

/// `POST /admin/settings`: one part of them.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        let known = settings::list(&auth, &staff.account).await?;
        let section = form.text("section")?;
        let again = |error: Option<String>, errors: FormErrors| {
            let outcome = Outcome { section: section.clone(), errors, error, notice: None };
            all(&auth, &req, &form.params, (&staff, form.token()), outcome)
        };
        if form.is_stale()? {
            return again(Some(texts::TRY_AGAIN.to_owned()), FormErrors::default()).await;
        }
        if form.text("seen")?.unwrap_or_default() != settings::state(&auth, &staff.account).await? {
            return again(Some(texts::SETTINGS_CHANGED_MEANWHILE.to_owned()), FormErrors::default()).await;
        }
        let changes = changes(&known, section.as_deref(), &form.params)?;
        let saved = async {
            let password = form.text("current_password")?.map(Secret::new);
            admin::require_proof_of_browser(&auth, &staff, password.as_ref()).await?;
            settings::change(&auth, &staff.account, changes, &wire::caller(&req, auth.config())).await
        };
        match saved.await {
            Ok(Ok(())) => {
                let place = with_query(&auth.config().base_url.join(SETTINGS), [("notice", "saved")]);
                Ok(redirect(&form.reader().keep(&place)))
            }
            Ok(Err(errors)) => again(None, errors).await,
            Err(Error::Refused(refusal)) if refusal.code != Code::NotFound && refusal.retry_after.is_none() => {
                again(Some(refusal.why.into_owned()), FormErrors::default()).await
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// What a form changes: the fields of its part that say something else than what is in force.
fn changes(known: &[Setting], section: Option<&str>, params: &Params) -> Result<Vec<SettingChange>, Error> {
    let cleared = params.every_text("clear")?;
    let mut changes = Vec::new();
    for setting in known.iter().filter(|setting| is_changeable(setting) && Some(setting.words.section) == section) {
        let is_stored = setting.source == SettingSource::Database;
        if is_stored && cleared.iter().any(|name| name == setting.name) {
            changes.push(SettingChange { name: setting.name, value: None });
            continue;
        }
        match filled(setting, params)? {
            Some(value) if value != setting.value => {
                changes.push(SettingChange { name: setting.name, value: Some(value) });
            }
            _ => {}
        }
    }
    Ok(changes)
}

/// What a field says; nothing for a secret that was left empty. What is no number goes on as text, which is then refused with
/// its remedy.
fn filled(setting: &Setting, params: &Params) -> Result<Option<Value>, Error> {
    let text = params.body_text(setting.name)?.map(|text| text.replace("\r\n", "\n"));
    Ok(match setting.kind {
        SettingKind::Switch => Some(json!(text.is_some())),
        SettingKind::Secret => text.filter(|text| !text.is_empty()).map(|text| json!(text)),
        SettingKind::List => text.map(|text| json!(lines(&text))),
        SettingKind::Number => text.map(|text| match text.trim().parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => json!(text),
        }),
        SettingKind::Line | SettingKind::Text | SettingKind::Choice(_) => text.map(|text| json!(text)),
    })
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn is_changeable(setting: &Setting) -> bool {
    setting.source != SettingSource::Environment
}

async fn all(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (staff, form_token): (&SignedInBrowser, String),
    outcome: Outcome,
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req).for_account(Some(&staff.account));
    let known = settings::list(auth, &staff.account).await?;
    let wanted = credentials::proof_wanted(auth, staff).await?;
    let sign_in = || {
        let place = auth.config().base_url.join("/account/sign-in");
        reader.keep(&with_query(&place, [("return_to", SETTINGS), ("prompt", "login")]))
    };
    let is_wrong = outcome.error.is_some() || !outcome.errors.0.is_empty();
    // What is about no field stands above them all.
    let others = outcome.errors.0.iter().filter(|error| !known.iter().any(|setting| setting.name == error.field));
    let others: Vec<&str> = others.map(|error| &*error.description).collect();
    let others = Some(others.join(" ")).filter(|others| !others.is_empty());
    let page = Page::AdminSettings(Box::new(AdminSettingsPage {
        frame: frame(auth, &reader, &staff.account, SETTINGS).await?,
        action: reader.keep(SETTINGS),
        form_token,
        seen: settings::state(auth, &staff.account).await?,
        sections: sections(&known, params, &outcome)?,
        asks_password: wanted == ProofWanted::Password,
        sign_in: (wanted == ProofWanted::Confirmation).then(sign_in),
        notice: outcome.notice,
        error: outcome.error.or(others),
    }));
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

fn sections(known: &[Setting], params: &Params, outcome: &Outcome) -> Result<Vec<SettingsSection>, Error> {
    let mut sections: Vec<SettingsSection> = Vec::new();
    for setting in known {
        let name = setting.words.section;
        let was_sent = outcome.section.as_deref() == Some(name) && is_changeable(setting);
        let on_page = on_page(setting, if was_sent { filled(setting, params)? } else { None }, &outcome.errors);
        let (is_wrong, can_change) = (on_page.error.is_some(), is_changeable(setting));
        match sections.iter_mut().find(|section| section.name == name) {
            Some(section) => {
                section.is_wrong |= is_wrong;
                section.can_change |= can_change;
                section.settings.push(on_page);
            }
            None => sections.push(SettingsSection { name, is_wrong, can_change, settings: vec![on_page] }),
        }
    }
    Ok(sections)
}

/// A setting as it is in force, or as it was filled in.
fn on_page(setting: &Setting, typed: Option<Value>, errors: &FormErrors) -> SettingOnPage {
    let is_secret = setting.kind == SettingKind::Secret;
    let value = if is_secret { &setting.value } else { typed.as_ref().unwrap_or(&setting.value) };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let choices: &[(&'static str, &'static str)] = match setting.kind {
        SettingKind::Choice(choices) => choices,
        _ => &[],
    };
    let choice = |(value, words): &(&'static str, &'static str)| SettingChoice { value, words, chosen: text == *value };
    let error = errors.0.iter().find(|error| error.field == setting.name);
    SettingOnPage {
        name: setting.name,
        label: setting.words.label,
        hint: setting.words.hint,
        kind: kind_name(setting.kind),
        is_on: *value == Value::Bool(true),
        choices: choices.iter().map(choice).collect(),
        source: setting.source.name(),
        error: error.map(|error| error.description.clone()),
        value: text,
    }
}

const fn kind_name(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Line => "line",
        SettingKind::Text => "text",
        SettingKind::Switch => "switch",
        SettingKind::Number => "number",
        SettingKind::Choice(_) => "choice",
        SettingKind::List => "list",
        SettingKind::Secret => "secret",
    }
}
