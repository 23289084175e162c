//! The server: listens, serves, drains. Usable in-process: a test starts it with a clock of its own on a free port.

pub mod app;
mod connections;
mod draining;
pub mod guard;
pub mod health;
mod reloaded;
mod streams;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use actix_server::{Server, ServerHandle};
use lysand_auth::Ambient;
use lysand_auth::error::Error;
use lysand_auth::secret::Secret;
use tokio::task::JoinHandle;

use self::app::Paths;
use self::connections::Connections;
use self::draining::Draining;
pub use self::reloaded::Reloaded;
use crate::paths::SETUP;
use crate::settings::{Http, Settings};
use crate::state::{StartError, State};
use crate::tls::{Certificate, TlsError};

/// How long requests in flight may take after a termination signal (running contract §5).
const DRAIN_TIMEOUT: u64 = 30;

/// Why the server does not start: one line, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("{addr} cannot be listened on: {source}: {}", remedy(source))]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("http.tls: {0}")]
    Tls(TlsError),
    /// No TLS is possible.
    #[error("http.tls: {0}")]
    Handshakes(rustls::Error),
    /// A part does not work.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database does not answer any more.
    #[error("the database: {0}: start it or mend database.url")]
    Database(#[from] Error),
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "stop the other program, or give another http.bind_port",
        io::ErrorKind::PermissionDenied => "give an http.bind_port of 1024 or above",
        _ => "mend http.bind and http.bind_port",
    }
}

/// A server that is running.
pub struct Running {
    addr: SocketAddr,
    state: State,
    certificate: Option<Certificate>,
    setup_token: Option<Secret>,
    draining: Draining,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Listens, opens everything and begins to serve. With `bind_port = 0` any free port is taken, and a base URL that
    /// was left to its default gets that port.
    ///
    /// # Errors
    /// What does not work and how to mend it, in one line.
    pub async fn start(mut settings: Settings, ambient: Ambient) -> Result<Self, ServeError> {
        let parts = Arc::new(OnceLock::new());
        let draining = Draining::default();
        let (shared_parts, shared_draining) = (Arc::clone(&parts), draining.clone());
        // A free port is known only once it is taken, and the database is not opened before the port is ours.
        let wanted = SocketAddr::new(settings.http.bind, settings.http.bind_port);
        let certificate = settings.http.tls.as_ref().map(|files| Certificate::load(&files.cert, &files.key));
        let certificate = certificate.transpose().map_err(ServeError::Tls)?;
        let tls = certificate.as_ref().map(Certificate::server_config).transpose().map_err(ServeError::Handshakes)?;
        let connections = Connections::new(&settings.http, tls);
        let not_listening = |source| ServeError::Listen { addr: wanted, source };
        let listener = connections::listen(wanted).map_err(not_listening)?;
        let addr = listener.local_addr().map_err(not_listening)?;
        let server = Server::build().workers(workers(&settings.http)).shutdown_timeout(DRAIN_TIMEOUT).disable_signals();
        let server = connections.serve(server, listener, move || {
            let (state, paths): &(State, Paths) =
                shared_parts.get().expect("the parts are there before the server runs");
            app::app(state.clone(), shared_draining.clone(), paths.clone())
        });
        let server = server.map_err(not_listening)?;
        settings.take_port(addr.port());
        settings.warnings().into_iter().for_each(|warning| tracing::warn!("{warning}"));
        let state = State::open(settings, ambient).await?;
        let setup_token = state.accounts.create_setup_token().await?;
        let _ = parts.set((state.clone(), Paths::of(&state)));
        let server = server.run();
        let handle = server.handle();
        let server = tokio::spawn(server);
        Ok(Self { addr, state, certificate, setup_token, draining, handle, server })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The parts it serves with.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The public origin.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.state.settings.http.base_url.as_str()
    }

    /// The set-up link, when there was no admin at the start.
    #[must_use]
    pub fn setup_link(&self) -> Option<String> {
        let token = self.setup_token.as_ref()?;
        Some(self.state.settings.http.base_url.join(&format!("{SETUP}?token={}", token.expose())))
    }

    /// Reads the files of the certificate and the templates again, as `settings` name them, and takes what of `settings` can
    /// change while the server runs; without any, the files that those before named. What cannot be used leaves the old in force
    /// (running contract §5). Answers with what was read again, and what could not be.
    #[must_use]
    pub async fn reload(&self, settings: Option<Settings>) -> Reloaded {
        let mut reloaded = Reloaded::default();
        let configured = settings.clone().unwrap_or_else(|| self.state.configured());
        if let (Some(certificate), Some(files)) = (&self.certificate, &configured.http.tls) {
            reloaded.note("certificate", certificate.reload(&files.cert, &files.key));
        }
        let title = &self.state.in_force().instance.title;
        let pages = self.state.pages.reload(configured.templates_dir.as_deref(), title, &configured.branding);
        reloaded.note("templates and branding", pages);
        if let Some(settings) = settings {
            match self.state.configure(settings).await {
                Ok(configured) => reloaded.note("instance, signups and smtp", configured),
                Err(error) => reloaded.note("instance, signups and smtp", Err::<(), _>(error)),
            }
        }
        reloaded
    }

    /// Drains: is no longer ready, goes on accepting for `http.drain_delay`, finishes requests in flight for up to 30 s,
    /// closes the database (security LOAD-10).
    pub async fn stop(self) {
        self.draining.begin();
        tokio::time::sleep(self.state.settings.http.drain_delay).await;
        self.end(true).await;
    }

    /// Stops at once, without finishing the requests in flight: for tests.
    pub async fn abort(self) {
        self.end(false).await;
    }

    async fn end(self, gracefully: bool) {
        self.handle.stop(gracefully).await;
        let _ = self.server.await;
        if let Some(token) = &self.setup_token {
            let _ = self.state.accounts.delete_setup_token(token).await;
        }
    }
}

fn workers(http: &Http) -> usize {
    match http.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => usize::from(workers),
    }
}

#[cfg(test)]
mod openapi_tests;
#[cfg(test)]
mod tests;
