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

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lysand_auth::ambient::{Ambient, Clock, Random, Timestamp};
use lysand_auth::host::accounts::{Accounts, NewAccount};
use lysand_auth::model::account::{Account, Email, Role, Standing};
use lysand_auth::secret::Secret;
use reference_server::server::Running;
use reference_server::settings::Settings;
use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

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

/// A request under construction.
pub struct Call(reqwest::RequestBuilder);

impl Call {
    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// Presents a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    /// Presents client credentials in a header.
    pub fn basic(self, user: &str, password: &str) -> Self {
        Self(self.0.basic_auth(user, Some(password)))
    }

    /// Presents the sign-in cookie.
    pub fn session(self, signed_in: &SignedIn) -> Self {
        Self(self.0.header(header::COOKIE, format!("jwt={}", signed_in.cookie)))
    }

    /// Sends an urlencoded body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        Self(self.0.form(pairs))
    }

    /// Sends a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// Sends a body of a type.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.header(header::CONTENT_TYPE, content_type).body(body.into()))
    }

    /// Sends a multipart body.
    pub fn multipart(self, pairs: &[(&str, &str)]) -> Self {
        let mut body = String::new();
        for (name, value) in pairs {
            body += &format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        self.body("multipart/form-data; boundary=line", body + "--line--\r\n")
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        let reply = self.0.send().await.expect("an answer");
        let (status, headers) = (reply.status(), reply.headers().clone());
        let body = reply.text().await.expect("a body");
        assert!(!status.is_server_error() || status == 503, "a server error: {status} {body}");
        Answer { status, headers, body }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: header::HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// Demands a status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {:?}", self.body, self.headers.get("location"));
        self
    }

    /// Demands an OAuth error: status, name and the headers that go with it (Mastodon §6.6).
    #[track_caller]
    pub fn is_oauth_error(self, status: u16, error: &str, description: &str) -> Self {
        let answer = self.is(status);
        let body = answer.json();
        assert_eq!((&body["error"], &body["error_description"]), (&error.into(), &description.into()));
        assert_eq!(answer.header("cache-control"), "no-store");
        answer
    }

    /// Demands an API error: `{"error": text}` and nothing else.
    #[track_caller]
    pub fn is_api_error(self, status: u16, error: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.json(), serde_json::json!({ "error": error }));
        answer
    }

    /// Demands a redirect to the login page with this error, and that the session was left alone.
    #[track_caller]
    pub fn is_login_error(self, error: &str, description: &str) -> Self {
        let answer = self.is(302);
        let location = answer.location();
        assert_eq!(location.path(), "/oauth/authorize", "{location}");
        let found = (query_of(&location, "error"), query_of(&location, "error_description"));
        assert_eq!(found, (Some(error.into()), Some(description.into())), "{location}");
        assert_eq!(answer.cookie("jwt"), None);
        answer
    }

    /// The body as JSON of exactly our content type.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A page's markup with the escapes of slashes and ampersands undone, so that a story can look for addresses.
    pub fn markup(&self) -> String {
        self.body.replace("&#x2F;", "/").replace("&amp;", "&").replace("&#x26;", "&")
    }

    /// A header's value; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where the browser is sent.
    #[track_caller]
    pub fn location(&self) -> Url {
        Url::parse(self.header("location")).unwrap_or_else(|error| panic!("{error}: {:?}", self.header("location")))
    }

    /// The value of a cookie that was set to something.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let value = self.set_cookie(name)?.split(';').next()?.split_once('=')?.1.to_owned();
        (!value.is_empty()).then_some(value)
    }

    /// The whole `Set-Cookie` line of a cookie.
    pub fn set_cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        lines.into_iter().find(|line| line.starts_with(&format!("{name}="))).map(str::to_owned)
    }
}

/// A path with a query.
pub fn encode(path: &str, pairs: &[(&str, &str)]) -> String {
    format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

/// The value of a query parameter, which must stand there at most once.
#[track_caller]
pub fn query_of(url: &Url, name: &str) -> Option<String> {
    let values: Vec<_> = url.query_pairs().filter(|(known, _)| known == name).collect();
    assert!(values.len() < 2, "{name} stands twice in {url}");
    values.into_iter().next().map(|(_, value)| value.into_owned())
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
