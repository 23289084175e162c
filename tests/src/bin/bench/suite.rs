//! All measurements on one database, in an order in which none disturbs another.

use std::path::Path;
use std::time::Duration;

use crate::baseline::Baseline;
use crate::load::median;
use crate::machine::cores;
use crate::options::{Length, Options, Work};
use crate::postgres::Postgres;
use crate::prepare::prepare;
use crate::report::{Row, Section, Verdict};
use crate::server::{Installation, Running};
use crate::{
    Outcome, bearer, bursts, devices, flow, guessing, lists, mails, openid, passwords, pipelining, refusals, sign_ups,
    sweeping, two_steps,
};

const START: &str = "start on an empty folder to the first answer";
const START_TARGET: &str = "≤ 300 ms";
const START_LIMIT_MS: f64 = 300.0;
const IDLE: &str = "memory after the start";
const IDLE_TARGET: &str = "≤ 20 MiB";
const IDLE_LIMIT: f64 = 20.0;
const WORKED: &str = "memory after the bearer test";
const WORKED_TARGET: &str = "≤ 40 MiB";
const WORKED_LIMIT: f64 = 40.0;
/// How long a started server is left alone before its memory is read.
const SETTLING: Duration = Duration::from_secs(1);

/// One database, and where to make installations on it.
pub(crate) struct Suite<'a> {
    pub(crate) options: &'a Options,
    pub(crate) length: &'a Length,
    pub(crate) binary: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) postgres: Option<Postgres>,
}

/// What measures several things on a server of its own.
type Measure<'a> = fn(&mut Suite<'a>) -> Outcome<Vec<Row>>;

