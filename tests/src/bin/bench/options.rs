//! The command line, and how long each measurement takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

/// Starts the reference server, measures it, and prints a table of figures and targets.
#[derive(Parser)]
#[command(name = "bench")]
pub(crate) struct Options {
    /// Measures on PostgreSQL too: the URL of a database whose user may create databases, or `auto` for a throw-away
    /// cluster. Without it, TEST_POSTGRES_URL if that is set.
    #[arg(long, value_name = "URL|auto")]
    pub(crate) postgres: Option<String>,
    /// Leaves SQLite out.
    #[arg(long)]
    pub(crate) no_sqlite: bool,
    /// Short measurements, to see that everything works.
    #[arg(long)]
    pub(crate) quick: bool,
    /// One round of so many seconds in place of several short ones, for a profiler.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) profile: Option<u64>,
    /// Measures only this; may be repeated.
    #[arg(long, value_name = "WORK")]
    pub(crate) only: Vec<Work>,
    /// Writes the figures to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Where the temporary folder with the databases is made.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// The server to measure, instead of the one that was built beside this program.
    #[arg(long, value_name = "BINARY")]
    pub(crate) server: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Part>,
}

/// What this program does when it is not measuring the server.
#[derive(Subcommand)]
pub(crate) enum Part {
    /// Measures the bare handler against a second one: the ratio shows how exact this machine is today.
    Calibrate,
    /// Measures what rendering the consent page costs, in this process.
    Pages,
    /// Mixed traffic for a long time: memory, descriptors and threads must not grow.
    Soak {
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=240))]
        minutes: u64,
    },
    /// Serves as the bare handler (used by this program itself).
    #[command(hide = true)]
    Baseline {
        #[arg(long)]
        workers: usize,
        #[arg(long)]
        body: usize,
    },
}

/// The measurements.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    Start,
    Memory,
    Bearer,
    Flow,
    Passwords,
    Guessing,
    Bursts,
    Pipelining,
    Refusals,
    Sweeping,
    Mails,
    SignUps,
    TwoSteps,
    Openid,
    Lists,
    /// Programs without a browser that poll.
    #[value(alias = "device")]
    Devices,
}

impl Options {
    /// How long to measure.
    pub(crate) fn length(&self) -> Length {
        let length = if self.quick { Length::QUICK } else { Length::FULL };
        match self.profile.map(Duration::from_secs) {
            Some(window) => Length { rounds: 1, window, slow_window: window, guessing: window, ..length },
            None => length,
        }
    }

    /// The PostgreSQL to measure on, if there is one.
    pub(crate) fn postgres_url(&self) -> Option<String> {
        let given = self.postgres.clone().or_else(|| std::env::var("TEST_POSTGRES_URL").ok());
        given.filter(|url| !url.is_empty())
    }

    /// Whether this measurement is asked for.
    pub(crate) fn wants(&self, work: Work) -> bool {
        self.only.is_empty() || self.only.contains(&work)
    }
}

/// How often and how long is measured. Whatever the answers, the times add up to a bounded whole.
#[derive(Clone, Copy)]
pub(crate) struct Length {
    /// Starts on an empty folder.
    pub(crate) starts: usize,
    /// Rounds of the yardstick and the server in turn.
    pub(crate) rounds: usize,
    /// Not counted, before each window of fast work.
    pub(crate) ramp: Duration,
    /// Counted, of fast work.
    pub(crate) window: Duration,
    /// Not counted, before each window of password hashing.
    pub(crate) slow_ramp: Duration,
    /// Counted, of password hashing.
    pub(crate) slow_window: Duration,
    /// The stretch of checks without and with guessing.
    pub(crate) guessing: Duration,
    /// Answers of each kind whose times are compared.
    pub(crate) compared: usize,
    /// Bursts of sign-ins.
    pub(crate) bursts: usize,
    /// Rows that are over, and rows that stay, while a sweep is measured; and how long it is watched at most.
    pub(crate) swept: usize,
    pub(crate) kept: usize,
    pub(crate) sweeping: Duration,
}

impl Length {
    /// The full measurement: about 75 seconds on each database.
    const FULL: Length = Length {
        starts: 5,
        rounds: 5,
        ramp: Duration::from_millis(300),
        window: Duration::from_millis(1_500),
        slow_ramp: Duration::from_millis(500),
        slow_window: Duration::from_millis(2_500),
        guessing: Duration::from_secs(8),
        compared: 200,
        bursts: 10,
        swept: 2_000_000,
        kept: 1_000_000,
        sweeping: Duration::from_secs(30),
    };

    /// Enough to see that everything works: about 15 seconds on each database.
    const QUICK: Length = Length {
        starts: 3,
        rounds: 2,
        ramp: Duration::from_millis(200),
        window: Duration::from_millis(500),
        slow_ramp: Duration::from_millis(300),
        slow_window: Duration::from_secs(1),
        guessing: Duration::from_secs(2),
        compared: 20,
        bursts: 2,
        swept: 50_000,
        kept: 25_000,
        sweeping: Duration::from_secs(5),
    };
}
