//! PostgreSQL goes away while the server serves: 503 in the words of each surface, nothing else breaks, and all is well
//! again soon after it is back (running §5, security LOAD-4).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tests::app::SignedIn;
use tests::http::{Request, Response};
use tests::postgres::{Cluster, TestDatabase};
use tests::tcp_proxy::TcpProxy;
use tests::{App, Person, ServerProcess, TestClient, wait};

/// The longest that anybody waits for an answer while the database is away, and for good answers when it is back.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How a surface tells its errors.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Surface {
    OAuth,
    Api,
    Page,
}

/// Somebody in the middle of everything.
struct Fixture {
    client: TestClient,
    app: App,
    browser: SignedIn,
    code: String,
    token: String,
}

impl Fixture {
    async fn of(server: &ServerProcess) -> Self {
        let (client, ada) = (server.client(), Person::named("ada"));
        server.create_account(&ada);
        let app = client.register().await.expect("an app");
        let token = client.token(&ada, &app).await.expect("a token");
        let waiting = client.sign_in(&ada, &app).await.expect("signed in");
        let code = client.consent(&waiting, &app).await.expect("a code");
        let browser = client.sign_in(&ada, &app).await.expect("signed in");
        Self { client, app, browser, code, token }
    }

    /// One request to each surface that needs the database.
    fn calls(&self) -> Vec<(Surface, &'static str, Request)> {
        let (client, app) = (&self.client, &self.app);
        let with = |more: &[(&'static str, &'static str)]| [&app.credentials()[..], more].concat();
        let ask = app.authorize_query();
        let password = [("identifier", "ada"), ("password", "ada walks 7 dogs")];
        let registration = [("client_name", "N"), ("redirect_uris", "https://a.example/"), ("scopes", "read")];
        let login = format!("/api/auth/login?{ask}");
        vec![
            (Surface::OAuth, "token", client.post("/oauth/token").form(&with(&[("grant_type", "client_credentials")]))),
            (Surface::OAuth, "revoke", client.post("/oauth/revoke").form(&with(&[("token", "unknown")]))),
            (Surface::Api, "app", client.get("/api/v1/apps/verify_credentials").bearer(&self.token)),
            (Surface::Api, "account", client.get("/api/v1/accounts/verify_credentials").bearer(&self.token)),
            (Surface::Api, "apps", client.post("/api/v1/apps").form(&registration)),
            (Surface::Api, "login", client.post(&login).form(&password)),
            (Surface::Page, "login page", client.post(&login).form(&password).header("accept", "text/html")),
            (Surface::Page, "authorize", client.get(&format!("/oauth/authorize?{ask}")).header("accept", "text/html")),
            (
                Surface::Page,
                "authorize with a session",
                client.get(&format!("/oauth/authorize?{ask}")).header("accept", "text/html").session(&self.browser),
            ),
        ]
    }

    /// Makes all calls at once, several times over, and gives each answer with the time that it took.
    async fn call(&self, times: usize) -> Vec<(Surface, &'static str, Response, Duration)> {
        let calls = (0..times).flat_map(|_| self.calls()).map(|(surface, name, call)| async move {
            let begun = Instant::now();
            let answer = call.try_send().await.unwrap_or_else(|| panic!("{name} was not answered"));
            (surface, name, answer, begun.elapsed())
        });
        join_all(calls).await
    }

    /// Demands that everybody is told politely and in time.
    async fn assert_unavailable(&self) {
        let answers = self.call(3).await;
        let faults = answers.iter().flat_map(|(surface, name, answer, took)| {
            let faults = faults(*surface, answer, *took);
            faults.into_iter().map(move |fault| format!("{name}: {fault}: {} {}", answer.status, answer.body))
        });
        let faults: Vec<String> = faults.collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        let begun = Instant::now();
        self.client.get("/health").send().await.is(200);
        assert!(begun.elapsed() < Duration::from_secs(1), "liveness needs no database");
        let ready = self.client.get("/health/ready").send().await.is(503);
        assert_eq!(ready.json()["error"], "database");
        self.client.get("/.well-known/oauth-authorization-server").send().await.is(200);
    }

    /// Demands that all is well again in time, for everybody, without a restart.
    async fn recovers(&self, since: Instant) {
        let well =
            async || self.call(1).await.iter().all(|(_, _, answer, _)| answer.status.as_u16() < 400).then_some(());
        wait::until("good answers", well).await;
        assert!(since.elapsed() < RESPONSE_TIMEOUT, "well again after {:?}", since.elapsed());
        for (_, name, answer, _) in self.call(6).await {
            assert!(answer.status.as_u16() < 400, "{name}: {} {}", answer.status, answer.body);
        }
        self.client.get("/health/ready").send().await.is(200);
        assert_eq!(self.client.is_signed_in(&self.browser, &self.app).await, Some(true));
    }
}

/// What is wrong with an answer of a server whose database is away.
fn faults(surface: Surface, answer: &Response, took: Duration) -> Vec<&'static str> {
    let body = serde_json::from_str::<serde_json::Value>(&answer.body).unwrap_or_default();
    let retry_after = answer.header("retry-after").parse::<u64>();
    let inside = ["postgres", "diesel", "connection", "panicked"];
    let shape = match surface {
        Surface::OAuth => body["error"] == "temporarily_unavailable" && body["error_description"].is_string(),
        Surface::Api => body["error"].is_string() && body.as_object().is_some_and(|body| body.len() == 1),
        Surface::Page => answer.header("content-type").starts_with("text/html") && answer.body.contains("<h1"),
    };
    let faults = [
        (answer.status != 503, "not 503"),
        (took >= RESPONSE_TIMEOUT, "too late"),
        (!retry_after.is_ok_and(|seconds| (1..=60).contains(&seconds)), "no Retry-After"),
        (!shape, "not in the words of its surface"),
        (inside.iter().any(|word| answer.body.to_lowercase().contains(word)), "tells of the inside"),
    ];
    faults.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, fault)| fault).collect()
}

#[tokio::test]
async fn database_unreachable_after_stop_answers_503_and_recovers_on_postgres() {
    let cluster = Cluster::start();
    let mut server = ServerProcess::builder().set("database.url", cluster.url().as_str()).start().await;
    let fixture = Fixture::of(&server).await;
    for _ in 0..2 {
        cluster.stop();
        fixture.assert_unavailable().await;
        let refused = server.run(&["account", "list"], "");
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&refused.stderr).lines().count(), 1);
        cluster.start_again();
        fixture.recovers(Instant::now()).await;
    }
    // Nothing was spent while the database was away: the code still buys its token.
    fixture.client.redeem(&fixture.app, &fixture.code).await.expect("an answer").is(200);
    cluster.stop();
    let begun = Instant::now();
    assert_eq!(server.stop().expect("an end in time").code(), Some(0), "{}", server.log());
    assert!(begun.elapsed() < Duration::from_secs(15), "the end took {:?}", begun.elapsed());
}

#[tokio::test]
async fn database_unreachable_silent_network_answers_503_and_recovers_on_postgres() {
    let database = TestDatabase::create().await;
    let (proxy, url) = TcpProxy::before(&database.url());
    let server = ServerProcess::builder().set("database.url", url.as_str()).start().await;
    let fixture = Fixture::of(&server).await;
    proxy.silence();
    fixture.assert_unavailable().await;
    proxy.restore();
    fixture.recovers(Instant::now()).await;
    fixture.client.redeem(&fixture.app, &fixture.code).await.expect("an answer").is(200);
}
