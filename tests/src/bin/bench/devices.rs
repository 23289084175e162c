//! Programs without a browser that wait for their person: 10,000 codes, each polled every five seconds (RFC 8628), and a bearer check
//! beside them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;
use crate::bearer::BEARER_PATH;
use crate::guessing::{Checks, checks};
use crate::http::{BlockingConnection, Connection, encode, request};
use crate::load::{Totals, Work, quantile_ms, run};
use crate::options::Length;
use crate::prepare::Prepared;
use crate::report::{Row, Verdict};
use crate::server::Running;

const LIMIT: Duration = Duration::from_secs(20);
const CODES: usize = 10_000;
/// A client of the load polls for so many codes in turn.
const CODES_OF_ONE: usize = 125;
const INTERVAL: Duration = Duration::from_secs(5);
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const POLLED: &str = "10,000 waiting device codes polled every 5 s";
const POLLED_TARGET: &str = "≤ 0.50 of a core";
const POLLED_LIMIT: f64 = 0.5;
const BESIDE: &str = "bearer check at 200/s beside those polls, p99 against quiet";
const BESIDE_TARGET: &str = "≤ 2.00, none missed";
const BESIDE_LIMIT: f64 = 2.0;

/// Polls for its codes in turn, so that each has its turn every five seconds.
struct Poller {
    connection: Connection,
    requests: Vec<Arc<[u8]>>,
    next: usize,
    last: Instant,
}

impl Work for Poller {
    async fn once(&mut self) -> Result<(), String> {
        self.last = Instant::now();
        let reply = self.connection.exchange(&self.requests[self.next]).await.map_err(|fault| fault.to_string())?;
        self.next = (self.next + 1) % self.requests.len();
        let body = String::from_utf8_lossy(&reply.body);
        let is_waiting = reply.status == 400 && body.contains("authorization_pending");
        if is_waiting { Ok(()) } else { Err(format!("poll: {} {body}", reply.summary())) }
    }

    fn rest(&self) -> Duration {
        let turn = INTERVAL / u32::try_from(self.requests.len()).unwrap_or(1);
        turn.saturating_sub(self.last.elapsed())
    }
}

/// Measures on a running server with the grant.
pub(crate) fn measure(server: &Running, prepared: &Prepared, length: &Length) -> Vec<Row> {
    rows(server, prepared, length).unwrap_or_else(|fault| {
        let why = fault.to_string();
        vec![Row::failed(POLLED, POLLED_TARGET, &why), Row::failed(BESIDE, BESIDE_TARGET, &why)]
    })
}

fn rows(server: &Running, prepared: &Prepared, length: &Length) -> Outcome<Vec<Row>> {
    let requests = codes(prepared)?;
    let check = prepared.bearer_check(BEARER_PATH);
    let quiet = checks(prepared, &check, length.guessing)?;
    let stretch = INTERVAL.max(length.guessing);
    // Once around before anything counts: every code is found in memory.
    run(pollers(prepared, &requests), Duration::ZERO, INTERVAL)?.sound()?;
    std::thread::sleep(INTERVAL);
    let before = server.processor_ms()?;
    let begun = Instant::now();
    let polled = run(pollers(prepared, &requests), Duration::ZERO, stretch)?.sound()?;
    let share = (server.processor_ms()? - before) / (begun.elapsed().as_secs_f64() * 1000.0);
    std::thread::sleep(INTERVAL);
    let (load, beside) = std::thread::scope(|scope| {
        let polling = scope.spawn(|| run(pollers(prepared, &requests), Duration::ZERO, stretch));
        let beside = checks(prepared, &check, stretch.saturating_sub(Duration::from_millis(500)));
        (polling.join(), beside)
    });
    let load = load.map_err(|_| "the polling thread panicked")??.sound()?;
    Ok(vec![row_of_polls(&polled, share), row_of_checks(&quiet, &beside?, &load)])
}

fn pollers(prepared: &Prepared, requests: &[Arc<[u8]>]) -> Vec<Poller> {
    let of = |requests: &[Arc<[u8]>]| Poller {
        connection: Connection::new(prepared.address),
        requests: requests.to_vec(),
        next: 0,
        last: Instant::now(),
    };
    requests.chunks(CODES_OF_ONE).map(of).collect()
}

/// Registers an app, asks for all codes, and answers with the polls.
fn codes(prepared: &Prepared) -> Outcome<Vec<Arc<[u8]>>> {
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    let wish = encode(&[
        ("client_name", "Bench"),
        ("redirect_uris", "https://app.example/cb"),
        ("scope", "read"),
        ("grant_types[]", GRANT),
        ("token_endpoint_auth_method", "client_secret_post"),
    ]);
    let reply = connection.exchange(&request("POST", "/oauth/register", &prepared.authority, &[], &wish))?;
    if reply.status != 201 {
        return Err(format!("registration: {}", reply.summary()).into());
    }
    let app: Value = serde_json::from_slice(&reply.body)?;
    let member = |name: &str| app[name].as_str().map(str::to_owned).ok_or_else(|| format!("the app has no {name}"));
    let (id, secret) = (member("client_id")?, member("client_secret")?);
    let own = [("client_id", &*id), ("client_secret", &*secret)];
    let ask = request("POST", "/oauth/device_authorization", &prepared.authority, &[], &encode(&own));
    let mut polls = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let reply = connection.exchange(&ask)?;
        if reply.status != 200 {
            return Err(format!("code: {}", reply.summary()).into());
        }
        let codes: Value = serde_json::from_slice(&reply.body)?;
        let code = codes["device_code"].as_str().ok_or("no device code")?;
        let form = encode(&[&own[..], &[("grant_type", GRANT), ("device_code", code)]].concat());
        polls.push(request("POST", "/oauth/token", &prepared.authority, &[], &form).into());
    }
    Ok(polls)
}

fn row_of_polls(polled: &Totals, share: f64) -> Row {
    Row {
        work: POLLED,
        figure: format!("{share:.2} of a core"),
        target: POLLED_TARGET,
        verdict: Verdict::of(share <= POLLED_LIMIT),
        detail: format!(
            "{:.0} polls/s, median {:.2} ms, p99 {:.2} ms",
            polled.rate,
            quantile_ms(&polled.micros, 0.5),
            quantile_ms(&polled.micros, 0.99)
        ),
        numbers: vec![("share_of_a_core", share), ("polls_per_second", polled.rate)],
    }
}

fn row_of_checks(quiet: &Checks, beside: &Checks, load: &Totals) -> Row {
    let (before, after) = (quantile_ms(&quiet.micros, 0.99), quantile_ms(&beside.micros, 0.99));
    let growth = if before > 0.0 { after / before } else { f64::INFINITY };
    let missed = quiet.missed + beside.missed;
    let verdict = if missed > 0 { Verdict::Failed } else { Verdict::of(growth <= BESIDE_LIMIT) };
    Row {
        work: BESIDE,
        figure: format!("{growth:.2}, {missed} missed"),
        target: BESIDE_TARGET,
        verdict,
        detail: format!(
            "p99 {after:.2} ms (median {:.2}) against quiet {before:.2} ms (median {:.2}), {} checks, {:.0} polls/s beside",
            quantile_ms(&beside.micros, 0.5),
            quantile_ms(&quiet.micros, 0.5),
            beside.micros.len(),
            load.rate,
        ),
        numbers: vec![
            ("growth", growth),
            ("missed", f64::from(missed)),
            ("quiet_p99_ms", before),
            ("beside_p99_ms", after),
        ],
    }
}
