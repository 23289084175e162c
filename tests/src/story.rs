//! A story over HTTP: the real server, in this process, on a free loopback port, with a clock that the story moves.
//!
//! ```no_run
//! # use tests::story;
//! story!(a_stranger_is_nobody, |story| {
//!     let answer = story.get("/api/v1/apps/verify_credentials").send().await;
//!     answer.is(401);
//! });
//! ```
//!
//! [`story!`](macro@crate::story) makes two tests of it, one on SQLite and one on PostgreSQL.

mod http;
mod sso;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lysand_auth::ambient::{Ambient, Clock, Random, Timestamp};
use lysand_auth::host::accounts::{Accounts, NewAccount};
use lysand_auth::model::account::{Account, Email, Role, Standing};
use lysand_auth::secret::Secret;
use reference_server::server::Running;
use reference_server::settings::Settings;
use reqwest::Method;
use tempfile::TempDir;
use url::Url;

pub use self::http::{Answer, Call, encode, query_of};
pub use self::sso::Jar;
use crate::postgres::TestDatabase;
use crate::server::{Backend, Person};

/// Tells one story on both databases: two tests, `NAME::sqlite` and `NAME::postgres`.
#[macro_export]
macro_rules! story {
    ($name:ident, |$story:ident| $body:block) => {
        $crate::story!($name, &[], |$story| $body);
    };
    ($name:ident, $settings:expr, |$story:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn told($story: $crate::story::Story) $body

            #[tokio::test]
            async fn sqlite() {
                told($crate::story::Story::begin($crate::Backend::Sqlite, $settings).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                told($crate::story::Story::begin($crate::Backend::Postgres, $settings).await).await;
            }
        }
    };
}

/// Where every story's app sends people back to. Nothing listens there: stories read the `Location`.
pub const CALLBACK: &str = "https://app.example/callback";

/// A running server and the clock that it lives by.
pub struct Story {
    server: Running,
    clock: Arc<FrozenClock>,
    http: reqwest::Client,
    settings: Vec<(String, String)>,
    folder: TempDir,
    database: Option<TestDatabase>,
}

/// A clock that stands still until a story moves it.
pub struct FrozenClock(AtomicI64);

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    /// Not seeded: parallel stories must not mint the same secrets.
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("randomness");
    }
}

