//! nginx, HAProxy and Caddy in front of the server, set up as the guide says: pages, addresses, sizes, connections (faults A16, D6,
//! D13, F8). `habits` has what people do otherwise, `stopping` the end of a server.

mod habits;
mod stopping;

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::join_all;
use tests::client::TestClient;
use tests::http::{Request, Response, connect_tls, encode, query_of};
use tests::reverse_proxy::{Proxied, Proxy};
use tests::story::CookieJar;
use tests::tcp_proxy::TcpProxy;
use tests::{Person, wait};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Somebody who is no trusted proxy: another address of this machine.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

async fn with_ada(proxy: Proxy) -> (Proxied, Person) {
    let proxied = Proxied::start(proxy).await;
    let ada = Person::named("ada");
    proxied.server.create_account(&ada);
    (proxied, ada)
}

/// What a browser does on the pages, with the headers that tell of a browser; the outcome is the token.
async fn sign_in_on_pages(proxied: &Proxied, client: &TestClient, person: &Person) -> String {
    let origin = proxied.base_url().origin().ascii_serialization();
    let app = client.register().await.expect("an app");
    let request = app.authorization_request(&proxied.base_url());
    let mut jar = CookieJar::default();
    let page = client.get(request.url.as_str()).header("accept", "text/html").send().await.is(200);
    assert!(page.header("strict-transport-security").contains("max-age=31536000"), "{:?}", page.headers);
    cookies_are_secure(&page);
    jar.keep(&page);
    let form = [("identifier", &*person.username), ("password", &person.password)];
    let login = format!("/api/auth/login?{}", request.url.query().expect("a query"));
    let answer = client.post(&login).cookies(&jar).header("origin", &origin).form(&form).send().await.is(302);
    cookies_are_secure(&answer);
    assert!(answer.set_cookie("jwt").is_some());
    jar.keep(&answer);
    let consent = answer.location();
    assert_eq!((consent.origin().ascii_serialization(), consent.path()), (origin.clone(), "/oauth/consent"));
    let page = client.get(consent.as_str()).cookies(&jar).header("accept", "text/html").send().await.is(200);
    assert!(page.markup().contains("/api/auth/redirect"), "{}", page.body);
    let code = query_of(&consent, "code").expect("a code");
    let yes = [("client_id", &*app.client_id), ("redirect_uri", &app.redirect_uri), ("code", &code)];
    let yes = encode("/api/auth/redirect", &yes);
    // A browser tells the length of an empty body, too.
    let answer =
        client.post(&yes).cookies(&jar).header("origin", &origin).header("content-length", "0").send().await.is(302);
    let back = answer.location();
    assert_eq!(query_of(&back, "state"), Some(request.state.clone()));
    let code = query_of(&back, "code").expect("a code");
    let token = client.redeem_proven(&app, &request, &code).await.expect("a token");
    assert_eq!(client.account_of(&token).await.expect("an account")["username"], person.username.as_str());
    token
}

/// Over https every cookie is for this host alone (security WEB-1).
#[track_caller]
fn cookies_are_secure(answer: &Response) {
    for line in answer.headers.get_all("set-cookie") {
        let line = line.to_str().expect("text");
        assert!(line.contains("; Secure") && (line.starts_with("__Host-") || line.starts_with("jwt=")), "{line}");
    }
}

/// Where the server thinks that a refused sign-in comes from.
async fn source_of(proxied: &Proxied, client: &TestClient, headers: &[(&str, &str)]) -> String {
    let app = client.register().await.expect("an app");
    let form = [("identifier", "ada"), ("password", "a-wrong-password")];
    let call = client.post(&format!("/api/auth/login?{}", app.authorize_query())).form(&form);
    let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
    let id = call.send().await.is(302).header("x-request-id").to_owned();
    let line = wait::until("a line in the log", async || {
        let log = proxied.server.log();
        log.lines().find(|line| line.contains(&id) && line.contains("sign_in: refused")).map(str::to_owned)
    });
    let line = line.await;
    line.split(" source=").nth(1).and_then(|rest| rest.split(' ').next()).expect("a source").to_owned()
}

/// What strangers send so that somebody else is blamed, or so that links lead elsewhere.
const FORGED: [&[(&str, &str)]; 6] = [
    &[("x-forwarded-for", "203.0.113.9")],
    &[("x-forwarded-for", "127.0.0.1")],
    &[("x-forwarded-for", "127.0.0.1, 127.0.0.1"), ("x-real-ip", "203.0.113.9")],
    &[("x-forwarded-for", "unknown, unix:,,"), ("true-client-ip", "203.0.113.9")],
    &[("forwarded", "for=203.0.113.9;host=evil.example;proto=http"), ("client-ip", "203.0.113.9")],
    &[("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http"), ("x-forwarded-port", "80")],
];

