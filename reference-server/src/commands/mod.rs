//! The command line: what is typed, done and printed. Exit status 0 done, 1 refused or failed, 2 unusable arguments or
//! configuration (running contract §2).

mod account;
mod account_details;
mod account_facts;
mod app;
mod backup;
mod cli;
mod config;
mod database;
mod documentation;
mod error;
mod mail;
mod output;
mod password;
mod recovery;
mod reload;
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
use self::reload::Reload;
use crate::logging::{self, Log};
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
    let log = Log::start(cli.log_format.map_or(settings.log_format, Into::into), asked, &usual);
    match actix_web::rt::System::new().block_on(dispatch(cli, settings, Reload { load: Box::new(load), log })) {
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
        Command::CheckConfig => return Ok(config::check(&settings, cli.json)),
        Command::PrintConfig => output::text(settings.to_toml()),
        Command::Account(command) => {
            account::run(&State::open_existing(settings, ambient).await?, command, cli.json).await?;
        }
        Command::Backup { file } => backup::run(&settings, &file, cli.json)?,
        Command::Completions { .. } | Command::Man => {}
        Command::App(command) => app::run(&State::open_existing(settings, ambient).await?, command, cli.json).await?,
        Command::Token(TokenCommand::Create(wanted)) => {
            token::create(&State::open_existing(settings, ambient).await?, wanted, cli.json).await?;
        }
        Command::Mail(command) => {
            return mail::run(&State::open_existing(settings, ambient).await?, command, cli.json).await;
        }
        Command::Keys(KeysCommand::New { file }) => {
            Keys::create_signing_file(&file, &ambient).map_err(StartError::Key)?;
            output::text(&format!("{}: add it to keys.jwt; the first of them signs\n", file.display()));
        }
        Command::Sweep => database::sweep(&State::open_existing(settings, ambient).await?, cli.json).await?,
    }
    Ok(ExitCode::SUCCESS)
}
