//! The real `reference-server` binary, started in a folder of its own and driven through its public contract only:
//! commands, environment variables, files, HTTP.

mod builder;
mod program;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use url::Url;

pub use builder::{Backend, ServerBuilder};
pub use program::{free_port, path as program};

use crate::postgres::TestDatabase;
use crate::process::OwnedProcess;
use crate::tls::PrivateCa;

/// The server finishes requests in flight for up to 30 seconds before it ends.
const DRAINING: Duration = Duration::from_secs(35);

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user name.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The password, in the open: nobody else ever uses it.
    pub password: String,
}

impl Person {
    /// A person called `username`, with an address and a password to go with it.
    pub fn named(username: &str) -> Self {
        Self {
            username: username.to_owned(),
            email: format!("{username}@people.example"),
            password: format!("{username} walks 7 dogs"),
        }
    }
}

/// A running server. It stops, and its folder and database vanish, when the value is dropped.
#[derive(Debug)]
pub struct ServerProcess {
    process: OwnedProcess,
    base_url: Url,
    http: reqwest::Client,
    environment: Vec<(String, String)>,
    ca: Option<PrivateCa>,
    // Below the process, so that it ends before its database and its folder do: fields drop in this order.
    _database: Option<TestDatabase>,
    folder: TempDir,
}

impl ServerProcess {
    /// Starts a server as it comes: SQLite, plain HTTP on `localhost`.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts a server that differs from the default.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The public URL, without a path.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The URL of a path on this server, for example `/oauth/token`.
    pub fn url(&self, path: &str) -> Url {
        self.base_url.join(path).expect("a path")
    }

    /// An HTTP client that trusts this server and follows no redirect.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The certificates, when the server speaks TLS.
    pub fn ca(&self) -> Option<&PrivateCa> {
        self.ca.as_ref()
    }

    /// The working directory of the server.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Creates an account by the command line, while the server runs.
    pub fn create_account(&self, person: &Person) {
        let arguments = ["account", "create", &person.username, "--email", &person.email, "--password-stdin"];
        let output = self.run(&arguments, &person.password);
        assert!(output.status.success(), "`account create` failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs one command of the server's command line on the same configuration, with `input` on its standard input.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        call(&mut program::command(self.folder.path(), &self.environment), arguments, input)
    }

    /// Ends the server in the middle of whatever it does, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.signal(Signal::KILL);
        self.wait();
    }

    /// Starts the server again after its end, on the same data and the same port, and waits until it answers.
    pub async fn start_again(&mut self) {
        self.process = builder::spawn(&self.folder, &self.environment);
        builder::answers(self).await;
    }

    /// Sends the server a signal and goes on.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// How the server ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// Waits for the end of the server and says how it ended; `None` when it did not end in time.
    pub fn wait(&mut self) -> Option<ExitStatus> {
        self.process.wait(DRAINING)
    }

    /// Asks the server to stop (SIGTERM) and says how it ended; `None` when it did not end in time.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.process.stop(DRAINING)
    }

    /// What the server has written to its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

/// Runs one command of the server's command line in a folder of the caller's, with `settings` by their dotted names and
/// `input` on its standard input.
pub fn run_in(folder: &Path, settings: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let environment: Vec<_> =
        settings.iter().map(|(key, value)| (builder::variable(key), (*value).to_owned())).collect();
    call(&mut program::command(folder, &environment), arguments, input)
}

fn call(command: &mut Command, arguments: &[&str], input: &str) -> Output {
    feed(command.args(arguments), input)
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

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        }
    }
}
