//! The running server of a story, and what people and apps do with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lysand_auth::ambient::{Clock as _, Timestamp};
use lysand_auth::flows::outbox;
use lysand_auth::host::accounts::{Account, Email};
use lysand_auth::host::accounts::{Accounts, NewAccount};
use lysand_auth::secret::Secret;
use lysand_auth::testing::FrozenClock;
use reference_server::server::Running;
use reference_server::settings::Settings;
use reqwest::Method;
use tempfile::TempDir;

use crate::app::{App, SignedIn, TokenPair};
use crate::client::{TestClient, access_token};
use crate::folder;
use crate::http::{Request, Response, http_client};
use crate::migrated;
use crate::person::Person;
use crate::postgres::TestDatabase;
use crate::server::{Backend, variable};

/// 2026-11-21T21:00:00Z
const BEGINNING: Timestamp = Timestamp::from_micros(1_795_294_800_000_000);

/// A running server and the clock that it lives by.
pub struct Story {
    server: Running,
    clock: Arc<FrozenClock>,
    client: TestClient,
    settings: Vec<(String, String)>,
    folder: TempDir,
    database: Option<TestDatabase>,
}

impl Story {
    /// Starts a server on `backend`, with `settings` over the defaults: `("http.workers", "2")`.
    pub async fn begin(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let folder = folder::temporary("story");
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(TestDatabase::create_migrated().await),
        };
        let url = match &database {
            None => {
                let file = folder.path().join("story.sqlite3");
                migrated::copy_to(&file).await;
                format!("sqlite:{}", file.display())
            }
            Some(database) => database.url().to_string(),
        };
        let own = [
            ("http.bind_port", "0"),
            ("http.base_url", "http://localhost:0"),
            ("http.workers", "1"),
            ("database.url", url.as_str()),
            ("keys.jwt", &folder.path().join("key.pem").display().to_string()),
            ("keys.rsa", &folder::rsa_key(folder.path()).display().to_string()),
            ("ratelimit.enabled", "false"),
            // A story is about order, not about speed: no sign-in is turned away because the machine is busy.
            ("password.max_wait", "30s"),
        ]
        .map(|(key, value)| (variable(key), value.to_owned()));
        let more = settings.iter().map(|(key, value)| (variable(key), (*value).to_owned()));
        let settings: Vec<_> = own.into_iter().chain(more).collect();
        let clock = Arc::new(FrozenClock::at(BEGINNING));
        let server = start(&settings, &folder, &clock).await;
        let client = client_of(&server);
        Self { server, clock, client, settings, folder, database }
    }

    /// Stops the server in the middle of whatever runs and starts it anew on the same data, with more settings.
    pub async fn restart(mut self, more: &[(&str, &str)]) -> Self {
        self.server.abort().await;
        self.settings.extend(more.iter().map(|(key, value)| (variable(key), (*value).to_owned())));
        self.server = start(&self.settings, &self.folder, &self.clock).await;
        self.client = client_of(&self.server);
        self
    }

    /// Starts one more server on the same database: a replica.
    pub async fn replica(&self) -> Running {
        start(&self.settings, &self.folder, &self.clock).await
    }

    /// The database, when it is PostgreSQL.
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// Lets time pass for the server.
    pub fn advance_clock(&self, time: Duration) {
        self.clock.forward(time);
    }

    /// Sets the clock of the server back.
    pub fn set_clock_back(&self, time: Duration) {
        self.clock.backward(time);
    }

    /// The time by which the server lives, in seconds.
    pub fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    /// The server's public origin.
    pub fn base(&self) -> &str {
        self.server.base_url()
    }

    /// All mail so far, in no order: what waits in the outbox is sent first.
    pub async fn mail(&self) -> Vec<String> {
        outbox::send_waiting(&self.server.state().auth).await.expect("an outbox");
        let Ok(folder) = std::fs::read_dir(self.mail_folder()) else { return Vec::new() };
        let files = folder.filter_map(|file| Some(file.ok()?.path()));
        let mails = files.filter(|file| file.extension().is_some_and(|kind| kind == "eml"));
        mails.map(|file| std::fs::read_to_string(file).expect("a mail")).collect()
    }

    /// Where mail is put.
    pub fn mail_folder(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// The running server.
    pub fn server(&self) -> &Running {
        &self.server
    }

    /// Who talks to the server.
    pub fn client(&self) -> &TestClient {
        &self.client
    }

    /// A `GET`.
    pub fn get(&self, path: &str) -> Request {
        self.client.get(path)
    }

    /// A `POST`.
    pub fn post(&self, path: &str) -> Request {
        self.client.post(path)
    }

    /// A request with any method; `path` may be a whole URL on this server.
    pub fn call(&self, method: Method, path: &str) -> Request {
        self.client.call(method, path)
    }

    /// Creates somebody with an account.
    pub async fn person(&self, username: &str) -> Person {
        let person = Person::named(username);
        self.create(&person, true).await;
        person
    }

    /// Creates an account.
    pub async fn create(&self, person: &Person, confirmed: bool) -> Account {
        let new = NewAccount::new(&*person.username)
            .with_email(Email { address: person.email.clone(), confirmed })
            .with_password(Secret::new(&*person.password));
        self.server.state().accounts.create(new).await.expect("an account")
    }

    /// The account of a person.
    pub async fn account(&self, person: &Person) -> Account {
        let found = self.server.state().accounts.by_identifier(&person.username).await;
        found.expect("an answer").expect("an account")
    }

    /// Registers an app.
    pub async fn app(&self, redirect_uris: &str, scopes: &str) -> App {
        self.client.register_with("Story App", redirect_uris, scopes, &[]).await.expect("a response")
    }

    /// The usual app: redirects to [`CALLBACK`](crate::app::CALLBACK), asks for `read write`.
    pub async fn usual_app(&self) -> App {
        self.app(crate::app::CALLBACK, "read write").await
    }

    /// An app like the usual one whose tokens expire.
    pub async fn expiring_app(&self) -> App {
        self.client.register_expiring().await.expect("a response")
    }

    /// Signs a person in for an app's request, and tells what came of it.
    pub async fn sign_in(&self, person: &Person, app: &App) -> SignedIn {
        self.client.sign_in(person, app).await.expect("a response")
    }

    /// Signs a person in for the request in `query`.
    pub async fn sign_in_with(&self, person: &Person, query: &str) -> SignedIn {
        self.client.sign_in_with(person, query).await.expect("a response")
    }

    /// Has somebody let an app in, so that it is more than one that somebody registered (faults F11).
    pub async fn approve(&self, app: &App) {
        let person = Person::named("approver");
        let found = self.server.state().accounts.by_identifier(&person.username).await.expect("an answer");
        if found.is_none() {
            self.create(&person, true).await;
        }
        let signed_in = self.sign_in(&person, app).await;
        self.decide(&signed_in, app).await;
    }

    /// Posts the sign-in form.
    pub async fn log_in(&self, query: &str, identifier: &str, password: &str) -> Response {
        self.client.log_in(query, identifier, password).await.expect("a response")
    }

    /// Consents as the document says, and returns the approved code.
    pub async fn consent(&self, signed_in: &SignedIn, app: &App) -> String {
        self.client.consent(signed_in, app).await.expect("a response")
    }

    /// Posts the consent as the document says.
    pub async fn decide(&self, signed_in: &SignedIn, app: &App) -> Response {
        self.client.decide(signed_in, app).await.expect("a response")
    }

    /// Redeems a code.
    pub async fn redeem(&self, app: &App, code: &str) -> Response {
        self.client.redeem(app, code).await.expect("a response")
    }

    /// Redeems a refresh token.
    pub async fn refresh(&self, app: &App, token: &str) -> Response {
        self.client.refresh(app, token).await.expect("a response")
    }

    /// The whole way: sign in, consent, redeem.
    pub async fn token(&self, person: &Person, app: &App) -> String {
        let signed_in = self.sign_in(person, app).await;
        let code = self.consent(&signed_in, app).await;
        access_token(self.redeem(app, &code).await).expect("an access token")
    }

    /// The whole way for an app whose tokens expire.
    pub async fn token_pair(&self, person: &Person, app: &App) -> TokenPair {
        let signed_in = self.sign_in(person, app).await;
        let code = self.consent(&signed_in, app).await;
        TokenPair::of(&self.redeem(app, &code).await.is(200).json())
    }

    /// What a token says about its account.
    pub async fn verify(&self, token: &str) -> Response {
        self.client.verify(token).await.expect("a response")
    }
}

fn client_of(server: &Running) -> TestClient {
    TestClient::new(server.base_url(), &http_client(None))
}

async fn start(settings: &[(String, String)], folder: &TempDir, clock: &Arc<FrozenClock>) -> Running {
    let mut settings = Settings::parse("", settings.to_vec()).expect("settings");
    settings.data_dir = folder.path().to_owned();
    let ambient = clock.ambient();
    Running::start(settings, ambient).await.expect("a server")
}
