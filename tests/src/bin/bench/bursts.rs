//! Memory after sign-ins in bursts, idle again: what hashing needed for a moment must have gone back to the system.

use std::time::Duration;

use crate::Outcome;
use crate::http::BlockingConnection;
use crate::options::Length;
use crate::prepare::{PASSWORD, Prepared, signed_in};
use crate::report::{Row, Verdict};
use crate::server::Running;

/// People who sign in at the same moment.
const PEOPLE: usize = 8;
/// Between two bursts, and after the last one.
const PAUSE: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(10);
const WORK: &str = "memory after bursts of 8 sign-ins, idle again";
const TARGET: &str = "≤ 25 MiB";
const LIMIT_MIB: f64 = 25.0;

/// Measures on a prepared server.
pub(crate) fn measure(server: &Running, prepared: &Prepared, length: &Length) -> Row {
    bursts(server, prepared, length.bursts).unwrap_or_else(|fault| Row::failed(WORK, TARGET, &fault.to_string()))
}

fn bursts(server: &Running, prepared: &Prepared, bursts: usize) -> Outcome<Row> {
    let request = prepared.sign_in(PASSWORD);
    let sign_in = || -> Result<(), String> {
        let mut connection = BlockingConnection::new(prepared.address, LIMIT);
        let reply = connection.exchange(&request).map_err(|fault| fault.to_string())?;
        if signed_in(&reply) { Ok(()) } else { Err(format!("sign-in: {}", reply.summary())) }
    };
    let before = server.memory_mib()?;
    for _ in 0..bursts {
        std::thread::scope(|scope| {
            let people: Vec<_> = (0..PEOPLE).map(|_| scope.spawn(sign_in)).collect();
            people.into_iter().try_for_each(|person| person.join().map_err(|_| "a sign-in panicked".to_owned())?)
        })?;
        std::thread::sleep(PAUSE);
    }
    let after = server.memory_mib()?;
    Ok(Row {
        work: WORK,
        figure: format!("{after:.1} MiB"),
        target: TARGET,
        verdict: Verdict::of(after <= LIMIT_MIB),
        detail: format!("{bursts} bursts, {before:.2} MiB before and {after:.2} MiB {PAUSE:?} after the last"),
        numbers: vec![("before_mib", before), ("after_mib", after)],
    })
}
