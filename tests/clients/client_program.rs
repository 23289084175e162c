//! A program written with a client library, with which a story talks in lines of JSON.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tests::{ServerProcess, folder, wait};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use url::Url;

/// What the program is written with, and how it is started.
#[derive(Debug)]
pub(crate) struct Client {
    /// The name under which it registers.
    pub(crate) app_name: &'static str,
    script: &'static str,
    language: Language,
    /// What it is told besides the server and the redirect URI.
    arguments: &'static [&'static str],
}

/// Mastodon.py.
pub(crate) const MASTODON_PY: Client = Client::new("Story in Python", "mastodon_py.py", Language::Python, &[]);
/// toot's own command line.
pub(crate) const TOOT: Client = Client::new("toot - a Mastodon CLI client", "toot_cli.py", Language::Python, &[]);
/// Authlib.
pub(crate) const AUTHLIB: Client = Client::new("Story with Authlib", "authlib_py.py", Language::Python, &[]);
/// masto.js.
pub(crate) const MASTO_JS: Client = Client::new("Story in JavaScript", "masto_js.mjs", Language::JavaScript, &[]);
/// megalodon.
pub(crate) const MEGALODON: Client = Client::new("Story with megalodon", "megalodon_js.mjs", Language::JavaScript, &[]);

/// @auth/core with its provider for Mastodon.
pub(crate) const AUTH_CORE: Client = Client::new("Story with Auth.js", "auth_core_js.mjs", Language::JavaScript, &[]);
/// next-auth 4.
pub(crate) const NEXT_AUTH: Client = Client::new("Story with next-auth", "next_auth_js.mjs", Language::JavaScript, &[]);
/// passport-mastodon.
pub(crate) const PASSPORT: Client =
    Client::new("Story with passport-mastodon", "passport_js.mjs", Language::JavaScript, &[]);

/// Mastodon.py, which signs somebody up.
pub(crate) const MASTODON_PY_SIGN_UP: Client =
    Client::new("Story of a sign-up", "sign_up_py.py", Language::Python, &[]);
/// Mastodon.py in the hands of staff.
pub(crate) const MASTODON_PY_ADMIN: Client =
    Client::new("Story of administration", "admin_py.py", Language::Python, &[]);
/// openid-client, in a program without a browser.
pub(crate) const OPENID_CLIENT_DEVICE: Client =
    Client::new("Story of a device", "device_js.mjs", Language::JavaScript, &[]);
/// pyotp and soft-webauthn, which are second factors.
pub(crate) const FACTORS_PY: Client = Client::new("Story of factors", "factors_py.py", Language::Python, &[]);
/// toot's library, which signs somebody up.
pub(crate) const TOOT_SIGN_UP: Client =
    Client::new("toot - a Mastodon CLI client", "sign_up_toot.py", Language::Python, &[]);
/// resonitepy and pysignalr.
pub(crate) const RESONITE_PY: Client = Client::new("Story of Resonite", "resonite_py.py", Language::Python, &[]);
/// @microsoft/signalr.
pub(crate) const SIGNALR_JS: Client = Client::new("Story of a hub", "signalr_js.mjs", Language::JavaScript, &[]);
/// ALTCHA's library, which solves a challenge.
pub(crate) const ALTCHA: Client = Client::new("Story with ALTCHA", "altcha_js.mjs", Language::JavaScript, &[]);

/// Authlib, which goes through a session.
pub(crate) const AUTHLIB_SESSION: Client =
    Client::new("Story of a session with Authlib", "openid_session_py.py", Language::Python, &[]);

/// oauth4webapi, which goes through a session, with id tokens that are signed by `algorithm`.
pub(crate) const fn oauth4webapi(algorithm: &'static [&'static str; 1]) -> Client {
    Client::new("Story with oauth4webapi", "openid_session_js.mjs", Language::JavaScript, algorithm)
}

/// openid-client, which proves who it is by `method` (`token_endpoint_auth_method`).
pub(crate) const fn openid_client(method: &'static [&'static str; 1]) -> Client {
    Client::new("Story with openid-client", "openid_client_js.mjs", Language::JavaScript, method)
}

impl Client {
    const fn new(
        app_name: &'static str,
        script: &'static str,
        language: Language,
        arguments: &'static [&'static str],
    ) -> Self {
        Self { app_name, script, language, arguments }
    }

    fn command(&self, server: &Url, redirect_uri: &str) -> Command {
        let mut command = Command::new(self.language.interpreter());
        command
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients").join(self.script))
            .arg(server.origin().ascii_serialization())
            .arg(redirect_uri)
            .args(self.arguments)
            .env_remove(self.language.trust_variable())
            // Whatever leads to the outside world from this machine, `localhost` is not there.
            .env("NO_PROXY", "localhost")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

#[derive(Debug, Clone, Copy)]
enum Language {
    Python,
    JavaScript,
}

impl Language {
    fn interpreter(self) -> PathBuf {
        match self {
            Self::Python => folder::target().join("clients-venv/bin/python"),
            Self::JavaScript => PathBuf::from("node"),
        }
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
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    // Read from the start: a program that complains at length must not wait for somebody to listen.
    complaint: JoinHandle<String>,
}

impl ClientProgram {
    /// Starts a program that trusts the server's private authority.
    pub(crate) fn start(client: &Client, server: &ServerProcess, redirect_uri: &str) -> Self {
        let authority = &server.ca().expect("these stories speak TLS").authority;
        Self::spawn(client.command(server.base_url(), redirect_uri).env(client.language.trust_variable(), authority))
    }

    /// Starts a program that knows the public authorities only.
    pub(crate) fn start_without_trust(client: &Client, server: &ServerProcess, redirect_uri: &str) -> Self {
        Self::spawn(&mut client.command(server.base_url(), redirect_uri))
    }

    /// Starts a program for a server without TLS.
    pub(crate) fn start_in_plain(client: &Client, server: &Url, redirect_uri: &str) -> Self {
        Self::spawn(&mut client.command(server, redirect_uri))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {command:?}: {error}. `tests/run` installs the clients and runs these stories.")
        });
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut errors = child.stderr.take().expect("a pipe");
        let complaint = tokio::spawn(async move {
            let mut text = String::new();
            errors.read_to_string(&mut text).await.expect("text");
            text
        });
        Self { child, input, output, complaint }
    }

    /// The next thing the program says.
    pub(crate) async fn says(&mut self) -> Value {
        let line = tokio::time::timeout(wait::TIMEOUT, self.output.next_line()).await;
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
        let complaint = tokio::time::timeout(wait::TIMEOUT, &mut self.complaint).await;
        complaint.expect("the program ends in time").expect("all of it")
    }
}
