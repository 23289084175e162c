//! What no route of the server answers is asked of the frontend, in redirect mode (Lysand §13.1, security WEB-12): pages
//! arrive as they are, credentials stay here, nobody chooses the target, and a frontend that fails disturbs nobody else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use reqwest::Method;
use tests::folder::temporary;
use tests::frontend::{Frontend, LONG, PAGE, TAG};
use tests::http::{Request, Response, exchange};
use tests::server::{free_port, run_in, stdout};
use tests::{Person, ServerProcess, wait};
use tokio::net::{TcpListener, TcpStream};

async fn server_of(origin: &str) -> ServerProcess {
    ServerProcess::builder().set("frontend.mode", "redirect").set("frontend.url", origin).start().await
}

async fn server_and_frontend() -> (ServerProcess, Frontend) {
    let frontend = Frontend::start().await;
    (server_of(&frontend.origin()).await, frontend)
}

fn ask(server: &ServerProcess, method: Method, path: &str) -> Request {
    server.client().call(method, path)
}

async fn get(server: &ServerProcess, path: &str) -> Response {
    ask(server, Method::GET, path).try_send().await.expect("a response")
}

/// Sends these very bytes and reads until the server closes.
async fn say(server: &ServerProcess, line: &str, host: &str) -> String {
    let request = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    exchange(server.port(), request.as_bytes(), Duration::from_secs(12)).await.text
}

#[tokio::test]
async fn frontend_fallback_forwards_page_and_strips_credentials() {
    let (server, frontend) = server_and_frontend().await;
    let call = ask(&server, Method::GET, "/@ada/1?tab=replies&q=%2F%2Fevil")
        .header("cookie", "jwt=secret; sso_x=secret")
        .header("authorization", "Bearer secret")
        .header("proxy-authorization", "Basic secret")
        .header("x-forwarded-for", "198.51.100.7, secret")
        .header("x-forwarded-host", "secret.example")
        .header("forwarded", "for=secret")
        .header("referer", "https://secret.example/")
        .header("origin", "https://secret.example")
        .header("x-api-key", "secret")
        .header("accept", "text/html")
        .header("accept-language", "de")
        .header("accept-encoding", "br")
        .header("if-modified-since", "Sat, 21 Nov 2020 21:00:00 GMT")
        .header("user-agent", "A browser");
    let answer = call.send().await.is(200);
    assert_eq!(answer.body, PAGE);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-language", "en"),
        ("etag", TAG),
        ("last-modified", "Sat, 21 Nov 2026 21:00:00 GMT"),
        ("accept-ranges", "bytes"),
        ("vary", "accept-encoding"),
        ("cache-control", "public, max-age=60"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies, ["script-src 'self'", "img-src *"], "the frontend's own, and not ours");
    for name in [
        "set-cookie",
        "strict-transport-security",
        "x-powered-by",
        "access-control-allow-origin",
        "clear-site-data",
        "refresh",
        "www-authenticate",
        "x-hop",
        "location",
    ] {
        assert!(answer.headers.get(name).is_none(), "{name}: {:?}", answer.headers);
    }

    let asked = frontend.requests();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /@ada/1?tab=replies&q=%2F%2Fevil HTTP/1.1\r\n"), "{asked:?}");
    assert!(!asked[0].contains("secret") && asked[0].contains(&format!("host: {}\r\n", frontend.authority())));
    let told: BTreeSet<&str> = asked[0].lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let wanted = ["accept", "accept-encoding", "accept-language", "host", "if-modified-since", "user-agent", "via"];
    assert_eq!(told, BTreeSet::from(wanted));
}

