//! The server under test: the release binary in a folder of its own, configured through its environment.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tests::process::OwnedProcess;
use tests::server::{command, feed, free_port, stderr, stdout, variable};

use crate::Outcome;
use crate::http::{BlockingConnection, request};

/// The server must answer within this time after its start, else the run ends.
const START_LIMIT: Duration = Duration::from_secs(15);
/// The pause between two looks whether the server answers; also how finely the start is measured.
const START_STEP: Duration = Duration::from_millis(1);
/// The server must end within this time after it was asked to.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A folder, a database and an address, ready for the server to be started on them.
pub(crate) struct Installation {
    binary: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    pub(crate) address: SocketAddr,
    /// What goes into the `Host` header, and the authority of the public URL.
    pub(crate) authority: String,
}

/// A running server. It is ended with the value.
pub(crate) struct Running {
    process: OwnedProcess,
}

impl Installation {
    /// An installation in a new folder of that name below `parent`, on a free loopback port.
    pub(crate) fn new(binary: &Path, parent: &Path, name: &str, database: &str) -> Outcome<Installation> {
        let folder = parent.join(name);
        fs::create_dir(&folder)?;
        let port = free_port();
        let authority = format!("localhost:{port}");
        // To make one takes processor time for seconds, and would be in every figure.
        let rsa = tests::folder::rsa_key(&folder).display().to_string();
        let environment = vec![
            (variable("keys.rsa"), rsa),
            (variable("http.base_url"), format!("http://{authority}")),
            (variable("http.bind"), "127.0.0.1".to_owned()),
            (variable("http.bind_port"), port.to_string()),
            (variable("database.url"), database.to_owned()),
            (variable("ratelimit.enabled"), "false".to_owned()),
        ];
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Installation { binary: binary.to_owned(), folder, environment, address, authority })
    }

    /// Sets one configuration key, by its dotted name.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Installation {
        self.environment.retain(|(name, _)| *name != variable(key));
        self.environment.push((variable(key), value.to_owned()));
        self
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The URL of its database, wherever one stands.
    pub(crate) fn database(&self) -> String {
        let name = variable("database.url");
        let url = self.environment.iter().find(|(key, _)| *key == name).map_or("", |(_, url)| url.as_str());
        match url.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite:{}", self.folder.join(path).display()),
            None => url.to_owned(),
        }
    }

    /// Starts the server; with it the time from the start of the process to the first 200 from `/health`.
    pub(crate) fn serve(&self) -> Outcome<(Running, Duration)> {
        let log = File::create(self.log())?;
        let mut command = command(&self.binary, &self.folder, &self.environment);
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let start = Instant::now();
        let mut running = Running { process: OwnedProcess::spawn(&mut command, "Run `cargo build --release` first.") };
        let health = request("GET", "/health", &self.authority, &[], "");
        loop {
            let mut connection = BlockingConnection::new(self.address, START_LIMIT);
            if connection.exchange(&health).is_ok_and(|reply| reply.status == 200) {
                return Ok((running, start.elapsed()));
            }
            if let Some(status) = running.process.ended() {
                return Err(format!("the server ended at its start ({status}): {}", self.log_end()).into());
            }
            if start.elapsed() > START_LIMIT {
                return Err(format!("no answer from /health within {START_LIMIT:?}: {}", self.log_end()).into());
            }
            std::thread::sleep(START_STEP);
        }
    }

    /// Runs an administrative command on the same database and returns what it printed.
    pub(crate) fn administer(&self, arguments: &[&str], input: &str) -> Outcome<String> {
        let output = feed(command(&self.binary, &self.folder, &self.environment).args(arguments), input);
        if output.status.success() {
            return Ok(stdout(&output));
        }
        Err(format!("`reference-server {}` failed: {}", arguments.join(" "), stderr(&output).trim()).into())
    }

    /// The last lines of the server's log, for messages.
    pub(crate) fn log_end(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

impl Running {
    /// The proportional set size in MiB: its own memory, and its share of what it has in common with others.
    pub(crate) fn memory_mib(&self) -> Outcome<f64> {
        let path = format!("/proc/{}/smaps_rollup", self.process.id());
        let text = fs::read_to_string(&path).map_err(|fault| format!("{path}: {fault}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|number| number.trim().parse().ok());
        let kib: f64 = kib.ok_or("no Pss line")?;
        Ok(kib / 1024.0)
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> Outcome<usize> {
        let path = format!("/proc/{}/fd", self.process.id());
        Ok(fs::read_dir(&path).map_err(|fault| format!("{path}: {fault}"))?.count())
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> Outcome<usize> {
        let path = format!("/proc/{}/task", self.process.id());
        Ok(fs::read_dir(&path).map_err(|fault| format!("{path}: {fault}"))?.count())
    }

    /// How long processors have worked for it so far, in milliseconds: user and system time (proc(5), in ticks of 10 ms).
    pub(crate) fn processor_ms(&self) -> Outcome<f64> {
        let path = format!("/proc/{}/stat", self.process.id());
        let text = fs::read_to_string(&path).map_err(|fault| format!("{path}: {fault}"))?;
        // After the name, which may have blanks in it, `utime` and `stime` are the 12th and 13th.
        let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: Vec<f64> = rest.split_whitespace().skip(11).take(2).filter_map(|word| word.parse().ok()).collect();
        match ticks[..] {
            [user, system] => Ok((user + system) * 10.0),
            _ => Err(format!("{path} has no times").into()),
        }
    }

    /// Asks the server to end, and says so if it does not end well.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        match self.process.stop(STOP_LIMIT) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("the server ended with {status} after SIGTERM").into()),
            None => Err(format!("the server still ran {STOP_LIMIT:?} after SIGTERM").into()),
        }
    }
}
