//! A web client as Elk is one: its own server, on another origin, registers and redeems by JSON, and tries up to three
//! times more when the network or the server lets it down.

use std::sync::Arc;

use serde_json::{Value, json};
use tests::http::{http_client, query_of};
use tests::postgres::TestDatabase;
use tests::site::{Reply, Site};
use tests::tcp_proxy::TcpProxy;
use tests::{Browser, Person, ServerProcess, wait};
use tokio::sync::OnceCell;
use url::Url;

const SCOPE: &str = "read write follow push";
/// After these it is worth to try again.
const RETRIED: [u16; 8] = [408, 409, 425, 429, 500, 502, 503, 504];
const RETRIES: usize = 3;

/// The client's server.
struct Elk {
    server: Url,
    http: reqwest::Client,
    app: OnceCell<Value>,
    outages: Option<Outages>,
}

/// What stands between the client and its token: first the network, then the server's database.
struct Outages {
    network: TcpProxy,
    /// The server's address by way of that network.
    through: Url,
    database: TcpProxy,
}

impl Elk {
    fn of(server: &ServerProcess, outages: Option<Outages>) -> Arc<Self> {
        let (http, app) = (http_client(server.ca()), OnceCell::new());
        Arc::new(Self { server: server.base_url().clone(), http, app, outages })
    }

    async fn site(self: Arc<Self>) -> Site {
        let visit = move |url: Url| {
            let elk = Arc::clone(&self);
            async move {
                match url.path() {
                    "/signin" => elk.redirect_to_server(&url).await,
                    path if path.starts_with("/api/") => elk.follow_callback(&url).await,
                    _ => Reply::Missing,
                }
            }
        };
        Site::serve(visit).await
    }

    /// The callback: another site's address stands in its path, encoded.
    fn redirect_uri(&self, own: &Url) -> String {
        let origin = own.origin().ascii_serialization();
        let encoded: String = url::form_urlencoded::byte_serialize(origin.as_bytes()).collect();
        format!("{origin}/api/{}/oauth/{encoded}", self.server.authority())
    }

    /// What the client knows of itself at this server: it registers once.
    async fn app(&self, own: &Url) -> &Value {
        self.app.get_or_init(|| self.register(own)).await
    }

    async fn register(&self, own: &Url) -> Value {
        let wish = json!({
            "client_name": "Elk-like",
            "website": own.origin().ascii_serialization(),
            "redirect_uris": self.redirect_uri(own),
            "scopes": SCOPE,
        });
        let call = self.http.post(self.server.join("/api/v1/apps").expect("a value")).json(&wish);
        call.send().await.expect("a value").error_for_status().expect("a value").json().await.expect("a value")
    }

    async fn redirect_to_server(&self, own: &Url) -> Reply {
        let client_id = self.app(own).await["client_id"].as_str().expect("a value");
        let mut url = self.server.join("/oauth/authorize").expect("a value");
        url.query_pairs_mut()
            .append_pair("client_id", client_id)
            .append_pair("force_login", "false")
            .append_pair("scope", SCOPE)
            .append_pair("redirect_uri", &self.redirect_uri(own))
            .append_pair("response_type", "code")
            .append_pair("lang", "en");
        Reply::Redirect(url)
    }

    async fn follow_callback(&self, own: &Url) -> Reply {
        let app = self.app(own).await;
        let grant = json!({
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "redirect_uri": self.redirect_uri(own),
            "grant_type": "authorization_code",
            "code": query_of(own, "code").expect("a code"),
            "scope": SCOPE,
        });
        let (token, failures) = self.exchange(&grant).await;
        let url = self.server.join("/api/v1/accounts/verify_credentials").expect("a value");
        let call = self.http.get(url).bearer_auth(token["access_token"].as_str().expect("a token"));
        let account: Value =
            call.send().await.expect("a value").error_for_status().expect("a value").json().await.expect("a value");
        let name = account["acct"].as_str().expect("a value");
        Reply::Page(format!("<!doctype html><title>Elk-like</title><p>Signed in as @{name} after {failures:?}"))
    }

    /// The token, and the failures on the way to it.
    async fn exchange(&self, grant: &Value) -> (Value, Vec<String>) {
        let server = self.outages.as_ref().map_or(&self.server, |outages| &outages.through);
        let url = server.join("/oauth/token").expect("a value");
        let mut failures = Vec::new();
        self.simulate_outage(failures.len()).await;
        loop {
            let failure = match self.http.post(url.clone()).json(grant).send().await {
                Ok(reply) if RETRIED.contains(&reply.status().as_u16()) => reply.status().as_u16().to_string(),
                Ok(reply) => return (reply.json().await.expect("JSON"), failures),
                Err(_) => "network".to_owned(),
            };
            failures.push(failure);
            assert!(failures.len() <= RETRIES, "{failures:?}");
            self.simulate_outage(failures.len()).await;
        }
    }

    /// What happens after so many failures.
    async fn simulate_outage(&self, failures: usize) {
        let Some(outages) = &self.outages else { return };
        match failures {
            0 => outages.network.cut(),
            1 => {
                outages.database.cut();
                outages.network.restore();
            }
            _ => {
                outages.database.restore();
                let (http, ready) = (self.http.clone(), self.server.join("/health/ready").expect("a value"));
                let runtime = tokio::runtime::Handle::current();
                // Waiting borrows what it looks at, so it happens on a thread of its own.
                let waiting = tokio::task::spawn_blocking(move || {
                    let well = async || http.get(ready.clone()).send().await.ok()?.error_for_status().ok();
                    runtime.block_on(wait::until("the database to be back", well));
                });
                waiting.await.expect("it is back");
            }
        }
    }
}

/// A person signs in at the client, and is told how that went.
async fn signs_in(server: &ServerProcess, outages: Option<Outages>, outcome: &str) {
    let person = Person::named("alice");
    server.create_account(&person);
    let site = Elk::of(server, outages).site().await;
    let browser = Browser::open().await;
    browser.goto(&site.url("/signin")).await;
    browser.sign_in(&person).await;
    browser.approve().await;
    browser.reads(outcome).await;
    assert!(browser.url().await.as_str().starts_with(site.url("/api/").as_str()), "the browser is back at the client");
}

#[tokio::test]
async fn client_with_own_server_signs_in_and_redeems_code_as_json() {
    let server = ServerProcess::start().await;
    signs_in(&server, None, "Signed in as @alice after []").await;
}

#[tokio::test]
async fn token_request_retried_after_network_and_database_failure_succeeds_on_postgres() {
    let database = TestDatabase::create().await;
    let (database_proxy, url) = TcpProxy::before(&database.url());
    let server = ServerProcess::builder().set("database.url", url.as_str()).start().await;
    let (network, through) = TcpProxy::before(server.base_url());
    let outages = Outages { network, through, database: database_proxy };
    signs_in(&server, Some(outages), r#"Signed in as @alice after ["network", "503"]"#).await;
}