impl Suite<'_> {
    /// Measures everything that was asked for. What fails becomes a failed row.
    pub(crate) fn run(mut self) -> Section {
        let database = if self.postgres.is_some() { "PostgreSQL" } else { "SQLite" };
        let mut rows = Vec::new();
        if self.options.wants(Work::Start) {
            say(database, "start");
            rows.push(self.starts().unwrap_or_else(|fault| Row::failed(START, START_TARGET, &fault.to_string())));
        }
        if let Err(fault) = self.work(database, &mut rows) {
            rows.push(Row::failed("the server", "", &fault.to_string()));
        }
        if self.options.wants(Work::Refusals) {
            say(database, "refusals");
            rows.push(self.refusals().unwrap_or_else(|fault| Row::failed("refusals", "", &fault.to_string())));
        }
        let several: [(Work, &'static str, Measure<'_>); 4] = [
            (Work::SignUps, "sign-ups", Self::sign_ups),
            (Work::TwoSteps, "two steps", Self::two_steps),
            (Work::Openid, "OpenID Connect", Self::openid),
            (Work::Devices, "devices", Self::devices),
        ];
        for (work, name, measure) in several {
            if self.options.wants(work) {
                say(database, name);
                match measure(&mut self) {
                    Ok(measured) => rows.extend(measured),
                    Err(fault) => rows.push(Row::failed(name, "", &fault.to_string())),
                }
            }
        }
        if self.options.wants(Work::Lists) {
            say(database, "lists");
            match self.installation("lists") {
                Ok(installation) => rows.extend(lists::measure(&installation, self.length)),
                Err(fault) => rows.push(Row::failed("lists", "", &fault.to_string())),
            }
        }
        if self.options.wants(Work::Mails) {
            say(database, "mails");
            rows.push(self.mails().unwrap_or_else(|fault| Row::failed("mails", "", &fault.to_string())));
        }
        if self.options.wants(Work::Sweeping) {
            say(database, "sweeping");
            let folder = self.folder.join(format!("sweeping-{}", database.to_lowercase()));
            let url = match &mut self.postgres {
                Some(postgres) => postgres.database(),
                None => format!("sqlite:{}/db", folder.display()),
            };
            rows.push(sweeping::measure(&folder, &url, self.length));
        }
        Section { database, rows }
    }

    /// A server whose limits on sign-ins are on, and on nothing that the measurement itself does.
    fn refusals(&mut self) -> Outcome<Row> {
        let mut installation = self.installation("refusals")?.with("ratelimit.enabled", "true");
        for rule in ["api_user", "api_token", "api_address", "oauth_address"] {
            installation = installation.with(&format!("ratelimit.{rule}.max"), "1000000");
        }
        let (server, _) = installation.serve()?;
        let prepared = prepare(&installation)?;
        bearer::verify(&prepared)?;
        let row = refusals::measure(&prepared, self.length);
        server.stop()?;
        Ok(row)
    }

    /// A server where anybody signs up, and no proof of work is asked.
    fn sign_ups(&mut self) -> Outcome<Vec<Row>> {
        let installation = self.installation("sign-ups")?.with("signups.proof_of_work", "false");
        let (server, _) = installation.serve()?;
        let prepared = prepare(&installation)?;
        let body = bearer::verify(&prepared)?;
        let bare = Baseline::start(cores(), body)?;
        let rows = sign_ups::measure(&prepared, &bare, body, self.length);
        server.stop()?;
        Ok(rows)
    }

    /// A server with people who have second factors.
    fn two_steps(&mut self) -> Outcome<Vec<Row>> {
        let installation = self.installation("two-steps")?;
        let (server, _) = installation.serve()?;
        let prepared = prepare(&installation)?;
        let rows = two_steps::measure(&installation, &server, &prepared, self.length);
        server.stop()?;
        Ok(rows)
    }

    /// A server with apps that get id tokens.
    fn openid(&mut self) -> Outcome<Vec<Row>> {
        let installation = self.installation("openid")?;
        let (server, _) = installation.serve()?;
        let prepared = prepare(&installation)?;
        let rows = openid::measure(&server, &prepared, self.length);
        server.stop()?;
        Ok(rows)
    }

    /// A server with programs that wait for their person.
    fn devices(&mut self) -> Outcome<Vec<Row>> {
        let installation = self.installation("devices")?.with("oauth.device_grant", "true");
        let (server, _) = installation.serve()?;
        let prepared = prepare(&installation)?;
        let rows = devices::measure(&server, &prepared, self.length);
        server.stop()?;
        Ok(rows)
    }

    /// A server that sends mail.
    fn mails(&mut self) -> Outcome<Row> {
        let installation = self.installation("mails")?;
        let database = installation.database();
        Ok(mails::measure(installation, &database, self.length))
    }

    /// A new installation on a new database.
    fn installation(&mut self, name: &str) -> Outcome<Installation> {
        let (kind, url) = match &mut self.postgres {
            Some(postgres) => ("postgres", postgres.database()),
            None => ("sqlite", "sqlite:data/lysand-auth.sqlite3".to_owned()),
        };
        Installation::new(self.binary, self.folder, &format!("{kind}-{name}"), &url)
    }

    fn starts(&mut self) -> Outcome<Row> {
        let mut millis = Vec::new();
        for number in 0..self.length.starts {
            let (server, took) = self.installation(&format!("start-{number}"))?.serve()?;
            millis.push(took.as_secs_f64() * 1000.0);
            server.stop()?;
        }
        let middle = median(&millis);
        let each: Vec<String> = millis.iter().map(|time| format!("{time:.0}")).collect();
        Ok(Row {
            work: START,
            figure: format!("{middle:.0} ms"),
            target: START_TARGET,
            verdict: Verdict::of(middle <= START_LIMIT_MS),
            detail: format!("median of {} ms", each.join(", ")),
            numbers: vec![("milliseconds", middle)],
        })
    }

    /// Everything that needs a server that goes on running.
    fn work(&mut self, database: &str, rows: &mut Vec<Row>) -> Outcome<()> {
        let wants = |work| self.options.wants(work);
        let (memory, bearer, flow) = (wants(Work::Memory), wants(Work::Bearer), wants(Work::Flow));
        let (passwords, guessing) = (wants(Work::Passwords), wants(Work::Guessing));
        let (bursts, pipelining) = (wants(Work::Bursts), wants(Work::Pipelining));
        if !(memory || bearer || flow || passwords || guessing || bursts || pipelining) {
            return Ok(());
        }
        let installation = self.installation("work")?;
        let (server, _) = installation.serve()?;
        if memory {
            std::thread::sleep(SETTLING);
            rows.push(memory_row(&server, IDLE, IDLE_TARGET, IDLE_LIMIT));
        }
        let prepared = prepare(&installation)?;
        let body = bearer::verify(&prepared)?;
        let bare = Baseline::start(cores(), body)?;
        if bearer || memory {
            say(database, "bearer check");
            let target = if self.postgres.is_some() { (0.20, "20 %") } else { (0.30, "30 %") };
            rows.push(bearer::measure(&prepared, &bare, body, target, self.length));
        }
        if memory {
            rows.push(memory_row(&server, WORKED, WORKED_TARGET, WORKED_LIMIT));
        }
        if flow {
            say(database, "code flow");
            rows.push(flow::measure(&prepared, &bare, body, self.folder, self.length));
        }
        drop(bare);
        if passwords {
            say(database, "password sign-ins");
            rows.push(passwords::measure(&prepared, self.length));
        }
        if guessing {
            say(database, "guessing");
            rows.extend(guessing::measure(&prepared, self.length));
        }
        if bursts {
            say(database, "bursts");
            rows.push(bursts::measure(&server, &prepared, self.length));
        }
        if pipelining {
            say(database, "pipelining");
            rows.push(pipelining::measure(&server, &prepared, self.length));
        }
        server.stop().map_err(|fault| format!("{fault}: {}", installation.log_end()).into())
    }
}

fn memory_row(server: &Running, work: &'static str, target: &'static str, limit: f64) -> Row {
    match server.memory_mib() {
        Ok(mib) => Row {
            work,
            figure: format!("{mib:.1} MiB"),
            target,
            verdict: Verdict::of(mib <= limit),
            detail: format!("proportional set size of the server's process {mib:.2} MiB"),
            numbers: vec![("mib", mib)],
        },
        Err(fault) => Row::failed(work, target, &fault.to_string()),
    }
}

/// Progress, on standard error so that standard output is the table alone.
fn say(database: &str, what: &str) {
    eprintln!("{database}: {what}");
}
