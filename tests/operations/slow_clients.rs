//! Clients that never finish are let go in time, and cost the others nothing (security LOAD-6).

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use tests::ServerProcess;
use tests::http::connect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// When the server must have ended a connection whose head never ends; ten seconds, and some for a busy machine.
const HEAD: Duration = Duration::from_secs(14);
/// The same for a body; thirty seconds.
const BODY: Duration = Duration::from_secs(34);

/// Says something now, then a little more every second, until the server has had enough; how long that took and what it
/// said.
async fn trickle_in(server: &ServerProcess, first: &str, more: &str, limit: Duration) -> (Duration, String) {
    let begun = Instant::now();
    let (mut read, mut write) = connect(server.port()).await.into_split();
    write.write_all(first.as_bytes()).await.expect("sent");
    let trickle = async {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        while !more.is_empty() {
            second.tick().await;
            if write.write_all(more.as_bytes()).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    tokio::select! {
        _ = tokio::time::timeout(limit, read.read_to_end(&mut said)) => {}
        () = trickle => {}
    }
    (begun.elapsed(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn slow_clients_with_unfinished_request_are_disconnected_in_time() {
    let mut server = ServerProcess::start().await;
    let post = "POST /api/v1/apps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let with_length = format!("{post}Content-Length: 5000\r\n\r\nclient_name=");
    let chunked = format!("{post}Transfer-Encoding: chunked\r\n\r\n");
    let heads = [
        ("", ""),
        ("GET", ""),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n", ""),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n", "X-More: y\r\n"),
        ("GET /", "a"),
    ];
    let bodies = [(with_length.as_str(), ""), (&with_length, "a"), (&chunked, "1\r\na\r\n")];
    let slow_heads = join_all(heads.iter().map(|(first, more)| trickle_in(&server, first, more, HEAD)));
    let slow_bodies = join_all(bodies.iter().map(|(first, more)| trickle_in(&server, first, more, BODY)));
    let honest = async {
        let client = server.client();
        for _ in 0..50 {
            let begun = Instant::now();
            client.get("/health").send().await.is(200);
            assert!(begun.elapsed() < Duration::from_secs(2), "others wait {:?}", begun.elapsed());
        }
    };
    let (ended, ()) = join(join(slow_heads, slow_bodies), honest).await;
    for ((first, more), (took, said)) in heads.iter().zip(ended.0) {
        assert!(took < HEAD, "{first:?} {more:?} is still connected after {took:?}: {said}");
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{first:?} {more:?}: {said}");
    }
    for ((first, more), (took, said)) in bodies.iter().zip(ended.1) {
        assert!(took < BODY, "{first:?} {more:?} is still connected after {took:?}: {said}");
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{first:?} {more:?}: {said}");
    }
    assert!(server.ended().is_none());
}

#[tokio::test]
async fn slow_clients_with_unfinished_tls_handshake_are_disconnected_in_time() {
    let server = ServerProcess::builder().with_tls().start().await;
    let (took, said) = trickle_in(&server, "\u{16}\u{3}\u{1}", "", HEAD).await;
    assert!(took < HEAD && !said.starts_with("HTTP"), "still connected after {took:?}: {said}");
    server.client().get("/health").send().await.is(200);
}
