//! Signing up, against the hash alone; the waiting page's question, against the bare handler; and whether the time of an answer
//! tells strangers who has an account (people PPL-195).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;
use crate::baseline::Baseline;
use crate::bearer::{BEARER_PATH, Repeat};
use crate::http::{BlockingConnection, Connection, encode, request};
use crate::load::{Work, median, micros, quantile_ms, run};
use crate::options::Length;
use crate::passwords::raw_rate;
use crate::prepare::{ADDRESS, Prepared};
use crate::report::{Row, Verdict};

const CLIENTS: usize = 8;
const LIMIT: Duration = Duration::from_secs(10);
const SIGN_UPS: &str = "sign-ups, share of raw argon2id";
const SIGN_UPS_TARGET: &str = "80 %";
const SIGN_UPS_SHARE: f64 = 0.80;
const WAITING: &str = "the waiting page's question, share of the bare handler";
const WAITING_TARGET: &str = "15 %";
const WAITING_SHARE: f64 = 0.15;
const STRANGERS: &str = "medians of answers about known and unknown accounts, furthest apart";
const STRANGERS_TARGET: &str = "≤ 10 % or 2 ms";

/// Somebody who signs up again and again, each time as somebody else.
struct SignUp {
    connection: Connection,
    authority: String,
    count: Arc<AtomicU64>,
}

impl Work for SignUp {
    async fn once(&mut self) -> Result<(), String> {
        let name = format!("person{}", self.count.fetch_add(1, Ordering::Relaxed));
        let sent = sign_up(&self.authority, &name, &format!("{name}@example.org"));
        let reply = self.connection.exchange(&sent).await.map_err(|fault| fault.to_string())?;
        if reply.status == 201 { Ok(()) } else { Err(format!("sign-up: {}", reply.summary())) }
    }
}

fn sign_up(authority: &str, username: &str, email: &str) -> Vec<u8> {
    let form = encode(&[("username", username), ("email", email), ("password", "a calm evening")]);
    request("POST", "/api/v1/auth/signup", authority, &[], &form)
}

/// Measures on a prepared server where anybody signs up without a proof of work, and nothing is limited.
pub(crate) fn measure(prepared: &Prepared, bare: &Baseline, body: usize, length: &Length) -> Vec<Row> {
    let failed = |work, target| move |fault: crate::Failure| Row::failed(work, target, &fault.to_string());
    vec![
        strangers(prepared, length).unwrap_or_else(failed(STRANGERS, STRANGERS_TARGET)),
        waiting(prepared, bare, body, length).unwrap_or_else(failed(WAITING, WAITING_TARGET)),
        sign_ups(prepared, length).unwrap_or_else(failed(SIGN_UPS, SIGN_UPS_TARGET)),
    ]
}

