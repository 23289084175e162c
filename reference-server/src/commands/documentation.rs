//! `completions` and `man`: what tells about the command line itself, and needs no configuration. `openapi`, which tells what programs can ask.

use std::process::ExitCode;

use clap::CommandFactory as _;

use super::cli::{Cli, Command};
use super::error::CommandError;
use super::output;
use crate::api::openapi;
use crate::server::app::Paths;
use crate::state::State;

/// Prints what a shell or `man` wants to know, if the command line asks for that.
pub(super) fn print(cli: &Cli) -> Option<ExitCode> {
    let mut text = Vec::new();
    match &cli.command {
        Some(Command::Completions { shell }) => {
            clap_complete::generate(*shell, &mut Cli::command(), "reference-server", &mut text);
        }
        Some(Command::Man) => {
            if let Err(error) = manual(&mut text) {
                output::complain(&format!("the manual page cannot be written: {error}"));
                return Some(ExitCode::FAILURE);
            }
        }
        _ => return None,
    }
    output::text(&String::from_utf8_lossy(&text));
    Some(ExitCode::SUCCESS)
}

/// `openapi`
pub(super) fn openapi(state: &State) -> Result<(), CommandError> {
    let document = openapi::of_routes(state, Paths::of(state).own())?;
    output::text(&format!("{document:#}\n"));
    Ok(())
}

/// One page: the program, then each command and what it takes.
fn manual(text: &mut Vec<u8>) -> std::io::Result<()> {
    let mut program = Cli::command();
    program.build();
    let page = clap_mangen::Man::new(program.clone());
    page.render_title(text)?;
    page.render_name_section(text)?;
    page.render_synopsis_section(text)?;
    page.render_description_section(text)?;
    page.render_options_section(text)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
        let all = if inner.is_empty() { vec![command] } else { inner };
        for command in all {
            let name = command.get_bin_name().unwrap_or_default().to_owned();
            let section = clap_mangen::Man::new(command.clone());
            text.extend(format!(".SH {}\n", name.trim_start_matches("reference-server ").to_uppercase()).bytes());
            let mut part = Vec::new();
            section.render_synopsis_section(&mut part)?;
            section.render_description_section(&mut part)?;
            section.render_options_section(&mut part)?;
            // The parts of a command stand below its heading.
            text.extend(String::from_utf8_lossy(&part).replace(".SH ", ".SS ").bytes());
        }
    }
    Ok(())
}
