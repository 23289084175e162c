//! Token checks of others while one address is refused: a refusal must cost the database nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::Outcome;
use crate::bearer::BEARER_PATH;
use crate::guessing::{Guess, checks};
use crate::load::{quantile_ms, run};
use crate::options::Length;
use crate::prepare::Prepared;
use crate::report::{Row, Verdict};

const CLIENTS: usize = 600;
/// How long a refused client waits before it comes again: as eager as a client that ignores `Retry-After` may be.
const REST: Duration = Duration::from_millis(100);
const WORK: &str = "bearer check while one address is refused 600 times at once, p99 against quiet";
const TARGET: &str = "≤ 2.00, none missed";
const FACTOR: f64 = 2.0;

/// Measures on a prepared server whose limits on sign-ins are on.
pub(crate) fn measure(prepared: &Prepared, length: &Length) -> Row {
    stretches(prepared, length).unwrap_or_else(|fault| Row::failed(WORK, TARGET, &fault.to_string()))
}

fn stretches(prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let check = prepared.bearer_check(BEARER_PATH);
    let quiet = checks(prepared, &check, length.guessing)?;
    let request: Arc<[u8]> = prepared.sign_in("not the password").into();
    let refused = Arc::default();
    let clients: Vec<Guess> =
        (0..CLIENTS).map(|_| Guess::new(prepared.address, &request, &refused).patient(REST)).collect();
    let (guesses, loaded) = std::thread::scope(|scope| {
        let guessing = scope.spawn(|| run(clients, Duration::ZERO, length.slow_ramp * 2 + length.guessing));
        std::thread::sleep(length.slow_ramp);
        let loaded = checks(prepared, &check, length.guessing);
        (guessing.join(), loaded)
    });
    let guesses = guesses.map_err(|_| "the guessing thread panicked")??.sound()?;
    let loaded = loaded?;
    let (before, after) = (quantile_ms(&quiet.micros, 0.99), quantile_ms(&loaded.micros, 0.99));
    let growth = if before > 0.0 { after / before } else { f64::INFINITY };
    let missed = quiet.missed + loaded.missed;
    Ok(Row {
        work: WORK,
        figure: format!("{growth:.2}, {missed} missed"),
        target: TARGET,
        verdict: if missed > 0 { Verdict::Failed } else { Verdict::of(growth <= FACTOR) },
        detail: format!(
            "p99 {after:.2} ms against quiet {before:.2} ms; {:.0} refusals/s by {CLIENTS} clients",
            guesses.rate
        ),
        numbers: vec![
            ("growth", growth),
            ("missed", f64::from(missed)),
            ("quiet_p99_ms", before),
            ("loaded_p99_ms", after),
        ],
    })
}
