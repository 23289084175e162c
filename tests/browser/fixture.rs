//! Where most stories begin: a server, a person with an account, an application, a browser.

use tests::app::{AuthorizationRequest, OUT_OF_BAND};
use tests::http::query_of;
use tests::{App, Appearance, Backend, Browser, Person, Redirects, ServerProcess};
use url::Url;

pub(crate) const APP_NAME: &str = "Pocket Reader";

/// Everybody and everything in a story. Fields drop in this order: the browser leaves before the server stops.
pub(crate) struct Fixture {
    pub(crate) browser: Browser,
    pub(crate) redirects: Redirects,
    pub(crate) app: App,
    pub(crate) person: Person,
    pub(crate) server: ServerProcess,
}

impl Fixture {
    pub(crate) async fn open() -> Self {
        Self::with_appearance(Appearance::default()).await
    }

    pub(crate) async fn with_appearance(appearance: Appearance) -> Self {
        Self::set(appearance, Backend::Sqlite).await
    }

    pub(crate) async fn on(backend: Backend) -> Self {
        Self::set(Appearance::default(), backend).await
    }

    async fn set(appearance: Appearance, backend: Backend) -> Self {
        let server = ServerProcess::builder().backend(backend).start().await;
        let person = Person::named("alice");
        server.create_account(&person);
        let redirects = Redirects::listen().await;
        let app = server.client().register_with(APP_NAME, &redirects.uri(), "read profile", &[]).await.expect("an app");
        let browser = Browser::with_appearance(appearance).await;
        Self { browser, redirects, app, person, server }
    }

    /// Before a server that runs already, with an app that may write.
    pub(crate) async fn before(server: ServerProcess) -> Self {
        let person = Person::named("alice");
        server.create_account(&person);
        let redirects = Redirects::listen().await;
        let app = server.client().register_with(APP_NAME, &redirects.uri(), "read write", &[]).await.expect("an app");
        Self { browser: Browser::open().await, redirects, app, person, server }
    }

    /// The application sends the person to the server.
    pub(crate) async fn leave_for_server(&self) -> AuthorizationRequest {
        let request = self.app.authorization_request(self.server.base_url());
        self.browser.goto(&request.url).await;
        request
    }

    /// As [`Fixture::leave_for_server`], from an application without an address of its own.
    pub(crate) async fn leave_for_server_out_of_band(&self) -> (App, AuthorizationRequest) {
        let app = self.server.client().register_with("Terminal", OUT_OF_BAND, "read", &[]).await.expect("an app");
        let request = app.authorization_request(self.server.base_url());
        self.browser.goto(&request.url).await;
        (app, request)
    }

    /// The application redeems the code it was brought, and finds out who the person is.
    pub(crate) async fn welcome(&self, request: &AuthorizationRequest, callback: &Url) {
        assert_eq!(query_of(callback, "error"), None, "{callback}");
        assert_eq!(query_of(callback, "state").as_deref(), Some(request.state.as_str()), "{callback}");
        let code = query_of(callback, "code").expect("the callback carries a code");
        let token = self.server.client().redeem_proven(&self.app, request, &code).await.expect("a token");
        let account = self.server.client().account_of(&token).await.expect("a response");
        assert_eq!(account["username"], self.person.username.as_str());
    }
}
