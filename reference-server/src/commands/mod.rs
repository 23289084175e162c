//! The command line: what is typed, done and printed. Exit status 0 done, 1 refused or failed, 2 unusable arguments or
//! configuration (running contract §2).

mod account;
mod app;
mod cli;
mod output;
mod password;
mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use lysand_auth::Ambient;
use lysand_auth::error::Error;
use lysand_auth::flows::sweep;
use serde_json::json;

use self::cli::{Cli, Command, TokenCommand};
use crate::keys;
use crate::logging;
use crate::pages::TeraPages;
use crate::settings::{FILE_VARIABLE, Problem, Problems, Settings};
use crate::state::{self, MIGRATIONS, StartError, State};

/// What is logged by commands that a person waits for, unless `RUST_LOG` says otherwise.
const QUIET: &str = "warn";

/// Why a command did not do its work: one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CommandError(String);

impl CommandError {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl From<StartError> for CommandError {
    fn from(error: StartError) -> Self {
        Self(error.to_string())
    }
}

/// Does what `arguments` ask for in this `environment`, and tells how it ended.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let environment = environment.into_iter().map(|(name, value)| (lossless(name), lossless(value))).collect();
    let settings = match load(&cli, environment) {
        Ok(settings) => settings,
        Err(problems) => return unusable(&cli, &problems),
    };
    let usual = if matches!(cli.command, None | Some(Command::Serve)) { logging::USUAL } else { QUIET };
    logging::start(cli.log_format.map_or(settings.log_format, Into::into), usual);
    match actix_web::rt::System::new().block_on(dispatch(cli, settings)) {
        Ok(code) => code,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Text as it is; what is not UTF-8 shows up as replacement characters and is refused where it matters.
fn lossless(text: OsString) -> String {
    text.into_string().unwrap_or_else(|text| text.to_string_lossy().into_owned())
}

fn load(cli: &Cli, environment: Vec<(String, String)>) -> Result<Settings, Problems> {
    let named = environment.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
    let file = cli.config.clone().or_else(|| named.map(|(_, value)| PathBuf::from(value)));
    Settings::load(file.as_deref(), environment)
}

async fn dispatch(cli: Cli, settings: Settings) -> Result<ExitCode, CommandError> {
    let ambient = Ambient::system();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(settings, ambient).await?,
        Command::Migrate { status } => migrate(&settings, status, cli.json).await?,
        Command::CheckConfig => return Ok(check_config(&settings, cli.json)),
        Command::PrintConfig => output::text(settings.to_toml()),
        Command::Account(command) => account::run(&State::open(settings, ambient).await?, command, cli.json).await?,
        Command::App(command) => app::run(&State::open(settings, ambient).await?, command, cli.json).await?,
        Command::Token(TokenCommand::Create(wanted)) => {
            app::create_token(&State::open(settings, ambient).await?, wanted, cli.json).await?;
        }
        Command::Sweep => sweep_now(&State::open(settings, ambient).await?, cli.json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(settings: &Settings, only_status: bool, as_json: bool) -> Result<(), CommandError> {
    let store = state::open_store(settings).await?;
    if !only_status {
        let applied = store.migrate(&MIGRATIONS).await.map_err(|error| state::database_error(settings, error))?;
        match (as_json, applied.is_empty()) {
            (true, _) => output::json(&json!({ "applied": applied })),
            (false, true) => output::text("The database is up to date.\n"),
            (false, false) => {
                let rows: Vec<_> = applied.iter().map(|name| ("applied", name.clone())).collect();
                output::text(&output::facts(&rows));
            }
        }
        return Ok(());
    }
    let state = store.migration_state(&MIGRATIONS).await.map_err(|error| state::database_error(settings, error))?;
    if as_json {
        output::json(&json!({ "applied": state.applied, "pending": state.pending, "unknown": state.unknown }));
        return Ok(());
    }
    let rows: Vec<_> = [("applied", state.applied), ("pending", state.pending), ("unknown", state.unknown)]
        .into_iter()
        .flat_map(|(word, names)| names.into_iter().map(move |name| (word, name)))
        .collect();
    output::text(&output::facts(&rows));
    Ok(())
}

async fn sweep_now(state: &State, as_json: bool) -> Result<(), CommandError> {
    let swept = sweep::sweep(&state.auth).await?;
    let rows = [
        ("authorizations", swept.authorizations),
        ("tokens", swept.tokens),
        ("sessions", swept.sessions),
        ("throttles", swept.throttles),
    ];
    match as_json {
        true => output::json(&rows.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect()),
        false => output::text(&output::facts(&rows.map(|(name, count)| (name, count.to_string())))),
    }
    Ok(())
}

/// Looks also at what only the start would: templates and keys.
fn check_config(settings: &Settings, as_json: bool) -> ExitCode {
    let mut problems = Vec::new();
    if let Err(error) = TeraPages::load(settings.templates_dir.as_deref(), &settings.instance.title) {
        problems.push(Problem {
            key: "frontend.templates_dir".into(),
            value: settings.templates_dir.as_ref().map(|folder| format!("{folder:?}")),
            remedy: error.to_string(),
        });
    }
    if let Err(error) = keys::check(&settings.signing_keys) {
        problems.push(Problem { key: "keys.jwt".into(), value: None, remedy: error.to_string() });
    }
    if !problems.is_empty() {
        return report(&Problems(problems), as_json);
    }
    match as_json {
        true => output::json(&json!([])),
        false => output::text("The configuration is good.\n"),
    }
    ExitCode::SUCCESS
}

/// The answer to a configuration that cannot be used.
fn unusable(cli: &Cli, problems: &Problems) -> ExitCode {
    if matches!(cli.command, Some(Command::CheckConfig)) {
        return report(problems, cli.json);
    }
    complain(&format!("the configuration cannot be used\n{problems}"));
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
    complain(&format!("the configuration cannot be used: mend {}", keys.join(", ")));
    ExitCode::from(2)
}

fn complain(why: &str) {
    eprintln!("reference-server: {why}");
}
