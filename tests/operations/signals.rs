//! The end of the process: what runs is finished, what waits is let go, a second signal is the last word (running §5,
//! security LOAD-10).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::http::connect;
use tests::{ServerProcess, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FORM: &str = "client_name=Late&redirect_uris=https%3A%2F%2Fapp.example%2Fcb&scopes=read";

/// A registration whose body has only begun to arrive.
async fn half_a_request(server: &ServerProcess) -> TcpStream {
    let mut stream = connect(server.port()).await;
    let head = format!(
        "POST /api/v1/apps HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        FORM.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The server asks for the body, so the request is in its hands.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.expect("an interim answer");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&FORM.as_bytes()[..10]).await.expect("sent");
    stream
}

async fn no_longer_accepts(server: &ServerProcess) {
    let port = server.port();
    let refused = async || TcpStream::connect(("127.0.0.1", port)).await.is_err().then_some(());
    wait::until("new connections to be refused", refused).await;
}

#[tokio::test]
async fn shutdown_finishes_request_in_flight_and_exits_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = ServerProcess::start().await;
        let mut stream = half_a_request(&server).await;
        let _idle = connect(server.port()).await;
        server.signal(signal);
        no_longer_accepts(&server).await;
        assert!(server.ended().is_none(), "it waits for the request");

        stream.write_all(&FORM.as_bytes()[10..]).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the answer, then the end of the connection");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
        assert!(answer.contains("\"client_secret\""), "{answer}");

        let begun = Instant::now();
        let status = server.wait().expect("an end in time");
        assert_eq!(status.code(), Some(0), "{}", server.log());
        assert!(begun.elapsed() < Duration::from_secs(10), "idle connections held it up for {:?}", begun.elapsed());

        server.start_again().await;
        let listed = server.run(&["app", "list", "--json"], "");
        assert!(String::from_utf8_lossy(&listed.stdout).contains("\"Late\""), "what was answered is kept");
    }
}

#[tokio::test]
async fn shutdown_second_signal_stops_at_once() {
    let mut server = ServerProcess::start().await;
    let _unfinished = half_a_request(&server).await;
    server.signal(Signal::TERM);
    no_longer_accepts(&server).await;
    let begun = Instant::now();
    server.signal(Signal::TERM);
    server.wait().expect("an end");
    assert!(begun.elapsed() < Duration::from_secs(3), "it took {:?}", begun.elapsed());
}

#[tokio::test]
async fn shutdown_drain_delay_ends_readiness_before_listener_closes() {
    let mut server = ServerProcess::builder().set("http.drain_delay", "2s").start().await;
    let client = server.client();
    client.get("/health/ready").send().await.is(200);
    server.signal(Signal::TERM);
    let unready = wait::until("readiness to end", async || {
        client.get("/health/ready").try_send().await.filter(|answer| answer.status == 503)
    });
    assert_eq!(unready.await.json()["error"], "shutting_down");
    // Whoever has not heard of it yet is still served.
    let answer = client.get("/.well-known/oauth-authorization-server").send().await.is(200);
    assert_eq!(answer.header("connection"), "close");
    assert_eq!(server.wait().expect("an end in time").code(), Some(0));
}

#[tokio::test]
async fn shutdown_under_load_keeps_every_confirmed_registration() {
    let mut server = ServerProcess::start().await;
    let client = server.client();
    let traffic = Arc::new(AtomicUsize::new(0));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, traffic) = (client.clone(), Arc::clone(&traffic));
        calls.spawn(async move {
            while client.register().await.is_some() {
                traffic.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    wait::until("some traffic", async || (traffic.load(Ordering::Relaxed) > 40).then_some(())).await;
    server.signal(Signal::TERM);
    calls.join_all().await;
    assert_eq!(server.wait().expect("an end in time").code(), Some(0));
    let answered = traffic.load(Ordering::Relaxed);
    let listed = server.run(&["app", "list", "--json"], "");
    let kept = String::from_utf8_lossy(&listed.stdout).matches("\"client_id\"").count();
    assert!(kept >= answered, "{answered} were confirmed, {kept} are there");
}
