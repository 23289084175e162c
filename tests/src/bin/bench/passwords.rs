//! Sign-ins with the right password, against the hash alone.
//!
//! The yardstick is the `argon2` crate as it is used plainly: one thread per core, each hashing in a loop with the server's
//! parameters, with memory allocated for each hash.

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};

use crate::Outcome;
use crate::http::Connection;
use crate::load::{Work, median, quantile_ms, run};
use crate::machine::cores;
use crate::options::Length;
use crate::prepare::{PASSWORD, Prepared, signed_in};
use crate::report::{Row, Verdict};

const CLIENTS: usize = 8;
const WORK: &str = "password sign-ins, share of raw argon2id";
const TARGET: &str = "95 %";
const SHARE: f64 = 0.95;
/// The server's default parameters.
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;

/// A person who signs in again and again, each time from a browser without cookies.
struct SignIn {
    connection: Connection,
    request: Arc<[u8]>,
}

impl Work for SignIn {
    async fn once(&mut self) -> Result<(), String> {
        let reply = self.connection.exchange(&self.request).await.map_err(|fault| fault.to_string())?;
        if signed_in(&reply) { Ok(()) } else { Err(format!("sign-in: {}", reply.summary())) }
    }
}

/// Measures on a prepared server, in turn with the raw hash.
pub(crate) fn measure(prepared: &Prepared, length: &Length) -> Row {
    rounds(prepared, length).unwrap_or_else(|fault| Row::failed(WORK, TARGET, &fault.to_string()))
}

fn rounds(prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let request: Arc<[u8]> = prepared.sign_in(PASSWORD).into();
    let (mut shares, mut raws, mut rates, mut micros) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..length.rounds {
        let raw = raw_rate(length.slow_window)?;
        let client = || SignIn { connection: Connection::new(prepared.address), request: Arc::clone(&request) };
        let clients = std::iter::repeat_with(client).take(CLIENTS).collect();
        let tally = run(clients, length.slow_ramp, length.slow_window)?.sound()?;
        shares.push(tally.rate / raw);
        raws.push(raw);
        rates.push(tally.rate);
        micros.extend(tally.micros);
    }
    let (share, raw, rate) = (median(&shares), median(&raws), median(&rates));
    let p99 = quantile_ms(&micros, 0.99);
    Ok(Row {
        work: WORK,
        figure: format!("{:.1} %", share * 100.0),
        target: TARGET,
        verdict: Verdict::of(share >= SHARE),
        detail: format!(
            "{rate:.1} sign-ins/s by {CLIENTS} clients against {raw:.1} hashes/s on {} threads, p99 {p99:.0} ms",
            cores()
        ),
        numbers: vec![("share", share), ("sign_ins_per_second", rate), ("raw_hashes_per_second", raw), ("p99_ms", p99)],
    })
}

/// Hashes per second of one thread per core.
pub(crate) fn raw_rate(window: Duration) -> Outcome<f64> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, LANES, None).map_err(|fault| fault.to_string())?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let rates: Result<Vec<f64>, String> = std::thread::scope(|scope| {
        let hash = || {
            let start = Instant::now();
            let mut count = 0.0;
            while start.elapsed() < window {
                let mut output = [0_u8; 32];
                argon
                    .hash_password_into(PASSWORD.as_bytes(), b"sixteen byte salt", &mut output)
                    .map_err(|fault| fault.to_string())?;
                std::hint::black_box(output);
                count += 1.0;
            }
            Ok(count / start.elapsed().as_secs_f64())
        };
        let threads: Vec<_> = (0..cores()).map(|_| scope.spawn(hash)).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a hashing thread panicked".to_owned())?).collect()
    });
    Ok(rates?.into_iter().sum())
}
