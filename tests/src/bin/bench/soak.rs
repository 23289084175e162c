//! Mixed traffic for as long as is wanted: memory, descriptors and threads must not grow.
//!
//! Sign-ins with a whole flow each, token checks, sign-ins that are refused, and the sweeps that the server makes of what they
//! leave; at a rate that leaves the machine idle half of the time, so that nothing but a leak makes the server grow.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::bearer::BEARER_PATH;
use crate::flow::Flow;
use crate::http::Connection;
use crate::load::{Work, run};
use crate::postgres::Postgres;
use crate::prepare::{Prepared, prepare};
use crate::server::{Installation, Running};

/// When the server has reached its size.
const SETTLED: Duration = Duration::from_secs(120);
/// Between two looks at the server.
const STEP: Duration = Duration::from_secs(20);
/// How much its memory may have grown since.
const GROWTH: f64 = 1.10;
/// A name that nobody has: its sign-ins are refused once there were too many.
const NOBODY: &str = "nobody";

/// One client of the mixture.
enum Client {
    /// Signs in, goes through a flow, and forgets its cookies.
    Person(Arc<Prepared>, usize),
    Check(Connection, Arc<[u8]>),
    Guess(Connection, Arc<[u8]>),
}

impl Work for Client {
    async fn once(&mut self) -> Result<(), String> {
        match self {
            Self::Person(prepared, number) => {
                *number += 1;
                let mut flow = Flow::new(prepared, *number);
                flow.enter().await?;
                flow.walk().await.map(|_| ())
            }
            Self::Check(connection, request) => status(connection, request, &[200]).await,
            Self::Guess(connection, request) => status(connection, request, &[302, 429]).await,
        }
    }

    fn rest(&self) -> Duration {
        match self {
            Self::Person(..) => Duration::from_millis(500),
            Self::Check(..) => Duration::from_millis(20),
            Self::Guess(..) => Duration::from_millis(100),
        }
    }
}

async fn status(connection: &mut Connection, request: &[u8], wanted: &[u16]) -> Result<(), String> {
    let reply = connection.exchange(request).await.map_err(|fault| fault.to_string())?;
    if wanted.contains(&reply.status) { Ok(()) } else { Err(reply.summary()) }
}

/// What a server has of the system at one moment.
#[derive(Clone, Copy, Debug)]
struct Size {
    mib: f64,
    descriptors: usize,
    threads: usize,
}

impl Size {
    fn of(server: &Running) -> Outcome<Self> {
        Ok(Self { mib: server.memory_mib()?, descriptors: server.descriptors()?, threads: server.threads()? })
    }
}

/// Soaks a server on SQLite and, if there is one, another on PostgreSQL, at the same time; whether all went well.
pub(crate) fn soak(binary: &Path, folder: &Path, postgres: Option<&mut Postgres>, length: Duration) -> Outcome<bool> {
    let mut databases = vec![("SQLite", "sqlite:data/lysand-auth.sqlite3".to_owned())];
    if let Some(postgres) = postgres {
        databases.push(("PostgreSQL", postgres.database()));
    }
    std::thread::scope(|scope| {
        let soaked: Vec<_> =
            databases.iter().map(|(name, url)| scope.spawn(move || one(binary, folder, (name, url), length))).collect();
        let mut all = true;
        for thread in soaked {
            all &= thread.join().map_err(|_| "a soak panicked")??;
        }
        Ok(all)
    })
}

fn one(binary: &Path, folder: &Path, (name, url): (&str, &str), length: Duration) -> Outcome<bool> {
    let mut installation = Installation::new(binary, folder, &format!("soak-{}", name.to_lowercase()), url)?;
    installation = installation.with("ratelimit.enabled", "true").with("tokens.session_ttl", "5m");
    for rule in ["api_user", "api_token", "api_address", "oauth_address", "login_address"] {
        installation = installation.with(&format!("ratelimit.{rule}.max"), "1000000");
    }
    let (server, _) = installation.serve()?;
    let prepared = prepare(&installation)?;
    let (mut settled, mut last) = (None, Size::of(&server)?);
    let totals = std::thread::scope(|scope| {
        let traffic = scope.spawn(|| run(clients(&prepared), Duration::ZERO, length));
        let begun = Instant::now();
        while begun.elapsed() + STEP < length {
            std::thread::sleep(STEP);
            last = Size::of(&server)?;
            eprintln!("{name}: {:>5.0} s {last:?}", begun.elapsed().as_secs_f64());
            if settled.is_none() && begun.elapsed() >= SETTLED.min(length / 2) {
                settled = Some(last);
            }
        }
        traffic.join().map_err(|_| "the traffic panicked")?
    })?;
    server.stop()?;
    let settled = settled.ok_or("the soak is too short to see anything")?;
    let is_well = totals.failed == 0
        && last.mib <= settled.mib * GROWTH
        && last.descriptors <= settled.descriptors + 8
        && last.threads <= settled.threads;
    println!(
        "{name}: {:.1} answers/s for {length:?}, {} failed{}; memory {:.1} MiB once settled, {:.1} MiB at the end; \
         descriptors {} and {}; threads {} and {}: {}",
        totals.rate,
        totals.failed,
        totals.failure.as_ref().map_or(String::new(), |first| format!(" (first: {first})")),
        settled.mib,
        last.mib,
        settled.descriptors,
        last.descriptors,
        settled.threads,
        last.threads,
        if is_well { "reached" } else { "NOT reached" },
    );
    Ok(is_well)
}

fn clients(prepared: &Arc<Prepared>) -> Vec<Client> {
    let connection = || Connection::new(prepared.address);
    let check: Arc<[u8]> = prepared.bearer_check(BEARER_PATH).into();
    let guess: Arc<[u8]> = prepared.sign_in_as(NOBODY, "not the password").into();
    let people = (0..2).map(|number| Client::Person(Arc::clone(prepared), number * 1_000_000));
    let checks = (0..8).map(|_| Client::Check(connection(), Arc::clone(&check)));
    let guesses = (0..4).map(|_| Client::Guess(connection(), Arc::clone(&guess)));
    people.chain(checks).chain(guesses).collect()
}