/// The whole guide: pages, token, addresses, sizes.
async fn works_as_documented(proxy: Proxy) {
    let (proxied, ada) = with_ada(proxy).await;
    let stranger = proxied.client_from(STRANGER);
    let token = sign_in_on_pages(&proxied, &stranger, &ada).await;
    for forged in FORGED {
        assert_eq!(source_of(&proxied, &stranger, forged).await, STRANGER.to_string(), "{forged:?}");
        let with = |call: Request| forged.iter().fold(call, |call, (name, value)| call.header(name, value));
        let documents = [
            with(stranger.get("/.well-known/openid-configuration")).send().await.is(200).body,
            with(stranger.get("/api/v2/instance")).send().await.is(200).body,
            with(stranger.get("/account"))
                .header("accept", "text/html")
                .send()
                .await
                .is(302)
                .header("location")
                .to_owned(),
        ];
        assert!(
            !documents.concat().contains("evil.example") && !documents.concat().contains("http://"),
            "{documents:?}"
        );
    }
    sizes_are_the_servers(&proxied, &stranger, proxy).await;
    long_states_come_back(&stranger, &ada).await;
    assert_eq!(stranger.account_status(&token).await, Some(200));
    assert_eq!(proxied.server.complaints(), [""; 0]);
}

/// Large bodies and heads are answered by the server, in its words.
async fn sizes_are_the_servers(proxied: &Proxied, client: &TestClient, proxy: Proxy) {
    let form = "application/x-www-form-urlencoded";
    let post = async |size: usize| client.post("/oauth/token").body(form, "x".repeat(size)).send().await;
    for size in [66_000, 100_000] {
        let answer = post(size).await.is(413);
        assert!(answer.json()["error"].is_string(), "{}", answer.body);
    }
    // What the proxy refuses itself is refused all the same.
    post(2_000_000).await.is(413);
    if proxy != Proxy::Nginx {
        assert!(post(2_000_000).await.json()["error"].is_string());
    }
    let head = client.get(&format!("/api/v1/instance?more={}", "x".repeat(11_000))).send().await;
    assert_eq!(head.status, 200, "{}", head.body);
    let cookie = client.get("/api/v1/instance").header("cookie", &format!("a={}", "x".repeat(9_000))).send().await;
    assert_eq!(cookie.status, 200, "{}", cookie.body);
    assert_eq!(client.get("/health").send().await.status, 200, "{}", proxied.log());
}

/// A `state` as long as it may be comes back through the proxy, three times as long where it is no ASCII (faults A16).
async fn long_states_come_back(client: &TestClient, person: &Person) {
    let app = client.register().await.expect("an app");
    for state in ["x".repeat(4_000), "é".repeat(1_900)] {
        let signed_in =
            client.sign_in_with(person, &app.authorize_query_with(&[("state", &state)])).await.expect("an answer");
        assert_eq!(query_of(&signed_in.consent, "state").as_deref(), Some(&*state));
        let answer = client.decide(&signed_in, &app).await.expect("an answer").is(302);
        assert_eq!(query_of(&answer.location(), "state").as_deref(), Some(&*state));
    }
}

#[tokio::test]
async fn nginx_as_documented_brings_pages_addresses_and_sizes() {
    works_as_documented(Proxy::Nginx).await;
}

#[tokio::test]
async fn haproxy_as_documented_brings_pages_addresses_and_sizes() {
    works_as_documented(Proxy::Haproxy).await;
}

#[tokio::test]
async fn caddy_as_documented_brings_pages_addresses_and_sizes() {
    works_as_documented(Proxy::Caddy).await;
}

/// The connections between proxy and server are kept, and the proxy is the first to close them: no request meets one that the
/// server is just closing.
async fn connections_are_kept(proxy: Proxy) {
    let (mut proxied, _) = with_ada(proxy).await;
    let counted = TcpProxy::to(&format!("127.0.0.1:{}", proxied.server.port()));
    proxied.configure(&[("127.0.0.1:8080", &format!("127.0.0.1:{}", counted.port()))]).await;
    let client = proxied.client_from(STRANGER);
    let app = client.register().await.expect("an app");
    let before = counted.connections();
    for _ in 0..200 {
        client.own_token(&app).await.expect("an answer").is(200);
    }
    let made = counted.connections() - before;
    assert!(made < 20, "{made} connections for 200 requests");
    // Again and again at the moment at which the server closes what is idle.
    let lanes = (0..24_u64).map(|lane| {
        let (client, app) = (proxied.client_from(STRANGER), app.clone());
        async move {
            client.own_token(&app).await.expect("an answer").is(200);
            tokio::time::sleep(Duration::from_millis(4_950 + 5 * lane)).await;
            client.own_token(&app).await.expect("an answer").is(200);
        }
    });
    join_all(lanes).await;
}

#[tokio::test]
async fn nginx_keeps_connections_and_closes_them_first() {
    connections_are_kept(Proxy::Nginx).await;
}

#[tokio::test]
async fn haproxy_keeps_connections_and_sees_them_closed() {
    connections_are_kept(Proxy::Haproxy).await;
}

#[tokio::test]
async fn caddy_keeps_connections_and_closes_them_first() {
    connections_are_kept(Proxy::Caddy).await;
}

#[tokio::test]
async fn haproxy_passes_on_the_answer_to_a_body_that_never_ends() {
    let proxied = Proxied::start(Proxy::Haproxy).await;
    let mut stream = connect_tls(proxied.port(), proxied.ca(), "http/1.1").await;
    let head = "POST /api/v1/apps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    stream.write_all(format!("{head}Content-Length: 500\r\n\r\nclient_name=").as_bytes()).await.expect("sent");
    let mut said = vec![0; 4_000];
    let read = tokio::time::timeout(Duration::from_secs(36), stream.read(&mut said)).await;
    let read = read.expect("an answer in time").expect("an answer");
    let text = String::from_utf8_lossy(&said[..read]).into_owned();
    assert!(text.starts_with("HTTP/1.1 4") && text.contains("x-request-id"), "{text}");
}
