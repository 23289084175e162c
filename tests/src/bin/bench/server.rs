//! The server under test: the release binary in a folder of its own, configured through its environment.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Outcome;
use crate::http::{BlockingConnection, request};

/// The server must answer within this time after its start, else the run ends.
const START_LIMIT: Duration = Duration::from_secs(15);
/// The pause between two looks whether the server answers; also how finely the start is measured.
const START_STEP: Duration = Duration::from_millis(1);
/// An administrative command must end within this time.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);
/// The server must end within this time after it was asked to.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A folder, a database and an address, ready for the server to be started on them.
pub(crate) struct Installation {
    binary: PathBuf,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    pub(crate) address: SocketAddr,
    /// What goes into the `Host` header, and the authority of the public URL.
    pub(crate) authority: String,
}

/// A running server. It is ended with the value.
pub(crate) struct Running {
    child: Child,
}

impl Installation {
    /// An installation in a new folder of that name below `parent`, on a free loopback port.
    pub(crate) fn new(binary: &Path, parent: &Path, name: &str, database: &str) -> Outcome<Installation> {
        let folder = parent.join(name);
        fs::create_dir(&folder)?;
        let port = free_port()?;
        let authority = format!("localhost:{port}");
        let environment = vec![
            ("LYSAND_AUTH__HTTP__BASE_URL", format!("http://{authority}")),
            ("LYSAND_AUTH__HTTP__BIND", "127.0.0.1".to_owned()),
            ("LYSAND_AUTH__HTTP__BIND_PORT", port.to_string()),
            ("LYSAND_AUTH__DATABASE__URL", database.to_owned()),
            ("LYSAND_AUTH__RATELIMIT__ENABLED", "false".to_owned()),
        ];
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Installation { binary: binary.to_owned(), folder, environment, address, authority })
    }

    /// Starts the server; with it the time from the start of the process to the first 200 from `/health`.
    pub(crate) fn serve(&self) -> Outcome<(Running, Duration)> {
        let log = File::create(self.log())?;
        let start = Instant::now();
        let child = self.command(&["serve"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let mut running = Running { child };
        let health = request("GET", "/health", &self.authority, &[], "");
        loop {
            let mut connection = BlockingConnection::new(self.address, START_LIMIT);
            if connection.exchange(&health).is_ok_and(|reply| reply.status == 200) {
                return Ok((running, start.elapsed()));
            }
            if let Some(status) = running.child.try_wait()? {
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
        let mut child =
            self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // A command that reads no input may have ended already.
            let _ = pipe.write_all(input.as_bytes());
        }
        let status = wait(&mut child, COMMAND_LIMIT)?;
        let mut printed = String::new();
        let mut complaint = String::new();
        child.stdout.take().map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut printed))?;
        child.stderr.take().map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut complaint))?;
        if status.is_some_and(|status| status.success()) {
            return Ok(printed);
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("`reference-server {}` failed: {}", arguments.join(" "), complaint.trim()).into())
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

    /// The binary with this installation's settings and no others.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LYSAND_AUTH_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        command
    }
}

impl Running {
    /// The proportional set size in MiB: its own memory, and its share of what it has in common with others.
    pub(crate) fn memory_mib(&self) -> Outcome<f64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(&path).map_err(|fault| format!("{path}: {fault}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|number| number.trim().parse().ok());
        let kib: f64 = kib.ok_or("no Pss line")?;
        Ok(kib / 1024.0)
    }

    /// Asks the server to end, and says so if it does not end well.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        match wait(&mut self.child, STOP_LIMIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("the server ended with {status} after SIGTERM").into()),
            None => Err(format!("the server still ran {STOP_LIMIT:?} after SIGTERM").into()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback port that was free a moment ago.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Waits for a child for at most that long; `None` when it still runs.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Outcome<Option<std::process::ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
