//! The command line: what is typed, done and printed. Exit status 0 done, 1 refused or failed, 2 unusable arguments or
//! configuration (running contract §2).

mod account;
mod account_details;
mod account_facts;
mod app;
mod backup;
mod blocks;
mod cli;
mod config;
mod database;
mod documentation;
mod error;
mod events;
mod invite;
mod mail;
mod outcome;
mod output;
mod password;
mod recovery;
mod reload;
mod review;
mod serve;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use lysand_auth::Ambient;
use lysand_auth::keys::Keys;

use self::cli::{Cli, Command, KeysCommand, TokenCommand};
use self::error::CommandError;
use self::outcome::Outcome;
use self::reload::Reload;
use crate::logging::{self, Log};
use crate::panics;
use crate::settings::{FILE_VARIABLE, Settings};
use crate::state::{StartError, State};

/// What commands that a person waits for log, unless `RUST_LOG` says otherwise.
const QUIET: &str = "warn";

/// Does what `arguments` ask for in this `environment`, and returns how it ended.
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
    if let Some(code) = documentation::print(&cli) {
        return code;
    }
    let environment: Vec<_> = environment.into_iter().map(|(name, value)| (lossy(name), lossy(value))).collect();
    let rust_log = environment.iter().find(|(name, _)| name == "RUST_LOG").map(|(_, value)| value.clone());
    let asked = match logging::asked(rust_log.as_deref()) {
        Ok(asked) => asked.map(str::to_owned),
        Err(why) => {
            output::complain(&why);
            return ExitCode::from(2);
        }
    };
    let file = cli.config.clone().or_else(|| {
        let named = environment.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
        named.map(|(_, value)| PathBuf::from(value))
    });
    let load = move || Settings::load(file.as_deref(), environment.clone());
    let settings = match load() {
        Ok(settings) => settings,
        Err(problems) => return config::unusable(&cli, &problems),
    };
    let usual = match cli.command {
        None | Some(Command::Serve) => logging::filter_of(&settings.log_level),
        Some(_) => QUIET.to_owned(),
    };
    let panics = panics::count();
    let log = Log::start(cli.log_format.map_or(settings.log_format, Into::into), asked, &usual);
    match actix_web::rt::System::new().block_on(dispatch(cli, settings, Reload { load: Box::new(load), log, panics })) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Text as it is; what is not UTF-8 shows up as replacement characters and is refused where it matters.
fn lossy(text: OsString) -> String {
    text.into_string().unwrap_or_else(|text| text.to_string_lossy().into_owned())
}

async fn dispatch(cli: Cli, settings: Settings, reload: Reload) -> Result<ExitCode, CommandError> {
    let ambient = Ambient::system();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(settings, ambient, &reload).await?,
        Command::Migrate { status } => database::migrate(&settings, &ambient, status, cli.json).await?,
        Command::CheckConfig => return Ok(config::check(&config::with_stored(settings, ambient).await, cli.json)),
        Command::PrintConfig => output::text(&config::with_stored(settings, ambient).await.to_toml()),
        Command::Backup { file } => backup::run(&settings, &file, cli.json)?,
        Command::Completions { .. } | Command::Man => {}
        Command::Keys(KeysCommand::New { file, rsa: true }) => {
            Keys::create_rsa_file(&file, &ambient).map_err(StartError::Key)?;
            output::text(&format!("{}: add it to keys.rsa; the first of them signs\n", file.display()));
        }
        Command::Keys(KeysCommand::New { file, .. }) => {
            Keys::create_signing_file(&file, &ambient).map_err(StartError::Key)?;
            output::text(&format!("{}: add it to keys.jwt; the first of them signs\n", file.display()));
        }
        command => {
            let state = State::open_existing(settings, ambient).await?;
            return administer(&state, command, cli.json).await?.record(&state).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The commands that work with what a server keeps.
async fn administer(state: &State, command: Command, as_json: bool) -> Result<Outcome, CommandError> {
    match command {
        Command::Account(command) => account::run(state, command, as_json).await,
        Command::App(command) => app::run(state, command, as_json).await,
        Command::Token(TokenCommand::Create(wanted)) => token::create(state, wanted, as_json).await,
        Command::Review(command) => review::run(state, command, as_json).await,
        Command::Invite(command) => invite::run(state, command, as_json).await,
        Command::Blocks(command) => blocks::run(state, command, as_json).await,
        Command::Events(wanted) => events::run(state, wanted, as_json).await,
        Command::Mail(command) => mail::run(state, command, as_json).await,
        Command::Keys(_) => recovery::rewrap_secrets(state).await,
        Command::Sweep => database::sweep(state, as_json).await.map(|()| Outcome::looked()),
        Command::Openapi => documentation::openapi(state).map(|()| Outcome::looked()),
        _ => Ok(Outcome::looked()),
    }
}
