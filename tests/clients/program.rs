//! A program written with a client library, with which a story talks in lines of JSON.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tests::{ServerProcess, wait};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What the program is written in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Language {
    /// With Mastodon.py.
    Python,
    /// With masto.js.
    JavaScript,
}

impl Language {
    fn interpreter(self) -> PathBuf {
        match self {
            Self::Python => target_folder().join("clients-venv/bin/python"),
            Self::JavaScript => PathBuf::from("node"),
        }
    }

    fn script(self) -> PathBuf {
        let name = match self {
            Self::Python => "mastodon_py.py",
            Self::JavaScript => "masto_js.mjs",
        };
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
    }

    /// The variable that names a file of authorities to trust.
    fn trust_variable(self) -> &'static str {
        match self {
            Self::Python => "REQUESTS_CA_BUNDLE",
            Self::JavaScript => "NODE_EXTRA_CA_CERTS",
        }
    }
}

/// A running program. It is ended when the value is dropped.
#[derive(Debug)]
pub(crate) struct ClientProgram {
    language: Language,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl ClientProgram {
    /// Starts a program that trusts the server's private authority.
    pub(crate) fn start(language: Language, server: &ServerProcess, redirect_uri: &str) -> Self {
        let authority = &server.ca().expect("these stories speak TLS").authority;
        let mut command = command(language, server, redirect_uri);
        Self::spawn(language, command.env(language.trust_variable(), authority))
    }

    /// Starts a program that knows the public authorities only.
    pub(crate) fn start_without_trust(language: Language, server: &ServerProcess, redirect_uri: &str) -> Self {
        Self::spawn(language, &mut command(language, server, redirect_uri))
    }

    fn spawn(language: Language, command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {command:?}: {error}. `tests/run` installs the clients and runs these stories.")
        });
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { language, child, input, output }
    }

    /// The name under which the program registers.
    pub(crate) fn app_name(&self) -> &'static str {
        match self.language {
            Language::Python => "Story in Python",
            Language::JavaScript => "Story in JavaScript",
        }
    }

    /// The next thing the program says.
    pub(crate) async fn says(&mut self) -> Value {
        let line = tokio::time::timeout(wait::PATIENCE, self.output.next_line()).await;
        match line.expect("the program says something in time").expect("text") {
            Some(line) => serde_json::from_str(&line).expect("JSON"),
            None => panic!("the program said nothing more but\n{}", self.complaint().await),
        }
    }

    /// Tells the program something.
    pub(crate) async fn tell(&mut self, facts: &Value) {
        let line = format!("{facts}\n");
        self.input.write_all(line.as_bytes()).await.expect("the program listens");
    }

    /// Waits for the program's end, which must be a success.
    pub(crate) async fn ends_well(mut self) {
        let complaint = self.complaint().await;
        let status = self.child.wait().await.expect("a child process can be waited for");
        assert!(status.success(), "the program ended with {status}:\n{complaint}");
    }

    /// Waits for the program's end, which must be a failure, and returns what it said about it.
    pub(crate) async fn fails(mut self) -> String {
        let complaint = self.complaint().await;
        let status = self.child.wait().await.expect("a child process can be waited for");
        assert!(!status.success(), "the program was content");
        complaint
    }

    /// Everything the program writes to its standard error until it ends.
    async fn complaint(&mut self) -> String {
        let mut text = String::new();
        let mut pipe = self.child.stderr.take().expect("asked once");
        let reading = tokio::time::timeout(wait::PATIENCE, pipe.read_to_string(&mut text));
        reading.await.expect("the program ends in time").expect("text");
        text
    }
}

fn command(language: Language, server: &ServerProcess, redirect_uri: &str) -> Command {
    let mut command = Command::new(language.interpreter());
    command
        .arg(language.script())
        .arg(server.base_url().origin().ascii_serialization())
        .arg(redirect_uri)
        .env_remove(language.trust_variable())
        // Whatever leads to the outside world from this machine, `localhost` is not there.
        .env("NO_PROXY", "localhost")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// `target`, found from the running test: `target/PROFILE/deps/…`.
fn target_folder() -> PathBuf {
    let test = env::current_exe().expect("a running test knows its own path");
    test.ancestors().nth(3).expect("a test lies in target/PROFILE/deps").to_owned()
}