#[tokio::test]
async fn frontend_fallback_over_tls_sends_own_hsts_header_only() {
    let frontend = Frontend::start().await;
    let builder = ServerProcess::builder().with_tls().set("frontend.mode", "redirect");
    let server = builder.set("frontend.url", &frontend.origin()).start().await;
    let answer = get(&server, "/page").await.is(200);
    assert_eq!(answer.body, PAGE);
    let promises: Vec<_> = answer.headers.get_all("strict-transport-security").iter().collect();
    assert_eq!(promises, ["max-age=31536000"]);
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn frontend_fallback_supports_head_conditional_and_range_requests() {
    let (server, frontend) = server_and_frontend().await;
    let answer = ask(&server, Method::HEAD, "/page").send().await.is(200);
    assert_eq!((answer.header("content-length"), answer.body.as_str()), (PAGE.len().to_string().as_str(), ""));
    assert!(frontend.requests()[0].starts_with("HEAD /page HTTP/1.1\r\n"));
    let known = ask(&server, Method::GET, "/page").header("if-none-match", TAG);
    let answer = known.send().await.is(304);
    assert_eq!((answer.header("etag"), answer.body.as_str()), (TAG, ""));
    let part = ask(&server, Method::GET, "/page").header("range", "bytes=0-4");
    let answer = part.send().await.is(206);
    assert_eq!(answer.header("content-range"), format!("bytes 0-4/{}", PAGE.len()));
    assert_eq!(answer.body, PAGE[..5]);
    // What the frontend leaves open is closed here: no framing, nothing kept for long.
    let answer = get(&server, "/bare").await.is(404);
    assert_eq!(answer.body, "bare");
    assert_eq!(answer.header("content-security-policy"), "frame-ancestors 'none'");
    assert_eq!(answer.header("cache-control"), "no-cache");
    let long = ask(&server, Method::GET, "/long").open(Duration::from_secs(60)).await;
    assert_eq!(long.content_length(), u64::try_from(LONG).ok());
    assert_eq!(long.bytes().await.expect("all of it").len(), LONG);
}

#[tokio::test]
async fn frontend_fallback_never_forwards_own_routes_or_unsafe_methods() {
    let (server, frontend) = server_and_frontend().await;
    for path in ["/", "/account", "/health", "/health/ready", "/api/v2/instance", "/assets/style.css", "/setup?token=x"]
    {
        let answer = get(&server, path).await;
        assert!(!answer.body.contains("A page of the frontend"), "{path}");
    }
    for path in [
        "/api",
        "/api/",
        "/api/v1/timelines/home",
        "/%61pi/v1/nothing",
        "/oauth",
        "/oauth/nothing",
        "/.well-known",
        "/.well-known/webfinger",
    ] {
        let answer = get(&server, path).await.is(404);
        assert_eq!(answer.json(), serde_json::json!({ "error": "Not Found" }), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = ask(&server, method.clone(), "/page").bare_body("x").send().await.is(404);
        assert_eq!(answer.json()["error"], "Not Found", "{method}");
    }
    ask(&server, Method::OPTIONS, "/page").header("origin", "https://web.example").send().await;
    assert_eq!(frontend.requests(), [""; 0]);
    assert_eq!(get(&server, "/assets/app.js").await.is(200).body, PAGE, "a frontend has files of its own");
    let to_register = get(&server, "/register").await.is(302);
    assert_eq!(to_register.header("location"), format!("{}/register", frontend.origin()), "people sign up there");
    let pages = ServerProcess::builder().set("frontend.url", &frontend.origin()).start().await;
    frontend.requests();
    get(&pages, "/page").await.is(404);
    assert_eq!(frontend.requests(), [""; 0], "only in redirect mode");
}

#[tokio::test]
async fn frontend_fallback_request_cannot_choose_target_origin() {
    let (server, frontend) = server_and_frontend().await;
    let evil = Frontend::start().await;
    let (there, here) = (evil.authority(), server.base_url().authority().to_owned());
    for target in [
        format!("//{there}/x"),
        format!("///{there}/x"),
        format!("/\\{there}/x"),
        format!("\\\\{there}/x"),
        "/a/../x".into(),
        "/../x".into(),
        "/a/%2e%2E/x".into(),
        "/a%2fb".into(),
        "/%2F%2fevil".into(),
        "/a%5cb".into(),
        "/x%0d%0aset-cookie:%20a=b".into(),
        "/a%00b".into(),
        "/a%zz".into(),
        format!("@{there}/x"),
        format!(":80@{there}/x"),
        format!("http://{there}//{there}/x"),
    ] {
        let said = say(&server, &format!("GET {target}"), &here).await;
        let status = said.get(9..12).unwrap_or_default();
        assert!(matches!(status, "400" | "404"), "{target}: {said}");
    }
    assert_eq!(frontend.requests(), [""; 0]);

    for (line, host) in [
        (format!("GET http://{there}/x?y"), there.as_str()),
        (format!("GET http://user:pass@{there}/x?y"), &here),
        (format!("GET https://{there}/x?y"), "evil.example"),
        ("GET /x?y".to_owned(), &there),
        ("GET /x?y".to_owned(), "evil.example"),
    ] {
        let said = say(&server, &line, host).await;
        let asked = frontend.requests();
        if said.starts_with("HTTP/1.1 400") {
            assert_eq!(asked, [""; 0], "{line}");
            continue;
        }
        assert!(said.starts_with("HTTP/1.1 200") && asked.len() == 1, "{line}: {said}");
        assert!(asked[0].starts_with("GET /x?y HTTP/1.1\r\n"), "{asked:?}");
        assert!(asked[0].contains(&format!("host: {}\r\n", frontend.authority())), "{asked:?}");
        assert!(!asked[0].contains(&there) && !asked[0].contains("evil"), "{asked:?}");
    }
    assert_eq!(evil.requests(), [""; 0], "nobody was sent there");
}

#[tokio::test]
async fn frontend_fallback_redirect_is_rewritten_to_own_origin_or_502() {
    let (server, frontend) = server_and_frontend().await;
    let own = server.base_url().origin().ascii_serialization();
    let redirect = async |to: &str| {
        let query = form_urlencoded::byte_serialize(to.as_bytes()).collect::<String>();
        get(&server, &format!("/redirect?{query}")).await
    };
    for (to, wanted) in [
        ("/there?a=b#c".to_owned(), "/there?a=b#c"),
        ("there".into(), "/there"),
        (format!("{}/there", frontend.origin()), "/there"),
        (format!("{own}/there"), "/there"),
    ] {
        let answer = redirect(&to).await.is(302);
        assert_eq!(answer.header("location"), format!("{own}{wanted}"), "{to}");
    }
    for to in
        ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "http://127.0.0.1:1/"]
    {
        let answer = redirect(to).await.is(502);
        assert!(answer.headers.get("location").is_none(), "{to}");
    }
    let log = server.log();
    assert!(log.contains("redirects to another origin") && !log.contains("evil.example"), "{log}");
}

#[tokio::test]
async fn frontend_fallback_long_answer_respects_backpressure() {
    let (server, frontend) = server_and_frontend().await;
    let mut answer = ask(&server, Method::GET, "/endless").open(wait::TIMEOUT).await;
    answer.chunk().await.expect("a piece").expect("not the end");
    // Nobody reads on: the frontend is not drained into this server's memory.
    let mut before = u64::MAX;
    let still = wait::within(wait::TIMEOUT, async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = frontend.sent();
        (std::mem::replace(&mut before, now) == now).then_some(now)
    });
    let taken = still.await.expect("the frontend has to wait");
    assert!(taken < 32 * 1024 * 1024, "{taken} bytes were taken");
    // The browser reads on, and it flows again.
    for _ in 0..512 {
        answer.chunk().await.expect("a piece").expect("not the end");
    }
    wait::until("more to flow", async || (frontend.sent() > taken).then_some(())).await;
    // The browser goes away, and nobody keeps the frontend busy.
    drop(answer);
    wait::until("the frontend to be left alone", async || (frontend.busy() == 0).then_some(())).await;
    assert_eq!(get(&server, "/page").await.is(200).body, PAGE);
}

