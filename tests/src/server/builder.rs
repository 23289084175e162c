//! Choosing a server that differs from the default, and starting it.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::sync::Once;

use tempfile::TempDir;
use url::Url;

use super::{ServerProcess, program};
use crate::postgres::TestDatabase;
use crate::process::OwnedProcess;
use crate::tls::PrivateCa;
use crate::wait;

/// Which database a server keeps its facts in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// A file in the server's own folder, as without any configuration.
    #[default]
    Sqlite,
    /// A fresh database in the cluster of `TEST_POSTGRES_URL`.
    Postgres,
}

/// A server that is not running yet.
#[derive(Debug, Default)]
pub struct ServerBuilder {
    backend: Backend,
    tls: bool,
    settings: Vec<(String, String)>,
    port: Option<u16>,
}

impl ServerBuilder {
    /// Keeps the server's facts in `backend`.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Serves TLS with a certificate of a private authority, on `https://localhost`.
    pub fn with_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Listens on this port, which the caller took with [`free_port`](super::free_port).
    pub fn on_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets one configuration key, by its dotted name: `set("signups.approval", "true")`.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.push((variable(key), value.to_owned()));
        self
    }

    /// Starts the server and waits until it answers.
    pub async fn start(self) -> ServerProcess {
        let folder = tempfile::Builder::new().prefix("story-").tempdir().expect("a temporary folder");
        let ca = self.tls.then(|| PrivateCa::in_folder(folder.path()));
        let database = match self.backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(TestDatabase::create().await),
        };

        let port = self.port.unwrap_or_else(program::free_port);
        let scheme = if self.tls { "https" } else { "http" };
        let base_url = Url::parse(&format!("{scheme}://localhost:{port}")).expect("a URL");

        let mut environment = vec![
            (variable("http.base_url"), base_url.origin().ascii_serialization()),
            (variable("http.bind"), "127.0.0.1".to_owned()),
            (variable("http.bind_port"), port.to_string()),
            // Stories sign in far more often than people do. A story about limits switches them on again.
            (variable("ratelimit.enabled"), "false".to_owned()),
            // However busy the machine is with other stories, everybody gets their turn at hashing.
            (variable("password.max_wait"), "30s".to_owned()),
        ];
        if let Some(ca) = &ca {
            environment.push((variable("http.tls.enabled"), "true".to_owned()));
            environment.push((variable("http.tls.cert"), ca.certificate.display().to_string()));
            environment.push((variable("http.tls.key"), ca.key.display().to_string()));
        }
        if let Some(database) = &database {
            environment.push((variable("database.url"), database.url().to_string()));
        }
        environment.extend(self.settings);

        let process = spawn(&folder, &environment);
        let http = http_client(ca.as_ref());
        let mut server = ServerProcess { process, base_url, http, environment, ca, _database: database, folder };
        answers(&mut server).await;
        server
    }
}

/// `http.bind_port` is set by `LYSAND_AUTH__HTTP__BIND_PORT`.
pub(super) fn variable(key: &str) -> String {
    format!("LYSAND_AUTH__{}", key.replace('.', "__").to_uppercase())
}

pub(super) fn spawn(folder: &TempDir, environment: &[(String, String)]) -> OwnedProcess {
    let log = File::options().create(true).append(true).open(folder.path().join("server.log")).expect("a log file");
    let banner = log.try_clone().expect("one more handle");
    let mut command = program::command(folder.path(), environment);
    command.arg("serve").stdin(Stdio::null()).stdout(banner).stderr(log);
    OwnedProcess::spawn(&mut command, "Build it with `cargo build -p reference-server`.")
}

pub(super) async fn answers(server: &mut ServerProcess) {
    let health = server.url("/health");
    let http = server.http.clone();
    let process = &mut server.process;
    let log = server.folder.path().join("server.log");

    let up = wait::within(wait::PATIENCE, async || {
        if let Some(status) = process.ended() {
            panic!("the server ended ({status}) instead of serving:\n{}", read(&log));
        }
        let reply = http.get(health.clone()).send().await.ok()?;
        reply.status().is_success().then_some(())
    });
    if up.await.is_none() {
        panic!("no healthy answer from {health}:\n{}", read(&log));
    }
}

fn read(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

fn http_client(ca: Option<&PrivateCa>) -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Somebody else in this program may have been first, with the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });

    let authority = ca.map(|ca| {
        let pem = fs::read(&ca.authority).expect("the authority's certificate");
        reqwest::Certificate::from_pem(&pem).expect("a certificate")
    });
    reqwest::Client::builder()
        .tls_certs_only(authority)
        .redirect(reqwest::redirect::Policy::none())
        // A connection kept alive would make the server wait for us when it is asked to stop.
        .pool_max_idle_per_host(0)
        .timeout(wait::PATIENCE)
        .build()
        .expect("an HTTP client")
}
