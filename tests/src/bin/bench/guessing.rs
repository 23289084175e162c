//! Bearer checks at a fixed rate while many clients guess a password.
//!
//! The checks are open-loop: each has its moment, whether or not the one before was answered, and its time counts from that
//! moment. Eight threads with a blocking connection each take the moments in turn, because a thread wakes more exactly
//! than the timer of an asynchronous runtime. The guessing clients share one further thread.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::bearer::BEARER_PATH;
use crate::http::{BlockingConnection, Connection};
use crate::load::{Totals, Work, micros, quantile_ms, run};
use crate::options::Length;
use crate::prepare::Prepared;
use crate::report::{Row, Verdict};

const GUESSERS: usize = 64;
const CHECKS_PER_SECOND: u32 = 200;
const PROBES: u32 = 8;
/// A check that is not answered within this time counts as missed.
const CHECK_LIMIT: Duration = Duration::from_secs(1);
/// Every guess must be answered or refused within this time.
const GUESS_LIMIT_MS: f64 = 2_000.0;
/// The quiet p99 may grow by this factor.
const FACTOR: f64 = 2.0;
/// How long a refused client waits before it guesses again; it is impatient and ignores `Retry-After`.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);
const WORK_CHECKS: &str = "bearer check at 200/s while 64 guess, p99 against quiet";
const TARGET_CHECKS: &str = "≤ 2.00, none missed";
const WORK_GUESSES: &str = "each guess answered or refused";
const TARGET_GUESSES: &str = "≤ 2,000 ms";

/// A client that sends wrong passwords.
pub(crate) struct Guess {
    connection: Connection,
    request: Arc<[u8]>,
    rest: Duration,
    after_refusal: Duration,
    refused: Arc<AtomicU64>,
}

impl Guess {
    /// A client that has not guessed yet.
    pub(crate) fn new(address: SocketAddr, request: &Arc<[u8]>, refused: &Arc<AtomicU64>) -> Guess {
        let (connection, request, refused) = (Connection::new(address), Arc::clone(request), Arc::clone(refused));
        Guess { connection, request, rest: Duration::ZERO, after_refusal: AFTER_REFUSAL, refused }
    }

    /// The same, but more patient.
    pub(crate) fn patient(self, after_refusal: Duration) -> Guess {
        Guess { after_refusal, ..self }
    }
}

