//! Heads, headers, declared lengths and the number of connections are limited before the framework or the application has work
//! with them, and ordinary clients do not notice (faults F2, F16).

use std::time::{Duration, Instant};

use tests::ServerProcess;
use tests::http::{connect, exchange};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn statuses(server: &ServerProcess, request: &str) -> (Vec<u16>, bool) {
    let answer = exchange(server.port(), request.as_bytes(), Duration::from_secs(8)).await;
    (answer.statuses(), answer.closed)
}

#[tokio::test]
async fn request_head_beyond_limit_is_refused_without_panic() {
    let mut server = ServerProcess::start().await;
    let head = |more: &str| format!("GET /health HTTP/1.1\r\nHost: a\r\n{more}\r\n\r\n");
    let many: String = (0..3_000).map(|number| format!("X-{number}: y\r\n")).collect();
    for (more, wanted) in [
        (format!("{}: v", "n".repeat(70_000)), 431),
        (format!("{}: v", "n".repeat(65_536)), 431),
        (format!("{}: v", "n".repeat(257)), 431),
        ("n".repeat(100_000), 431),
        (format!("X: {}", "v".repeat(33_000)), 431),
        (many, 431),
        (format!("{}: v", "n".repeat(256)), 200),
        (format!("X: {}", "v".repeat(30_000)), 200),
        ("Authorization: Bearer a\r\nAuthorization: Bearer b".to_owned(), 400),
        ("Authorization: Bearer a\r\nauthorization: Bearer a".to_owned(), 400),
        ("Host: b".to_owned(), 400),
        ("Content-Type: a/b\r\nContent-Type: a/b".to_owned(), 400),
        ("Content-Length: 0\r\nContent-Length: 0".to_owned(), 400),
    ] {
        let more = if wanted == 200 { format!("{more}\r\nConnection: close") } else { more };
        let start: String = more.chars().take(60).collect();
        assert_eq!(statuses(&server, &head(&more)).await, (vec![wanted], true), "{start}");
    }
    let long_line = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(40_000));
    assert_eq!(statuses(&server, &long_line).await, (vec![431], true));
    let (status, closed) = statuses(&server, &"\r\n".repeat(20_000)).await;
    assert!(status == [431] && closed);
    server.client().get("/health").send().await.is(200);
    assert!(server.ended().is_none() && !server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn request_body_declared_beyond_limit_is_refused_at_once() {
    let server = ServerProcess::start().await;
    for path in ["/oauth/token", "/api/v1/apps", "/api/auth/login", "/oauth/revoke"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 10737418240\r\n\r\n",
            server.port()
        );
        let begun = Instant::now();
        let (statuses, closed) = statuses(&server, &head).await;
        assert_eq!((statuses, closed), (vec![413], true), "{path}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{path}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn request_body_without_end_is_not_read_after_it_was_refused() {
    let server = ServerProcess::start().await;
    for path in ["/oauth/token", "/health", "/nowhere", "/assets/style.css"] {
        for method in ["POST", "GET"] {
            let mut connection = connect(server.port()).await;
            let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
            connection.write_all(head.as_bytes()).await.expect("sent");
            let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
            let (_read, mut write) = connection.split();
            let sending = async { while write.write_all(chunk.as_bytes()).await.is_ok() {} };
            assert!(timeout(Duration::from_secs(5), sending).await.is_ok(), "{method} {path} is read on and on");
        }
    }
}

/// Reads answers on a connection until so many have come.
async fn read_answers(connection: &mut TcpStream, number: usize) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while text.matches("HTTP/1.1 ").count() < number || !text.ends_with('}') {
        let read = timeout(Duration::from_secs(5), connection.read(&mut buffer)).await;
        let length = read.unwrap_or_else(|_| panic!("{number} answers in time: {text}")).expect("answers");
        assert!(length > 0, "closed too early: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    text
}

#[tokio::test]
async fn keep_alive_pipelining_and_slow_uploads_work() {
    let server = ServerProcess::start().await;
    let mut connection = connect(server.port()).await;
    let get = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..20 {
        connection.write_all(get.as_bytes()).await.expect("sent");
        assert!(read_answers(&mut connection, 1).await.starts_with("HTTP/1.1 200"));
    }
    let post = |body: &str| {
        format!(
            "POST /api/v1/apps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let form = "client_name=Pipe&redirect_uris=https://a.example/&scopes=read";
    let chunked = "POST /api/v1/apps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                   Transfer-Encoding: chunked\r\n\r\n";
    let chunks = format!("{chunked}{:x}\r\n{form}\r\n0\r\n\r\n", form.len());
    let several =
        format!("{get}{}{get}{chunks}{}{get}", post(form), post(&format!("{form}&more={}", "a".repeat(60_000))));
    connection.write_all(several.as_bytes()).await.expect("sent");
    let answers = read_answers(&mut connection, 6).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 6, "{answers}");
    assert_eq!(answers.matches("\"Pipe\"").count(), 3, "{answers}");
    for piece in several.as_bytes().chunks(997) {
        connection.write_all(piece).await.expect("sent");
        tokio::task::yield_now().await;
    }
    assert_eq!(read_answers(&mut connection, 6).await.matches("HTTP/1.1 200").count(), 6);
    let query = format!("/oauth/authorize?response_type=code&state={}", "s".repeat(3_000));
    assert!(server.client().get(&query).send().await.status.as_u16() < 431);
}

/// Whether the server still holds the connection.
async fn is_open(connection: &mut TcpStream) -> bool {
    timeout(Duration::from_millis(300), connection.read(&mut [0; 1])).await.is_err()
}

#[tokio::test]
async fn connections_of_one_address_are_limited_and_those_of_proxies_are_not() {
    let builder = ServerProcess::builder().set("http.max_connections_per_address", "5");
    let server = builder.set("http.trusted_proxies", "[\"192.0.2.1\"]").start().await;
    let mut connections = Vec::new();
    for _ in 0..9 {
        connections.push(connect(server.port()).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut open = Vec::new();
    for connection in &mut connections {
        open.push(is_open(connection).await);
    }
    assert_eq!(open, [false, false, false, false, true, true, true, true, true]);
    server.client().get("/health").send().await.is(200);

    let server = ServerProcess::builder().set("http.max_connections_per_address", "5").start().await;
    let mut connections = futures_util::future::join_all((0..9).map(|_| connect(server.port()))).await;
    for connection in &mut connections {
        assert!(is_open(connection).await, "the loopback addresses are those of a proxy by default");
    }
}

#[tokio::test]
async fn stalled_connections_make_room_for_new_ones() {
    let server = ServerProcess::builder().set("http.max_connections", "20").start().await;
    let mut stalled = Vec::new();
    for _ in 0..60 {
        let mut connection = connect(server.port()).await;
        connection.write_all(b"GET /he").await.expect("sent");
        stalled.push(connection);
    }
    for _ in 0..20 {
        let begun = Instant::now();
        server.client().get("/health").send().await.is(200);
        assert!(begun.elapsed() < Duration::from_secs(1), "a new client waits {:?}", begun.elapsed());
    }
}
