//! Clients that ask and do not read cost little memory, keep nobody waiting, and are disconnected in time (faults F1, F2).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tests::ServerProcess;
use tests::http::{connect, connect_tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// When the server must have disconnected who reads nothing: ten seconds, and some for a busy machine.
const DISCONNECTED: Duration = Duration::from_secs(14);

fn requests(number: usize) -> Vec<u8> {
    "GET /assets/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(number).into_bytes()
}

/// Sends as much as the server takes, until it closes the connection; whether it did so in time.
async fn send_until_closed(connection: impl AsyncRead + AsyncWrite, bytes: &[u8]) -> bool {
    let (mut read, mut write) = tokio::io::split(connection);
    let sending = async {
        let _ = write.write_all(bytes).await;
    };
    let _ = timeout(DISCONNECTED, sending).await;
    tokio::time::sleep(DISCONNECTED).await;
    // What the system still has may be read; then the connection must be over.
    let mut rest = Vec::new();
    timeout(Duration::from_secs(3), read.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn pipelined_requests_without_reading_keep_memory_small_and_others_served() {
    let mut server = ServerProcess::start().await;
    let client = server.client();
    client.get("/assets/style.css").send().await.is(200);
    let before = server.memory();
    let flood = requests(3_000);
    let connections = join_all((0..50).map(|_| connect(server.port()))).await;
    let mut halves: Vec<_> = connections.into_iter().map(tokio::net::TcpStream::into_split).collect();
    let sending =
        join_all(halves.iter_mut().map(|(_, write)| timeout(Duration::from_secs(5), write.write_all(&flood))));
    let watching = async {
        let mut most = 0;
        for _ in 0..40 {
            let begun = Instant::now();
            client.get("/health").send().await.is(200);
            assert!(begun.elapsed() < Duration::from_secs(1), "others wait {:?}", begun.elapsed());
            most = most.max(server.memory());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        most
    };
    let (_, most) = tokio::join!(sending, watching);
    let growth = most.saturating_sub(before) / 1024;
    assert!(growth < 20 * 1024, "grew by {growth} KiB");
    drop(halves);
    assert!(server.ended().is_none());
}

#[tokio::test]
async fn slow_reader_is_disconnected_in_time_over_http1_and_tls() {
    let plain = ServerProcess::start().await;
    let tls = ServerProcess::builder().with_tls().start().await;
    let bytes = requests(3_000);
    let ca = tls.ca().expect("certificates");
    let (plain_closed, tls_closed) =
        tokio::join!(async { send_until_closed(connect(plain.port()).await, &bytes).await }, async {
            send_until_closed(connect_tls(tls.port(), ca, "http/1.1").await, &bytes).await
        },);
    assert!(plain_closed && tls_closed, "closed: plain {plain_closed}, TLS {tls_closed}");
}

#[tokio::test]
async fn slow_client_with_unfinished_second_request_is_disconnected_in_time() {
    let server = ServerProcess::start().await;
    let mut connection = connect(server.port()).await;
    connection.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he").await.expect("sent");
    let mut said = Vec::new();
    timeout(DISCONNECTED, connection.read_to_end(&mut said)).await.expect("closed in time").expect("an answer");
    assert!(said.starts_with(b"HTTP/1.1 200"));
}