impl Work for Guess {
    async fn once(&mut self) -> Result<(), String> {
        let reply = self.connection.exchange(&self.request).await.map_err(|fault| fault.to_string())?;
        let busy = matches!(reply.status, 429 | 503) && reply.header("retry-after").is_some();
        let wrong =
            reply.status == 302 && reply.header("location").is_some_and(|to| to.contains("error=invalid_grant"));
        self.rest = if busy { self.after_refusal } else { Duration::ZERO };
        if busy {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        if busy || wrong { Ok(()) } else { Err(format!("guess: {}", reply.summary())) }
    }

    fn rest(&self) -> Duration {
        self.rest
    }
}

/// What the checks of one stretch of time gave.
#[derive(Default)]
pub(crate) struct Checks {
    /// From the check's moment to its answer.
    pub(crate) micros: Vec<u32>,
    /// From the check's moment to its sending: the client's own share of that.
    late: Vec<u32>,
    pub(crate) missed: u32,
    why: Option<String>,
}

/// Measures on a prepared server: the row of the checks and that of the guesses.
pub(crate) fn measure(prepared: &Prepared, length: &Length) -> Vec<Row> {
    stretches(prepared, length).unwrap_or_else(|fault| {
        let why = fault.to_string();
        vec![Row::failed(WORK_CHECKS, TARGET_CHECKS, &why), Row::failed(WORK_GUESSES, TARGET_GUESSES, &why)]
    })
}

fn stretches(prepared: &Prepared, length: &Length) -> Outcome<Vec<Row>> {
    let check = prepared.bearer_check(BEARER_PATH);
    let quiet = checks(prepared, &check, length.guessing)?;
    let refused = Arc::default();
    let request: Arc<[u8]> = prepared.sign_in("not the password").into();
    let guesser = || Guess::new(prepared.address, &request, &refused);
    let guessers: Vec<Guess> = std::iter::repeat_with(guesser).take(GUESSERS).collect();
    let (guesses, loaded) = std::thread::scope(|scope| {
        let guessing = scope.spawn(|| run(guessers, Duration::ZERO, length.slow_ramp * 2 + length.guessing));
        std::thread::sleep(length.slow_ramp);
        let loaded = checks(prepared, &check, length.guessing);
        (guessing.join(), loaded)
    });
    let guesses = guesses.map_err(|_| "the guessing thread panicked")??;
    // A disturbed quiet would flatter: it is measured before and after, and the quieter one counts.
    let quiet = quiet.quieter(checks(prepared, &check, length.guessing)?);
    let refused = refused.load(Ordering::Relaxed);
    Ok(vec![row_of_checks(&quiet, &loaded?), row_of_guesses(&guesses, refused)])
}

fn row_of_checks(quiet: &Checks, loaded: &Checks) -> Row {
    let (before, after) = (quantile_ms(&quiet.micros, 0.99), quantile_ms(&loaded.micros, 0.99));
    let growth = if before > 0.0 { after / before } else { f64::INFINITY };
    let missed = quiet.missed + loaded.missed;
    let why = quiet.why.as_ref().or(loaded.why.as_ref()).map_or(String::new(), |why| format!(", first: {why}"));
    let verdict = if missed > 0 { Verdict::Failed } else { Verdict::of(growth <= FACTOR) };
    Row {
        work: WORK_CHECKS,
        figure: format!("{growth:.2}, {missed} missed"),
        target: TARGET_CHECKS,
        verdict,
        detail: format!(
            "p99 {after:.2} ms (median {:.2}, client late by {:.2} at p99) against quiet {before:.2} ms (median {:.2}, \
             client {:.2}), {} checks each{why}",
            quantile_ms(&loaded.micros, 0.5),
            quantile_ms(&loaded.late, 0.99),
            quantile_ms(&quiet.micros, 0.5),
            quantile_ms(&quiet.late, 0.99),
            loaded.micros.len(),
        ),
        numbers: vec![
            ("growth", growth),
            ("missed", f64::from(missed)),
            ("quiet_p99_ms", before),
            ("loaded_p99_ms", after),
            ("quiet_client_late_p99_ms", quantile_ms(&quiet.late, 0.99)),
            ("loaded_client_late_p99_ms", quantile_ms(&loaded.late, 0.99)),
        ],
    }
}

fn row_of_guesses(guesses: &Totals, refused: u64) -> Row {
    let longest = quantile_ms(&guesses.micros, 1.0);
    let verdict = match &guesses.failure {
        Some(_) => Verdict::Failed,
        None => Verdict::of(!guesses.micros.is_empty() && longest <= GUESS_LIMIT_MS),
    };
    let why =
        guesses.failure.as_ref().map_or(String::new(), |why| format!(", {} failed, first: {why}", guesses.failed));
    Row {
        work: WORK_GUESSES,
        figure: format!("{longest:.0} ms"),
        target: TARGET_GUESSES,
        verdict,
        detail: format!(
            "{:.1}/s by {GUESSERS} clients, {refused} of {} refused, median {:.0} ms, longest {longest:.0} ms{why}",
            guesses.rate,
            guesses.micros.len(),
            quantile_ms(&guesses.micros, 0.5),
        ),
        numbers: vec![("longest_ms", longest), ("guesses_per_second", guesses.rate), ("refused", refused as f64)],
    }
}

/// Sends the checks of a stretch of time, each at its moment.
pub(crate) fn checks(prepared: &Prepared, request: &[u8], stretch: Duration) -> Outcome<Checks> {
    let step = Duration::from_secs(1) / CHECKS_PER_SECOND;
    let count = (stretch.as_secs_f64() * f64::from(CHECKS_PER_SECOND)) as u32;
    let start = Instant::now() + Duration::from_millis(50);
    let probe = |first: u32| {
        let mut connection = BlockingConnection::new(prepared.address, CHECK_LIMIT);
        let mut checks = Checks::default();
        // Opens the connection; not counted.
        let _ = connection.exchange(request);
        for number in (first..count).step_by(PROBES as usize) {
            let moment = start + step * number;
            std::thread::sleep(moment.saturating_duration_since(Instant::now()));
            checks.late.push(micros(moment.elapsed()));
            let result = connection.exchange(request);
            let took = moment.elapsed();
            match result {
                Ok(reply) if reply.status == 200 && took <= CHECK_LIMIT => checks.micros.push(micros(took)),
                Ok(reply) => checks.miss(format!("{} after {took:?}", reply.summary())),
                Err(fault) => checks.miss(format!("{fault} after {took:?}")),
            }
        }
        checks
    };
    let mut total = Checks::default();
    std::thread::scope(|scope| {
        let probes: Vec<_> = (0..PROBES).map(|first| scope.spawn(move || probe(first))).collect();
        for thread in probes {
            let checks = thread.join().map_err(|_| "a probing thread panicked")?;
            total.micros.extend(checks.micros);
            total.late.extend(checks.late);
            total.missed += checks.missed;
            total.why = total.why.take().or(checks.why);
        }
        Ok(total)
    })
}

impl Checks {
    /// That of the two with the lower p99; with what either missed.
    fn quieter(self, other: Checks) -> Checks {
        let missed = self.missed + other.missed;
        let why = self.why.clone().or(other.why.clone());
        let p99 = |checks: &Checks| quantile_ms(&checks.micros, 0.99);
        let better = if other.micros.is_empty() || p99(&self) <= p99(&other) { self } else { other };
        Checks { missed, why, ..better }
    }

    fn miss(&mut self, why: String) {
        self.missed += 1;
        self.why.get_or_insert(why);
    }
}
