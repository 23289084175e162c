//! Where most stories begin: a server, a person with an account, an application, a browser.

use tests::client::{self, OUT_OF_BAND, Trip};
use tests::{Backend, Browser, Look, Person, Redirects, RegisteredApp, ServerProcess};
use url::Url;

pub(crate) const APP_NAME: &str = "Pocket Reader";

/// Everybody and everything in a story. Fields drop in this order: the browser leaves before the server stops.
pub(crate) struct Scene {
    pub(crate) browser: Browser,
    pub(crate) redirects: Redirects,
    pub(crate) app: RegisteredApp,
    pub(crate) person: Person,
    pub(crate) server: ServerProcess,
}

impl Scene {
    pub(crate) async fn open() -> Self {
        Self::with_look(Look::default()).await
    }

    pub(crate) async fn with_look(look: Look) -> Self {
        Self::set(look, Backend::Sqlite).await
    }

    pub(crate) async fn on(backend: Backend) -> Self {
        Self::set(Look::default(), backend).await
    }

    async fn set(look: Look, backend: Backend) -> Self {
        let server = ServerProcess::builder().backend(backend).start().await;
        let person = Person::named("alice");
        server.create_account(&person);
        let redirects = Redirects::listen().await;
        let app = RegisteredApp::register(&server, APP_NAME, &redirects.uri(), "read profile").await;
        let browser = Browser::with_look(look).await;
        Self { browser, redirects, app, person, server }
    }

    /// The application sends the person to the server.
    pub(crate) async fn leave_for_server(&self) -> Trip {
        let trip = self.app.trip(&self.server);
        self.browser.goto(&trip.url).await;
        trip
    }

    /// As [`Scene::leave_for_server`], from an application without an address of its own.
    pub(crate) async fn leave_for_server_out_of_band(&self) -> (RegisteredApp, Trip) {
        let app = RegisteredApp::register(&self.server, "Terminal", OUT_OF_BAND, "read").await;
        let trip = app.trip(&self.server);
        self.browser.goto(&trip.url).await;
        (app, trip)
    }

    /// The application redeems the code it was brought, and finds out who the person is.
    pub(crate) async fn welcome(&self, trip: &Trip, callback: &Url) {
        assert_eq!(client::query(callback, "error"), None, "{callback}");
        assert_eq!(client::query(callback, "state").as_deref(), Some(trip.state.as_str()), "{callback}");
        let code = client::query(callback, "code").expect("the callback carries a code");
        let token = self.app.redeem(&self.server, trip, &code).await;
        let account = RegisteredApp::verify_credentials(&self.server, &token).await;
        assert_eq!(account["username"], self.person.username.as_str());
    }
}