#[tokio::test]
async fn frontend_fallback_stalled_or_broken_answer_is_cut_off() {
    let (server, frontend) = server_and_frontend().await;
    let ends = async |path: &str, longest: u64| {
        let begun = Instant::now();
        let answer = ask(&server, Method::GET, path).open(Duration::from_secs(40)).await;
        assert_eq!(answer.status(), 200, "{path}");
        let body = answer.bytes().await;
        assert!(body.is_err(), "{path} is no whole answer: {body:?}");
        assert!(begun.elapsed() < Duration::from_secs(longest), "{path}: {:?}", begun.elapsed());
    };
    let told = || server.log().matches("in the middle of an answer: look after it").count();
    // Both have begun well before the first is cut off: that is one failure. The good head of the next one ends it.
    tokio::join!(ends("/stalls", 20), ends("/stalls-chunked", 20));
    wait::until("the log to tell", async || (told() > 0).then_some(())).await;
    assert_eq!(told(), 1, "{}", server.log());
    ends("/breaks", 5).await;
    wait::until("the frontend to be left alone", async || (frontend.busy() == 0).then_some(())).await;
    wait::until("the log to tell once more", async || (told() > 1).then_some(())).await;
    assert_eq!(told(), 2, "{}", server.log());
}

#[tokio::test]
async fn frontend_unreachable_answers_502_logs_once_and_recovers() {
    let port = free_port();
    let origin = format!("http://127.0.0.1:{port}");
    let server = server_of(&origin).await;
    for _ in 0..3 {
        let answer = get(&server, "/page").await.is(502);
        let words = "The part of this site that shows it does not answer. Please try again later.";
        assert_eq!(answer.json(), serde_json::json!({ "error": words }));
        assert!(!answer.body.contains(&origin) && !answer.header("retry-after").is_empty());
    }
    let call = ask(&server, Method::GET, "/page").header("accept", "text/html,*/*").header("accept-language", "de");
    let page = call.send().await.is(502);
    assert!(page.header("content-type").starts_with("text/html") && page.body.contains("kann nicht gezeigt werden"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"), "a page of ours");
    let lines = |word: &str| server.log().lines().filter(|line| line.contains(word)).count();
    assert_eq!(lines("cannot be reached: start it, or mend frontend.url"), 1, "{}", server.log());

    let frontend = Frontend::start_on(port).await;
    get(&server, "/page").await.is(200);
    assert_eq!(lines("the frontend answers again"), 1, "{}", server.log());
    get(&server, "/garbage").await.is(502);
    assert_eq!(lines("cannot be reached"), 2, "{}", server.log());
    drop(frontend);
}

#[tokio::test]
async fn frontend_fallback_timeout_answers_504_and_blocks_no_other_requests() {
    let (server, frontend) = server_and_frontend().await;
    let (client, ada) = (server.client(), Person::named("ada"));
    server.create_account(&ada);
    let begun = Instant::now();
    let waiting = join_all((0..300).map(|_| async {
        let answer = get(&server, "/silent").await;
        (answer.status.as_u16(), begun.elapsed())
    }));
    let honest = async {
        wait::until("all places to be taken", async || (frontend.busy() >= 256).then_some(())).await;
        let begun = Instant::now();
        let app = client.register().await.expect("an app");
        client.token(&ada, &app).await.expect("a token");
        client.get("/health/ready").send().await.is(200);
        begun.elapsed()
    };
    let (answers, took) = join(waiting, honest).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let of = |status: u16| answers.iter().filter(|(found, _)| *found == status).count();
    assert_eq!((of(504), of(503)), (256, 44), "{answers:?}");
    assert!(answers.iter().all(|(_, took)| *took < Duration::from_secs(10)), "{answers:?}");
    get(&server, "/page").await.is(200);
    assert_eq!(server.log().matches("takes too long").count(), 1, "{}", server.log());
}

#[tokio::test]
async fn frontend_fallback_loop_is_refused_by_config_or_answered_508() {
    let folder = temporary("frontend");
    let base = "https://social.example";
    for url in ["http://localhost:8080", "http://127.0.0.1:8080"] {
        let settings = [("frontend.mode", "redirect"), ("frontend.url", url), ("http.base_url", base)];
        let output = run_in(folder.path(), &settings, &["check-config"], "");
        let told = stdout(&output);
        assert_eq!(output.status.code(), Some(2), "{url}: {told}");
        assert!(told.contains("frontend.url") && told.contains("the frontend's own"), "{url}: {told}");
    }

    // A name that leads back by a detour, which no check of the configuration can see.
    let detour = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", detour.local_addr().expect("an address"));
    let server = server_of(&origin).await;
    let port = server.port();
    let relay = tokio::spawn(async move {
        while let Ok((mut one, _)) = detour.accept().await {
            let mut other = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
            tokio::spawn(async move { drop(tokio::io::copy_bidirectional(&mut one, &mut other).await) });
        }
    });
    let answer = get(&server, "/page").await.is(508);
    assert!(answer.body.contains("leads back"), "{}", answer.body);
    assert_eq!(server.log().matches("leads back to this server").count(), 1, "{}", server.log());
    relay.abort();
}

#[tokio::test]
async fn frontend_gets_paths_with_doubled_slashes_untouched() {
    let (server, frontend) = server_and_frontend().await;
    // One that begins with two slashes could name another host, and is refused (above).
    for path in ["/@ada//1?x=//y", "/a///b//", "/assets//theirs.css", "/@ada"] {
        get(&server, path).await.is(200);
        let asked = frontend.requests();
        assert!(asked.last().is_some_and(|asked| asked.starts_with(&format!("GET {path} HTTP/1.1\r\n"))), "{asked:?}");
    }
    // Ours are answered here (faults A3).
    let before = frontend.requests().len();
    get(&server, "//api/v1/instance").await.is(200);
    get(&server, "/api//v1/apps/verify_credentials").await.is(401);
    get(&server, "/assets//style.css").await.is(200);
    assert_eq!(frontend.requests().len(), before);
}

#[tokio::test]
async fn service_worker_script_is_refused_unless_setting_allows_it() {
    let (server, frontend) = server_and_frontend().await;
    let script = |server: &ServerProcess, path: &str| {
        let call = ask(server, Method::GET, path).header("service-worker", "script");
        call.header("sec-fetch-dest", "serviceworker").header("accept", "*/*")
    };
    for path in ["/sw.js", "/", "/assets/copy.js", "/oauth/authorize", "/api/v1/instance"] {
        script(&server, path).send().await.is(403);
    }
    get(&server, "/sw.js").await.is(200);
    let origin = frontend.origin();
    let allowing = ServerProcess::builder().set("frontend.mode", "redirect").set("frontend.url", &origin);
    let allowing = allowing.set("frontend.service_worker", "true").start().await;
    script(&allowing, "/sw.js").send().await.is(200);
    // Without a frontend there is none to allow.
    let pages = ServerProcess::builder().start().await;
    script(&pages, "/assets/copy.js").send().await.is(403);
}