impl Story {
    /// Starts a server on `backend`, with `settings` over the defaults: `("http.workers", "2")`.
    pub async fn begin(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("story-").tempdir().expect("a temporary folder");
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(TestDatabase::create().await),
        };
        let url = match &database {
            None => format!("sqlite:{}", folder.path().join("story.sqlite3").display()),
            Some(database) => database.url().to_string(),
        };
        let own = [
            ("http.bind_port", "0"),
            ("http.base_url", "http://localhost:0"),
            ("http.workers", "1"),
            ("database.url", url.as_str()),
            ("keys.jwt", &folder.path().join("key.pem").display().to_string()),
            ("ratelimit.enabled", "false"),
            // A story is about order, not about speed: no sign-in is turned away because the machine is busy.
            ("password.max_wait", "30s"),
        ]
        .map(|(key, value)| (variable(key), value.to_owned()));
        let more = settings.iter().map(|(key, value)| (variable(key), (*value).to_owned()));
        let settings: Vec<_> = own.into_iter().chain(more).collect();
        // 2026-11-21T21:00:00Z
        let clock = Arc::new(FrozenClock(AtomicI64::new(1_795_294_800_000_000)));
        let server = start(&settings, &folder, &clock).await;
        let http = reqwest_client();
        Self { server, clock, http, settings, folder, database }
    }

    /// Stops the server in the middle of whatever runs and starts it anew on the same data, with more settings.
    pub async fn restart(mut self, more: &[(&str, &str)]) -> Self {
        self.server.abort().await;
        self.settings.extend(more.iter().map(|(key, value)| (variable(key), (*value).to_owned())));
        self.server = start(&self.settings, &self.folder, &self.clock).await;
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

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_micros()).expect("a short time"), Ordering::SeqCst);
    }

    /// The server's public origin.
    pub fn base(&self) -> &str {
        self.server.base_url()
    }

    /// All mail that was sent so far, in no order.
    pub fn mail(&self) -> Vec<String> {
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

    /// A `GET`.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A `POST`.
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// A request with any method; `path` may be a whole URL on this server.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base()) };
        Call(self.http.request(method, url))
    }

    /// Creates somebody with an account.
    pub async fn person(&self, username: &str) -> Person {
        let person = Person::named(username);
        self.create(&person, true).await;
        person
    }

    /// Creates an account.
    pub async fn create(&self, person: &Person, confirmed: bool) -> Account {
        let new = NewAccount {
            username: person.username.clone(),
            email: Some(Email { address: person.email.clone(), confirmed }),
            password: Some(Secret::new(&*person.password)),
            role: Role::Member,
            standing: Standing::Active,
        };
        self.server.state().accounts.create(new).await.expect("an account")
    }

    /// The account of a person.
    pub async fn account(&self, person: &Person) -> Account {
        let found = self.server.state().accounts.by_identifier(&person.username).await;
        found.expect("an answer").expect("an account")
    }

    /// Registers an app.
    pub async fn app(&self, redirect_uris: &str, scopes: &str) -> App {
        let form = [("client_name", "Story App"), ("redirect_uris", redirect_uris), ("scopes", scopes)];
        let body = self.post("/api/v1/apps").form(&form).send().await.is(200).json();
        App {
            client_id: body["client_id"].as_str().expect("a client_id").to_owned(),
            client_secret: body["client_secret"].as_str().expect("a client_secret").to_owned(),
            redirect_uri: redirect_uris.split_whitespace().next().unwrap_or_default().to_owned(),
            scopes: scopes.to_owned(),
        }
    }

    /// The usual app: redirects to [`CALLBACK`], asks for `read write`.
    pub async fn usual_app(&self) -> App {
        self.app(CALLBACK, "read write").await
    }

    /// Signs a person in for an app's request, and tells what came of it.
    pub async fn sign_in(&self, person: &Person, app: &App) -> SignedIn {
        self.sign_in_with(person, &app.ask()).await
    }

    /// Signs a person in for the request in `query`.
    pub async fn sign_in_with(&self, person: &Person, query: &str) -> SignedIn {
        let answer = self.log_in(query, &person.username, &person.password).await.is(302);
        let location = answer.location();
        assert_eq!(location.path(), "/oauth/consent", "{location}");
        let cookie = answer.cookie("jwt").expect("a session cookie");
        let code = query_of(&location, "code").expect("a pending code");
        SignedIn { cookie, code, consent: location }
    }

    /// Posts the sign-in form.
    pub async fn log_in(&self, query: &str, identifier: &str, password: &str) -> Answer {
        let form = [("identifier", identifier), ("password", password)];
        self.post(&format!("/api/auth/login?{query}")).form(&form).send().await
    }

    /// Consents as the document says, and returns the approved code.
    pub async fn consent(&self, signed_in: &SignedIn, app: &App) -> String {
        let answer = self.decide(signed_in, app).await.is(302);
        query_of(&answer.location(), "code").expect("a code")
    }

    /// Posts the consent as the document says.
    pub async fn decide(&self, signed_in: &SignedIn, app: &App) -> Answer {
        let path = encode(
            "/api/auth/redirect",
            &[("client_id", &app.client_id), ("redirect_uri", &app.redirect_uri), ("code", &signed_in.code)],
        );
        self.post(&path).session(signed_in).send().await
    }

    /// Redeems a code.
    pub async fn redeem(&self, app: &App, code: &str) -> Answer {
        self.post("/oauth/token").form(&app.grant(code)).send().await
    }

    /// The whole way: sign in, consent, redeem.
    pub async fn token(&self, person: &Person, app: &App) -> String {
        let signed_in = self.sign_in(person, app).await;
        let code = self.consent(&signed_in, app).await;
        let body = self.redeem(app, &code).await.is(200).json();
        body["access_token"].as_str().expect("an access token").to_owned()
    }

    /// What a token says about its account.
    pub async fn verify(&self, token: &str) -> Answer {
        self.get("/api/v1/accounts/verify_credentials").bearer(token).send().await
    }
}

/// A registered app.
#[derive(Clone, Debug)]
pub struct App {
    /// `client_id`
    pub client_id: String,
    /// `client_secret`
    pub client_secret: String,
    /// The first registered redirect URI.
    pub redirect_uri: String,
    /// The registered scopes.
    pub scopes: String,
}

impl App {
    /// An authorization request for everything that the app registered, as a query.
    pub fn ask(&self) -> String {
        self.ask_with(&[])
    }

    /// The same with other or more parameters; an empty value leaves one out.
    pub fn ask_with(&self, changes: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("scope", &self.scopes),
        ];
        for (name, value) in changes {
            match pairs.iter_mut().find(|(known, _)| known == name) {
                Some(pair) => pair.1 = value,
                None => pairs.push((name, value)),
            }
        }
        pairs.retain(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// The form that redeems a code.
    pub fn grant<'a>(&'a self, code: &'a str) -> Vec<(&'static str, &'a str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
        ]
    }
}

/// What a sign-in left behind.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The value of the `jwt` cookie.
    pub cookie: String,
    /// The pending code.
    pub code: String,
    /// Where the browser was sent.
    pub consent: Url,
}

async fn start(settings: &[(String, String)], folder: &TempDir, clock: &Arc<FrozenClock>) -> Running {
    let mut settings = Settings::parse("", settings.to_vec()).expect("settings");
    settings.data_dir = folder.path().to_owned();
    let ambient = Ambient::new(Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SystemRandom));
    Running::start(settings, ambient).await.expect("a server")
}

fn variable(key: &str) -> String {
    format!("LYSAND_AUTH__{}", key.replace('.', "__").to_uppercase())
}

fn reqwest_client() -> reqwest::Client {
    // reqwest wants a provider even for plain http; somebody else in this program may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .expect("an HTTP client")
}
