//! A host as an embedder would write it: the library over a story's database, with traits and handlers of its own.

use std::sync::{Mutex, PoisonError};

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use async_trait::async_trait;
use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::{Letter, Mailer};
use lysand_auth::host::revocations::{Revocations, Revoked};
use lysand_auth::{Auth, AuthBuilder, Config, web};

use crate::story::Story;

/// A host that is serving on a port of its own.
pub struct Embedder {
    base: String,
    handle: ServerHandle,
}

impl Embedder {
    /// Serves the library's routes and those of `more`.
    pub async fn serve(auth: &Auth, more: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> Self {
        let auth = auth.clone();
        Self::serve_app(move || {
            App::new().configure(web::mount(auth.clone(), web::Surfaces::all())).configure(more.clone())
        })
    }

    /// Serves an application that a host put together itself.
    pub fn serve_app<T, B>(app: impl Fn() -> App<T> + Clone + Send + 'static) -> Self
    where
        T: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse<B>,
                Error = actix_web::Error,
                InitError = (),
            > + 'static,
        B: MessageBody + 'static,
    {
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).expect("a loopback port");
        let base = format!("http://localhost:{}", server.addrs().first().expect("an address").port());
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { base, handle }
    }

    /// The whole URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Stops at once.
    pub async fn end(self) {
        self.handle.stop(false).await;
    }
}

/// The parts of a story's server, to be put together once more in another way.
pub fn auth_builder_of(story: &Story) -> AuthBuilder {
    auth_builder_with(story, story.server().state().auth.config().clone())
}

/// The same with another configuration.
pub fn auth_builder_with(story: &Story, config: Config) -> AuthBuilder {
    let state = story.server().state();
    let auth = &state.auth;
    Auth::builder(config, auth.store().clone())
        .accounts(state.accounts.clone())
        .pages(state.pages.clone())
        .ambient(auth.ambient().clone())
}

/// A mailer of a host that shares its outbox with a story's own server, whose mailer sends what is in it.
#[derive(Debug)]
pub struct SentByStory;

#[async_trait]
impl Mailer for SentByStory {
    async fn send(&self, _: &Letter) -> HostResult<()> {
        Ok(())
    }
}

/// Writes down what it is told.
#[derive(Debug, Default)]
pub struct RecordedRevocations(Mutex<Vec<Revoked>>);

impl RecordedRevocations {
    /// What it was told since it was asked last.
    pub fn take(&self) -> Vec<Revoked> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Revocations for RecordedRevocations {
    async fn revoked(&self, revoked: &Revoked) -> HostResult<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(revoked.clone());
        Ok(())
    }
}
