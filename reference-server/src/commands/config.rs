//! `check-config`, and what every command says about a configuration that cannot be used.

use std::process::ExitCode;
use std::time::Duration;

use lysand_auth::Ambient;
use lysand_auth::flows::settings::SettingSource;
use lysand_auth::keys::{KeyKind, Keys};
use serde_json::json;

use super::cli::{Cli, Command};
use super::output;
use crate::database;
use crate::pages::TeraPages;
use crate::settings::{Problem, Problems, Settings, domain};
use crate::state::State;

/// How long the database may take to say what staff gave.
const PATIENCE: Duration = Duration::from_secs(5);

/// The settings with what staff gave on the pages, where there is a database to ask. Where it cannot be asked, what file and
/// environment say is all there is to tell, and a line says so.
pub(super) async fn with_stored(settings: Settings, ambient: Ambient) -> Settings {
    if database::require(&settings).is_err() {
        return settings;
    }
    let why = match tokio::time::timeout(PATIENCE, State::open_existing(settings.clone(), ambient)).await {
        Ok(Ok(state)) => return state.in_force().as_ref().clone(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the database does not answer".to_owned(),
    };
    output::complain(&format!("what was set on /admin/settings is left out: {why}"));
    settings
}

/// Does `check-config`: looks also at what only the start would: templates and keys.
pub(super) fn check(settings: &Settings, as_json: bool) -> ExitCode {
    let mut problems = Vec::new();
    let (templates, host) = (settings.templates_dir.as_deref(), domain(&settings.http.base_url));
    if let Err(error) = TeraPages::load_branded(templates, &settings.instance.title, host, &settings.branding) {
        problems.push(Problem {
            key: "frontend.templates_dir".into(),
            value: settings.templates_dir.as_ref().map(|folder| format!("{folder:?}")),
            remedy: error.to_string(),
        });
    }
    let of_rsa = Keys::check_rsa_files(&settings.keys.rsa);
    for error in Keys::check_files(&settings.keys.signing, &settings.keys.secrets).into_iter().chain(of_rsa) {
        let key = match error.kind() {
            KeyKind::Signing => "keys.jwt",
            KeyKind::Rsa => "keys.rsa",
            _ => "keys.secrets",
        };
        problems.push(Problem { key: key.into(), value: None, remedy: error.to_string() });
    }
    if !problems.is_empty() {
        return report(&Problems(problems), as_json);
    }
    match as_json {
        true => output::json(&json!([])),
        false => {
            let warnings = settings.warnings().into_iter().map(|warning| format!("Mind: {warning}.\n"));
            let stored: Vec<_> = settings
                .live()
                .iter()
                .filter(|setting| setting.source == SettingSource::Database)
                .map(|setting| setting.name)
                .collect();
            let stored = match stored.is_empty() {
                true => String::new(),
                false => format!("Set on /admin/settings: {}.\n", stored.join(", ")),
            };
            output::text(&format!("The configuration is good.\n{stored}{}", warnings.collect::<String>()));
        }
    }
    ExitCode::SUCCESS
}

/// The answer to a configuration that cannot be used.
pub(super) fn unusable(cli: &Cli, problems: &Problems) -> ExitCode {
    if matches!(cli.command, Some(Command::CheckConfig)) {
        return report(problems, cli.json);
    }
    output::complain(&format!("the configuration cannot be used\n{problems}"));
    ExitCode::from(2)
}

/// `check-config`: the problems are its output, and their keys the reason for its exit status.
fn report(problems: &Problems, as_json: bool) -> ExitCode {
    let entity = |problem: &Problem| json!({ "key": problem.key, "value": problem.value, "remedy": problem.remedy });
    match as_json {
        true => output::json(&problems.0.iter().map(entity).collect()),
        false => output::text(&format!("{problems}\n")),
    }
    let keys: Vec<_> = problems.0.iter().map(|problem| problem.key.as_str()).collect();
    output::complain(&format!("the configuration cannot be used: mend {}", keys.join(", ")));
    ExitCode::from(2)
}
