//! A running server process, and what a test does with it.

use std::fs;
use std::path::Path;
use std::process::{ExitStatus, Output};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use url::Url;

use super::program;
use crate::client::TestClient;
use crate::person::Person;
use crate::postgres::TestDatabase;
use crate::process::OwnedProcess;
use crate::tls::PrivateCa;
use crate::wait;

/// The server finishes requests in flight for up to 30 seconds before it ends.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(35);

/// A running server. It stops, and its folder and database vanish, when the value is dropped.
#[derive(Debug)]
pub struct ServerProcess {
    pub(super) process: OwnedProcess,
    pub(super) base_url: Url,
    pub(super) client: TestClient,
    pub(super) environment: Vec<(String, String)>,
    pub(super) ca: Option<PrivateCa>,
    // Below the process, so that it ends before its database and its folder do: fields drop in this order.
    pub(super) _database: Option<TestDatabase>,
    pub(super) folder: TempDir,
}

impl ServerProcess {
    /// The public URL, without a path.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The URL of a path on this server, for example `/oauth/token`.
    pub fn url(&self, path: &str) -> Url {
        self.base_url.join(path).expect("a path")
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.base_url.port().expect("a port of its own")
    }

    /// A client that trusts this server and follows no redirect.
    pub fn client(&self) -> TestClient {
        self.client.clone()
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
        assert!(output.status.success(), "`account create` failed: {}", program::stderr(&output));
    }

    /// A command of the program in the server's folder, not started yet.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(&program::path(), self.folder.path(), &self.environment);
        command.args(arguments);
        command
    }

    /// Runs one command of the server's command line on the same configuration, with `input` on its standard input.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        program::feed(program::command(&program::path(), self.folder.path(), &self.environment).args(arguments), input)
    }

    /// The mails that were written, in no order.
    pub fn mails(&self) -> Vec<String> {
        let Ok(files) = fs::read_dir(self.folder.path().join("data/mail")) else { return Vec::new() };
        let mails = files.filter_map(|file| fs::read_to_string(file.ok()?.path()).ok());
        // Quoted-printable, as far as links need it.
        mails.map(|mail| mail.replace("=\r\n", "").replace("=3D", "=")).collect()
    }

    /// Waits for a mail with a link to `route`, and answers its token.
    pub async fn mailed_token(&self, route: &str) -> String {
        let before = format!("{route}?token=");
        wait::until("a mail", async || {
            let mut mails = self.mails().into_iter();
            mails.find_map(|mail| Some(mail.split_once(&before)?.1.split_whitespace().next()?.to_owned()))
        })
        .await
    }

    /// Ends the server in the middle of whatever it does, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.signal(Signal::KILL);
        self.wait();
    }

    /// Starts the server again after its end, on the same data and the same port, and waits until it answers.
    pub async fn start_again(&mut self) {
        self.process = program::serve(&self.folder, &self.environment);
        self.wait_until_healthy().await;
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
        self.process.wait(DRAIN_TIMEOUT)
    }

    /// Asks the server to stop (SIGTERM) and says how it ended; `None` when it did not end in time.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.process.stop(DRAIN_TIMEOUT)
    }

    /// The memory of the process that is its own and in use, in bytes.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a running process");
        let kibibytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB"));
        kibibytes.and_then(|number| number.trim().parse::<u64>().ok()).expect("a number") * 1024
    }

    /// The lines of its log that warn or tell of an error, but for the one at the start that says where mail goes.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let log = self.log();
        let complaints = log.lines().filter(|line| line.contains("ERROR") || line.contains("WARN"));
        complaints.filter(|line| !line.ends_with("configure [smtp]")).map(str::to_owned).collect()
    }

    /// What the server has written to its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(program::log_file(self.folder.path())).unwrap_or_default()
    }

    /// Waits until the server answers; it must not end before.
    pub(super) async fn wait_until_healthy(&mut self) {
        let up = wait::within(wait::TIMEOUT, async || {
            if let Some(status) = self.process.ended() {
                panic!("the server ended ({status}) instead of serving:\n{}", self.log());
            }
            let response = self.client.get("/health").try_send().await?;
            response.status.is_success().then_some(())
        });
        if up.await.is_none() {
            panic!("no healthy answer from {}:\n{}", self.base_url, self.log());
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        }
    }
}
