//! Where the server's program is, and how it is called.

use std::env;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::folder;
use crate::process::OwnedProcess;

/// `http.bind_port` is set by `LYSAND_AUTH__HTTP__BIND_PORT`.
pub fn variable(key: &str) -> String {
    format!("LYSAND_AUTH__{}", key.replace('.', "__").to_uppercase())
}

/// A call of `program` in `folder` that sees `environment` and no configuration of whoever runs the tests.
pub fn command(program: &Path, folder: &Path, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("LYSAND_AUTH_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).envs(environment.iter().cloned());
    command
}

/// The program lies beside the running test in the target folder.
pub fn path() -> PathBuf {
    let program = folder::programs().join(format!("reference-server{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is missing. Build it with `cargo build -p reference-server`, or run `tests/run`, which does.",
        program.display()
    );
    program
}

/// Starts the server in `folder`; what it says goes to its log file.
pub(super) fn serve(folder: &TempDir, environment: &[(String, String)]) -> OwnedProcess {
    let log = File::options().create(true).append(true).open(log_file(folder.path())).expect("a log file");
    let banner = log.try_clone().expect("one more handle");
    let mut command = command(&path(), folder.path(), environment);
    command.arg("serve").stdin(Stdio::null()).stdout(banner).stderr(log);
    OwnedProcess::spawn(&mut command, "Build it with `cargo build -p reference-server`.")
}

/// The log file of a server in `folder`.
pub(super) fn log_file(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

/// Runs one command of the server's command line in a folder of the caller's, with `settings` by their dotted names and
/// `input` on its standard input.
pub fn run_in(folder: &Path, settings: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let environment: Vec<_> = settings.iter().map(|(key, value)| (variable(key), (*value).to_owned())).collect();
    feed(command(&path(), folder, &environment).args(arguments), input)
}

/// Runs a command with `input` on its standard input, and collects what it says.
pub fn feed(command: &mut Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        piped.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}. Run `cargo build -p reference-server`."));
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that reads nothing may be gone already; what it answered tells more than a broken pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the command ends")
}

/// What a command wrote to its standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command wrote to its standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A loopback port that nobody listens on.
///
/// The server's public URL contains its port, so the port is chosen before the server binds it. Ports below 32768 are not
/// handed out to outgoing connections: nothing takes this one between our look and the server's bind.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);

    // Two test programs that run side by side begin their search at different places.
    let start = process::id().wrapping_mul(97);
    (0..COUNT)
        .map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)))
        .filter_map(|candidate| u16::try_from(FIRST + candidate % COUNT).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of twelve thousand ports is free")
}
