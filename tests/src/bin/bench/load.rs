//! Closed-loop load: so many clients, each sending its next piece of work when the last one is answered.
//!
//! The clients run on two threads, half of them on each (a current-thread runtime), which is what makes the bare handler
//! fastest on two cores. What is counted are the
//! pieces of work that end inside a window in the middle of the run: before it all clients have started, after it none
//! has stopped, so neither the start nor the end of a run falsifies the rate of slow work. Failures count wherever they
//! happen, and so does work that is not answered in time.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::{Failure, Outcome};

/// How long unanswered work may still take after the end of the window.
const GRACE: Duration = Duration::from_secs(15);
/// A client that fails this often without a success between gives up: the row has failed anyway.
const MOST_FAILURES: u32 = 20;
/// The pause after a failure, so that a broken server is not drowned in attempts.
const AFTER_FAILURE: Duration = Duration::from_millis(20);

/// One client of a load.
pub(crate) trait Work: Send + 'static {
    /// Does the work once; the text of an error says what was wrong with the answer.
    fn once(&mut self) -> impl Future<Output = Result<(), String>> + Send;

    /// How long the client waits before it does the work again; not part of the time that the work took.
    fn rest(&self) -> Duration {
        Duration::ZERO
    }
}

/// What a load did.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Pieces of work that ended well inside the window, per second.
    pub(crate) rate: f64,
    /// Pieces of work that failed, in the window or outside.
    pub(crate) failed: u64,
    /// What the first failure was.
    pub(crate) failure: Option<String>,
    /// Microseconds that each piece of work inside the window took.
    pub(crate) micros: Vec<u32>,
}

impl Totals {
    /// The failures as an error, if there are any.
    pub(crate) fn sound(self) -> Outcome<Totals> {
        match self.failure {
            Some(first) => Err(format!("{} failed, first: {first}", self.failed).into()),
            None if self.micros.is_empty() => Err("nothing was finished inside the measured time".into()),
            None => Ok(self),
        }
    }

    fn add(&mut self, other: Totals) {
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
        self.micros.extend(other.micros);
    }

    fn fail(&mut self, why: String) {
        self.failed += 1;
        self.failure.get_or_insert(why);
    }
}

/// Runs the clients for `ramp`, then for the `window` that is counted.
pub(crate) fn run<W: Work>(mut clients: Vec<W>, ramp: Duration, window: Duration) -> Outcome<Totals> {
    let start = Instant::now() + ramp;
    let half = clients.split_off(clients.len() / 2);
    let mut total = std::thread::scope(|scope| {
        let other = scope.spawn(|| share(half, start, window));
        let mut total = share(clients, start, window)?;
        total.add(other.join().map_err(|_| "a thread of clients panicked")??);
        Ok::<Totals, Failure>(total)
    })?;
    total.rate = total.micros.len() as f64 / window.as_secs_f64();
    Ok(total)
}

/// One thread's share of the clients.
fn share<W: Work>(clients: Vec<W>, start: Instant, window: Duration) -> Outcome<Totals> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let end = start + window;
        let running: Vec<_> = clients.into_iter().map(|client| tokio::spawn(drive(client, start, end))).collect();
        let mut total = Totals::default();
        let limit = tokio::time::Instant::from_std(end + GRACE);
        for client in running {
            match tokio::time::timeout_at(limit, client).await {
                Ok(Ok(tally)) => total.add(tally),
                Ok(Err(fault)) => total.fail(fault.to_string()),
                Err(_) => total.fail(format!("no answer {GRACE:?} after the end of the load")),
            }
        }
        Ok(total)
    })
}

/// One client from the start of the load to the end of the window.
async fn drive<W: Work>(mut client: W, start: Instant, end: Instant) -> Totals {
    let mut tally = Totals::default();
    let mut in_a_row = 0;
    let mut now = Instant::now();
    while now < end && in_a_row < MOST_FAILURES {
        let before = now;
        let result = client.once().await;
        now = Instant::now();
        match result {
            Ok(()) if now >= start && now < end => {
                in_a_row = 0;
                tally.micros.push(micros(now - before));
            }
            Ok(()) => in_a_row = 0,
            Err(why) => {
                in_a_row += 1;
                tally.fail(why);
                tokio::time::sleep(AFTER_FAILURE).await;
                now = Instant::now();
            }
        }
        let rest = client.rest();
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
            now = Instant::now();
        }
    }
    tally
}

/// A duration in whole microseconds.
pub(crate) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// The value below which that share of the values lies, in milliseconds; 0 of nothing.
pub(crate) fn quantile_ms(micros: &[u32], share: f64) -> f64 {
    let mut sorted = micros.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(0.0, |value| f64::from(*value) / 1000.0)
}

/// The middle value; of an even number the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[half],
        _ => f64::midpoint(sorted[half - 1], sorted[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bench_quantiles_and_medians_are_computed() {
        let values: Vec<u32> = (1..=100).map(|n| n * 1000).collect();
        assert_eq!(quantile_ms(&values, 0.99), 99.0);
        assert_eq!(quantile_ms(&values, 1.0), 100.0);
        assert_eq!(quantile_ms(&[], 0.5), 0.0);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    struct Sometimes(u32);

    impl Work for Sometimes {
        async fn once(&mut self) -> Result<(), String> {
            self.0 += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
            if self.0 == 3 { Err("the third".to_owned()) } else { Ok(()) }
        }
    }

    #[test]
    fn bench_load_with_failed_requests_is_an_error() -> Outcome<()> {
        let tally = run(vec![Sometimes(0), Sometimes(0)], Duration::ZERO, Duration::from_millis(60))?;
        assert_eq!(tally.failed, 2);
        assert!(tally.rate > 0.0);
        assert_eq!(tally.sound().map(|_| ()).map_err(|e| e.to_string()), Err("2 failed, first: the third".to_owned()));
        Ok(())
    }
}
