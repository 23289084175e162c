//! Bytes on a connection, for requests that no HTTP client would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a server wrote on a connection.
#[derive(Debug)]
pub struct RawResponse {
    /// All of it, as text.
    pub text: String,
    /// Whether the server closed the connection in time.
    pub closed: bool,
}

impl RawResponse {
    /// The statuses of all responses on the connection, interim ones left out.
    pub fn statuses(&self) -> Vec<u16> {
        let lines = self.text.lines().filter_map(|line| line.split_once("HTTP/1.1 ").map(|(_, rest)| rest));
        lines.filter_map(|rest| rest.get(..3)?.parse().ok()).filter(|status| *status != 100).collect()
    }
}

/// Opens a connection to a port on loopback.
pub async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.expect("a connection")
}

/// Sends bytes and reads until the server closes; one that keeps the connection open is given `limit`.
pub async fn exchange(port: u16, bytes: &[u8], limit: Duration) -> RawResponse {
    let (mut read, mut write) = connect(port).await.into_split();
    let mut text = Vec::new();
    // The server may close while we still send; what it said before counts.
    let sending = async {
        let _ = write.write_all(bytes).await;
        let _ = write.flush().await;
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut buffer = [0; 4096];
        loop {
            match read.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => text.extend_from_slice(&buffer[..length]),
            }
        }
    };
    let closed = tokio::select! {
        closed = timeout(limit, reading) => closed.is_ok(),
        () = sending => unreachable!("sending never ends"),
    };
    RawResponse { text: String::from_utf8_lossy(&text).into_owned(), closed }
}
