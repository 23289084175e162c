//! The bearer check against the bare handler: rounds of both in turn, and the median of the rounds' ratios.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;

use crate::Outcome;
use crate::baseline::Baseline;
use crate::http::{BlockingConnection, Connection};
use crate::load::{Work, median, quantile_ms, run};
use crate::options::Length;
use crate::prepare::Prepared;
use crate::report::{Row, Verdict};

pub(crate) const BEARER_PATH: &str = "/api/v1/apps/verify_credentials";
const CONNECTIONS: usize = 32;
const WORK: &str = "bearer check, share of the bare handler";

/// One connection that repeats a request and expects 200 and a body of a known size.
pub(crate) struct Repeat {
    connection: Connection,
    request: Arc<[u8]>,
    expected: usize,
}

impl Repeat {
    /// As many clients as the bearer test has, for that server.
    pub(crate) fn clients(address: SocketAddr, request: &Arc<[u8]>, expected: usize) -> Vec<Repeat> {
        let client = || Repeat { connection: Connection::new(address), request: Arc::clone(request), expected };
        std::iter::repeat_with(client).take(CONNECTIONS).collect()
    }
}

impl Work for Repeat {
    async fn once(&mut self) -> Result<(), String> {
        let reply = self.connection.exchange(&self.request).await.map_err(|fault| fault.to_string())?;
        if reply.status == 200 && reply.body.len() == self.expected {
            Ok(())
        } else {
            Err(format!("bearer check: {}", reply.summary()))
        }
    }
}

/// Checks one answer thoroughly: a live token is known, a false one is not. Returns the size of the good answer.
pub(crate) fn verify(prepared: &Prepared) -> Outcome<usize> {
    let mut connection = BlockingConnection::new(prepared.address, std::time::Duration::from_secs(5));
    let reply = connection.exchange(&prepared.bearer_check(BEARER_PATH))?;
    let entity: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if reply.status != 200 || !entity["name"].is_string() {
        return Err(format!("bearer check of a live token: {}", reply.summary()).into());
    }
    let size = reply.body.len();
    let text = String::from_utf8(prepared.bearer_check(BEARER_PATH))?;
    let reply = connection.exchange(text.replace("Bearer ", "Bearer x").as_bytes())?;
    if reply.status != 401 {
        return Err(format!("bearer check of an unknown token: {}", reply.summary()).into());
    }
    Ok(size)
}

/// Measures, on a server that has been prepared.
pub(crate) fn measure(
    prepared: &Prepared,
    bare: &Baseline,
    body: usize,
    target: (f64, &'static str),
    length: &Length,
) -> Row {
    match rounds(prepared.address, bare.address, &prepared.bearer_check(BEARER_PATH), body, length) {
        Ok(figures) => figures.row(target),
        Err(fault) => Row::failed(WORK, target.1, &fault.to_string()),
    }
}

/// What the rounds gave.
pub(crate) struct Figures {
    share: f64,
    server: f64,
    bare: f64,
    p99: f64,
}

impl Figures {
    fn row(&self, target: (f64, &'static str)) -> Row {
        Row {
            work: WORK,
            figure: format!("{:.1} %", self.share * 100.0),
            target: target.1,
            verdict: Verdict::of(self.share >= target.0),
            detail: self.text(),
            numbers: vec![
                ("share", self.share),
                ("checks_per_second", self.server),
                ("bare_per_second", self.bare),
                ("p99_ms", self.p99),
            ],
        }
    }

    /// Rates and ratio in words.
    pub(crate) fn text(&self) -> String {
        format!(
            "{:.0}/s against {:.0}/s on {CONNECTIONS} connections, ratio {:.3}, p99 {:.2} ms",
            self.server, self.bare, self.share, self.p99
        )
    }
}

/// The bare handler and the server in turn.
pub(crate) fn rounds(
    server: SocketAddr,
    bare: SocketAddr,
    request: &[u8],
    body: usize,
    length: &Length,
) -> Outcome<Figures> {
    let request: Arc<[u8]> = request.into();
    let (mut shares, mut servers, mut bares, mut micros) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..length.rounds {
        let first = run(Repeat::clients(bare, &request, body), length.ramp, length.window)?.sound()?;
        let second = run(Repeat::clients(server, &request, body), length.ramp, length.window)?.sound()?;
        shares.push(second.rate / first.rate);
        servers.push(second.rate);
        bares.push(first.rate);
        micros.extend(second.micros);
    }
    Ok(Figures {
        share: median(&shares),
        server: median(&servers),
        bare: median(&bares),
        p99: quantile_ms(&micros, 0.99),
    })
}
