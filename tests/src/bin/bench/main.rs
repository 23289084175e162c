//! Measures the reference server and compares it with its targets: `cargo run --release -p tests --bin bench`.
//!
//! The program starts the release binary that lies beside it on loopback, in an empty temporary folder, works with it as
//! clients and admins do, and prints one table. What depends on the machine is a ratio to a yardstick that is measured in
//! the same run: a bare actix-web handler, or argon2id alone. `docs/performance.md` explains each row.
//!
//! It ends with status 1 when something failed while it was measured, and with 0 otherwise: a figure below its target is
//! said, but is no failure of the program.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement needs the real clock and real waiting"
)]
#![allow(clippy::print_stdout, reason = "the table is the purpose of the program")]

mod baseline;
mod bearer;
mod bursts;
mod devices;
mod flow;
mod guessing;
mod http;
mod lists;
mod load;
mod machine;
mod mails;
mod openid;
mod options;
mod pages;
mod passwords;
mod pipelining;
mod postgres;
mod prepare;
mod refusals;
mod report;
mod server;
mod sign_ups;
mod soak;
mod suite;
mod sweeping;
mod two_steps;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use crate::baseline::Baseline;
use crate::machine::{Machine, Ticks, cores};
use crate::options::{Options, Part};
use crate::postgres::Postgres;
use crate::report::{Report, Row, Section};
use crate::suite::Suite;

/// The result of everything that can go wrong only by ending the measurement.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// What ends a measurement, in words.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match act(&Options::parse()) {
        Ok(status) => status,
        Err(fault) => {
            eprintln!("bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn act(options: &Options) -> Outcome<ExitCode> {
    match options.command {
        Some(Part::Baseline { workers, body }) => baseline::serve(workers, body).map(|()| ExitCode::SUCCESS),
        Some(Part::Calibrate) => calibrate(options).map(|()| ExitCode::SUCCESS),
        Some(Part::Pages) => pages::measure().map(|()| ExitCode::SUCCESS),
        Some(Part::Soak { minutes }) => soak(options, minutes),
        None => measure(options),
    }
}

/// Measures the server on each database and prints the report.
fn measure(options: &Options) -> Outcome<ExitCode> {
    let (start, ticks) = (Instant::now(), Ticks::now());
    if cfg!(debug_assertions) {
        eprintln!("bench: this is not a release build; its figures mean little");
    }
    let binary = server_binary(options)?;
    let folder = temporary_folder(options)?;
    let mut report = Report {
        machine: Machine::read(folder.path())?,
        quick: options.quick,
        seconds: 0.0,
        others: 0.0,
        stolen: 0.0,
        sections: Vec::new(),
    };
    let length = options.length();
    let suite = |postgres| Suite { options, length: &length, binary: &binary, folder: folder.path(), postgres };
    if !options.no_sqlite {
        report.sections.push(suite(None).run());
    }
    if let Some(argument) = options.postgres_url() {
        report.sections.push(match Postgres::open(&argument) {
            Ok(postgres) => suite(Some(postgres)).run(),
            Err(fault) => {
                Section { database: "PostgreSQL", rows: vec![Row::failed("the database", "", &fault.to_string())] }
            }
        });
    }
    (report.others, report.stolen) = Ticks::now().others_since(&ticks);
    report.seconds = start.elapsed().as_secs_f64();
    println!("{}", report.text());
    if let Some(path) = &options.json {
        std::fs::write(path, report.json()?).map_err(|fault| format!("{}: {fault}", path.display()))?;
    }
    Ok(if report.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The bare handler against a second one: what differs from 1 is noise.
fn calibrate(options: &Options) -> Outcome<()> {
    const BODY: usize = 256;
    let (first, second) = (Baseline::start(cores(), BODY)?, Baseline::start(cores(), BODY)?);
    let request = http::request("GET", bearer::BEARER_PATH, "localhost", &[("Authorization", "Bearer none")], "");
    let figures = bearer::rounds(second.address, first.address, &request, BODY, &options.length())?;
    println!("the bare handler against itself: {}", figures.text());
    Ok(())
}

/// Mixed traffic for so many minutes, on all databases at once.
fn soak(options: &Options, minutes: u64) -> Outcome<ExitCode> {
    let (binary, folder) = (server_binary(options)?, temporary_folder(options)?);
    let mut postgres = options.postgres_url().map(|url| Postgres::open(&url)).transpose()?;
    let length = std::time::Duration::from_secs(minutes * 60);
    let is_well = soak::soak(&binary, folder.path(), postgres.as_mut(), length)?;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The server that was built beside this program, unless another is given.
fn server_binary(options: &Options) -> Outcome<PathBuf> {
    let beside = match &options.server {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("reference-server"),
    };
    beside
        .canonicalize()
        .map_err(|_| format!("no server at {}: run `cargo build --release` first", beside.display()).into())
}

/// An empty folder for the databases, removed at the end.
fn temporary_folder(options: &Options) -> Outcome<tempfile::TempDir> {
    let parent = options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("lysand-auth-bench-").tempdir_in(&parent);
    folder.map_err(|fault| format!("{}: {fault}", parent.display()).into())
}
