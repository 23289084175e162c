//! Choosing a server that differs from the default, and starting it.

use url::Url;

use super::backend::Backend;
use super::process::ServerProcess;
use super::program::{self, variable};
use crate::client::TestClient;
use crate::folder;
use crate::http::http_client;
use crate::postgres::TestDatabase;
use crate::tls::PrivateCa;

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

    /// Sets one variable of its environment that is no key.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server and waits until it answers.
    pub async fn start(self) -> ServerProcess {
        let folder = folder::temporary("story");
        let rsa = folder::rsa_key(folder.path()).display().to_string();
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
            (variable("keys.rsa"), rsa),
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

        let process = program::serve(&folder, &environment);
        let client = TestClient::new(base_url.as_str(), &http_client(ca.as_ref()));
        let mut server = ServerProcess { process, base_url, client, environment, ca, _database: database, folder };
        server.wait_until_healthy().await;
        server
    }
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
}
