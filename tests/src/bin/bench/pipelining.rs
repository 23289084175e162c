//! Connections that ask for much and read nothing: how much memory they cost, and what others notice.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::http::{BlockingConnection, request};
use crate::options::Length;
use crate::prepare::Prepared;
use crate::report::{Row, Verdict};
use crate::server::Running;

const CONNECTIONS: usize = 300;
const REQUESTS: usize = 3_000;
/// Between two looks at the server.
const STEP: Duration = Duration::from_millis(50);
const WORK: &str = "300 connections pipeline 3,000 requests and never read";
const TARGET: &str = "+20 MiB, /health ≤ 1 s";
const GROWTH_MIB: f64 = 20.0;
const HEALTH_MS: f64 = 1_000.0;

/// A client that sends as much as the server takes.
struct Client {
    stream: TcpStream,
    sent: usize,
}

/// Measures on a prepared server.
pub(crate) fn measure(server: &Running, prepared: &Prepared, length: &Length) -> Row {
    flood(server, prepared, length.guessing).unwrap_or_else(|fault| Row::failed(WORK, TARGET, &fault.to_string()))
}

fn flood(server: &Running, prepared: &Prepared, stretch: Duration) -> Outcome<Row> {
    let bytes = request("GET", "/assets/style.css", &prepared.authority, &[], "").repeat(REQUESTS);
    let health = request("GET", "/health", &prepared.authority, &[], "");
    let before = server.memory_mib()?;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(prepared.address)?;
        stream.set_nonblocking(true)?;
        clients.push(Client { stream, sent: 0 });
    }
    let (start, mut most, mut longest) = (Instant::now(), before, Duration::ZERO);
    while start.elapsed() < stretch {
        for client in &mut clients {
            // Whatever the server does not take, or that it has closed the connection, is its own affair.
            while let Ok(sent @ 1..) = client.stream.write(&bytes[client.sent..]) {
                client.sent += sent;
            }
        }
        let asked = Instant::now();
        let mut connection = BlockingConnection::new(prepared.address, Duration::from_secs(10));
        let reply = connection.exchange(&health)?;
        if reply.status != 200 {
            return Err(format!("/health: {}", reply.summary()).into());
        }
        longest = longest.max(asked.elapsed());
        most = most.max(server.memory_mib()?);
        std::thread::sleep(STEP);
    }
    let (growth, health_ms) = (most - before, longest.as_secs_f64() * 1000.0);
    Ok(Row {
        work: WORK,
        figure: format!("+{growth:.1} MiB, {health_ms:.0} ms"),
        target: TARGET,
        verdict: Verdict::of(growth <= GROWTH_MIB && health_ms <= HEALTH_MS),
        detail: format!("{before:.2} MiB before, {most:.2} MiB at most; the slowest /health took {health_ms:.1} ms"),
        numbers: vec![("growth_mib", growth), ("health_ms", health_ms)],
    })
}