fn sign_ups(prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let count = Arc::new(AtomicU64::new(0));
    let (mut shares, mut raws, mut rates, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..length.rounds {
        let raw = raw_rate(length.slow_window)?;
        let client = || SignUp {
            connection: Connection::new(prepared.address),
            authority: prepared.authority.clone(),
            count: Arc::clone(&count),
        };
        let clients = std::iter::repeat_with(client).take(CLIENTS).collect();
        let tally = run(clients, length.slow_ramp, length.slow_window)?.sound()?;
        shares.push(tally.rate / raw);
        raws.push(raw);
        rates.push(tally.rate);
        times.extend(tally.micros);
    }
    let (share, raw, rate) = (median(&shares), median(&raws), median(&rates));
    let p99 = quantile_ms(&times, 0.99);
    Ok(Row {
        work: SIGN_UPS,
        figure: format!("{:.1} %", share * 100.0),
        target: SIGN_UPS_TARGET,
        verdict: Verdict::of(share >= SIGN_UPS_SHARE),
        detail: format!("{rate:.1} sign-ups/s by {CLIENTS} clients against {raw:.1} hashes/s, p99 {p99:.0} ms"),
        numbers: vec![("share", share), ("sign_ups_per_second", rate), ("raw_hashes_per_second", raw), ("p99_ms", p99)],
    })
}

/// Browsers that wait ask every five seconds how far they are.
fn waiting(prepared: &Prepared, bare: &Baseline, body: usize, length: &Length) -> Outcome<Row> {
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    let reply = connection.exchange(&sign_up(&prepared.authority, "waiting", "waiting@example.org"))?;
    let made: Value = serde_json::from_slice(&reply.body)?;
    let token = made["waiting_token"].as_str().ok_or_else(|| format!("sign-up: {}", reply.summary()))?.to_owned();
    let asked =
        request("POST", "/api/v1/auth/signup/state", &prepared.authority, &[], &encode(&[("waiting_token", &token)]));
    let reply = connection.exchange(&asked)?;
    if reply.status != 200 || !String::from_utf8_lossy(&reply.body).contains("unconfirmed") {
        return Err(format!("the waiting page's question: {}", reply.summary()).into());
    }
    // The seconds until a mail can be sent again count down, digit by digit, for a minute.
    let resting = String::from_utf8_lossy(&reply.body).contains("\"resend_after\":0");
    if !resting {
        std::thread::sleep(Duration::from_secs(61));
    }
    let size = connection.exchange(&asked)?.body.len();
    let (asked, plain): (Arc<[u8]>, Arc<[u8]>) = (asked.into(), prepared.bearer_check(BEARER_PATH).into());
    let (mut shares, mut rates, mut bares, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..length.rounds {
        let first = run(Repeat::clients(bare.address, &plain, body), length.ramp, length.window)?.sound()?;
        let second = run(Repeat::clients(prepared.address, &asked, size), length.ramp, length.window)?.sound()?;
        shares.push(second.rate / first.rate);
        rates.push(second.rate);
        bares.push(first.rate);
        times.extend(second.micros);
    }
    let (share, rate, bare) = (median(&shares), median(&rates), median(&bares));
    let p99 = quantile_ms(&times, 0.99);
    Ok(Row {
        work: WAITING,
        figure: format!("{:.1} %", share * 100.0),
        target: WAITING_TARGET,
        verdict: Verdict::of(share >= WAITING_SHARE),
        detail: format!("{rate:.0}/s against {bare:.0}/s, p99 {p99:.2} ms"),
        numbers: vec![("share", share), ("answers_per_second", rate), ("bare_per_second", bare), ("p99_ms", p99)],
    })
}

/// Two kinds of requests whose answers must not differ: about what is known, and about what is not.
struct Pair {
    name: &'static str,
    status: u16,
    known: fn(&Prepared, usize) -> Vec<u8>,
    unknown: fn(&Prepared, usize) -> Vec<u8>,
}

fn forgot(prepared: &Prepared, identifier: &str) -> Vec<u8> {
    let form = encode(&[("identifier", identifier)]);
    request("POST", "/api/v1/auth/password/forgot", &prepared.authority, &[], &form)
}

const PAIRS: [Pair; 3] = [
    Pair {
        name: "forgotten password",
        status: 200,
        known: |prepared, _| forgot(prepared, ADDRESS),
        unknown: |prepared, number| forgot(prepared, &format!("nobody{number}@example.org")),
    },
    Pair {
        name: "sign-up",
        status: 201,
        known: |prepared, number| sign_up(&prepared.authority, &format!("taken{number}"), ADDRESS),
        unknown: |prepared, number| {
            sign_up(&prepared.authority, &format!("free{number}"), &format!("free{number}@example.org"))
        },
    },
    Pair {
        name: "wrong password",
        status: 302,
        known: |prepared, _| prepared.sign_in("not the password"),
        unknown: |prepared, number| prepared.sign_in_as(&format!("nobody{number}"), "not the password"),
    },
];

/// The two medians, in milliseconds; asked in turn, so that what disturbs the one disturbs the other.
fn medians(prepared: &Prepared, pair: &Pair, count: usize) -> Outcome<(f64, f64)> {
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..count {
        for (ask, times) in [(pair.known, &mut known), (pair.unknown, &mut unknown)] {
            let asked = ask(prepared, number);
            let begun = Instant::now();
            let reply = connection.exchange(&asked)?;
            times.push(micros(begun.elapsed()));
            if reply.status != pair.status {
                return Err(format!("{}: {}", pair.name, reply.summary()).into());
            }
        }
    }
    Ok((quantile_ms(&known, 0.5), quantile_ms(&unknown, 0.5)))
}

fn strangers(prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let count = length.compared;
    let (mut furthest, mut all_close, mut told) = (0.0_f64, true, Vec::new());
    for pair in &PAIRS {
        let (known, unknown) = medians(prepared, pair, count)?;
        let apart = (known - unknown).abs();
        all_close &= apart <= 2.0 || apart <= known.max(unknown) * 0.1;
        furthest = furthest.max(apart);
        told.push(format!("{} {known:.2} and {unknown:.2} ms", pair.name));
    }
    Ok(Row {
        work: STRANGERS,
        figure: format!("{furthest:.2} ms"),
        target: STRANGERS_TARGET,
        verdict: Verdict::of(all_close),
        detail: format!("medians of {count} each: {}", told.join(", ")),
        numbers: vec![("furthest_ms", furthest)],
    })
}
