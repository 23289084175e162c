//! Requests that no honest client sends: they are refused or cut off, never answered with a server error, and never
//! understood in two ways (security WEB-10, LOAD-6, LOAD-7, LOAD-13).

use std::time::Duration;

use futures_util::future::join_all;
use tests::ServerProcess;
use tests::http::{RawResponse, exchange};

/// A server that keeps the connection open is given some time.
async fn say(server: &ServerProcess, bytes: &[u8]) -> RawResponse {
    exchange(server.port(), bytes, Duration::from_secs(8)).await
}

async fn is_well(server: &mut ServerProcess) {
    let client = server.client();
    client.get("/health/ready").send().await.is(200);
    assert!(server.ended().is_none(), "the process ended");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

const INNER: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn request_smuggling_ambiguous_framing_is_refused_and_connection_closed() {
    let mut server = ServerProcess::start().await;
    let chunked = format!("0\r\n\r\n{INNER}");
    let length = chunked.len();
    let heads = [
        (format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), &chunked),
        (format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"), &chunked),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked".to_owned(), &chunked),
        (format!("Content-Length: 5\r\nContent-Length: {length}"), &chunked),
        (format!("Content-Length: {length}\r\nContent-Length: 5"), &chunked),
        (format!("Content-Length: 5, {length}"), &chunked),
        (format!("Content-Length: +{length}"), &chunked),
        (format!("Content-Length: -{length}"), &chunked),
        (format!("Content-Length: 0x{length:x}"), &chunked),
        (format!("Content-Length: {length}.0"), &chunked),
        ("Content-Length:".to_owned(), &chunked),
        ("Content-Length: 99999999999999999999999".to_owned(), &chunked),
        (format!("Content-Length : {length}"), &chunked),
        (format!(" Content-Length: {length}"), &chunked),
        (format!("Content-Length: \r\n {length}"), &chunked),
        (format!("Content\0-Length: {length}"), &chunked),
        ("Transfer-Encoding : chunked".to_owned(), &chunked),
        ("Transfer-Encoding: chunked, identity".to_owned(), &chunked),
        ("Transfer-Encoding: identity, chunked".to_owned(), &chunked),
        ("Transfer-Encoding: xchunked".to_owned(), &chunked),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked".to_owned(), &chunked),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity".to_owned(), &chunked),
        ("Transfer-Encoding: \u{b}chunked".to_owned(), &chunked),
        ("Transfer-Encoding: gzip".to_owned(), &chunked),
    ];
    let port = server.base_url().port().expect("a port");
    let said = join_all(heads.iter().map(|(head, body)| {
        let request = format!("POST /oauth/token HTTP/1.1\r\nHost: localhost:{port}\r\n{head}\r\n\r\n{body}");
        let server = &server;
        async move { (head, say(server, request.as_bytes()).await) }
    }))
    .await;
    let mut wrong = Vec::new();
    for (head, said) in said {
        let statuses = said.statuses();
        let refused =
            statuses.is_empty() || matches!(statuses[..], [status] if (400..500).contains(&status) || status == 501);
        if !refused || !said.closed {
            wrong.push(format!("{head:?}: {statuses:?}, {}", if said.closed { "closed" } else { "left open" }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    is_well(&mut server).await;
}

#[tokio::test]
async fn malformed_http_request_is_refused_and_connection_closed() {
    let mut server = ServerProcess::start().await;
    let post = "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = "x".repeat(300 * 1024);
    let many: String = (0..2_000).map(|number| format!("X-{number}: y\r\n")).collect();
    let requests = [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".repeat(40),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nbroken line\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n".to_owned(),
        "GET /\u{1}\u{2} HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: jwt={long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
        format!("{post}zz\r\nabc\r\n0\r\n\r\n"),
        format!("{post}-1\r\nabc\r\n0\r\n\r\n"),
        format!("{post}fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        format!("{post}{}1\r\na\r\n0\r\n\r\n", "0".repeat(300 * 1024)),
        format!("{post}5;{long}\r\nabcde\r\n0\r\n\r\n"),
        format!("{post}3\r\nabcdef\r\n0\r\n\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned() + &"\u{7f}".repeat(1_000),
    ];
    let said = join_all(requests.iter().map(|request| say(&server, request.as_bytes()))).await;
    let mut wrong = Vec::new();
    for (request, said) in requests.iter().zip(said) {
        let statuses = said.statuses();
        if statuses.iter().any(|status| *status >= 500) || statuses.contains(&200) || !said.closed {
            let start: String = request.chars().take(90).collect();
            wrong.push(format!("{start:?}: {statuses:?}, {}", if said.closed { "closed" } else { "left open" }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    is_well(&mut server).await;
    server.stop().expect("an end in time");
    assert!(server.log().contains("stopped panics=0"), "{}", server.log());
}

#[tokio::test]
async fn request_body_beyond_limit_is_refused_and_connection_closed() {
    let mut server = ServerProcess::start().await;
    let paths = [
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/authorize",
        "/api/v1/apps",
        "/api/auth/login",
        "/api/auth/redirect",
        "/api/auth/mastodon-logout",
        "/setup",
        "/nowhere",
        "/health",
    ];
    let kinds =
        ["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b", "text/plain"];
    let large = "a".repeat(200 * 1024);
    let chunks: String = large
        .as_bytes()
        .chunks(8 * 1024)
        .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), "a".repeat(chunk.len())))
        .collect();
    let mut calls = Vec::new();
    for path in paths {
        for kind in kinds {
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n");
            calls.push((path, kind, format!("{head}Content-Length: {}\r\n\r\n{large}", large.len())));
            calls.push((path, kind, format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")));
        }
    }
    let said = join_all(calls.iter().map(|(_, _, request)| say(&server, request.as_bytes()))).await;
    let mut wrong = Vec::new();
    for ((path, kind, _), said) in calls.iter().zip(said) {
        let statuses = said.statuses();
        let refused = match statuses[..] {
            [] => true,
            [status] => {
                status == 413
                    || (matches!(*path, "/nowhere" | "/health") && matches!(status, 404 | 405))
                    || status == 415
            }
            _ => false,
        };
        if !refused || !said.closed {
            wrong.push(format!("{path} {kind}: {statuses:?}, {}", if said.closed { "closed" } else { "left open" }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    is_well(&mut server).await;
}

#[tokio::test]
async fn request_body_within_limit_is_accepted() {
    let server = ServerProcess::start().await;
    let client = server.client();
    let padding = "a".repeat(60 * 1024);
    let form =
        [("client_name", "Large"), ("redirect_uris", "https://a.example/"), ("scopes", "read"), ("more", &padding)];
    client.post("/api/v1/apps").form(&form).send().await.is(200);
}
