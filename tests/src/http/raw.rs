//! Bytes on a connection, for requests that no HTTP client would send.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tls::PrivateCa;

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

/// Opens a connection with TLS that trusts the private authority and speaks `protocol`: `h2` or `http/1.1`.
pub async fn connect_tls(port: u16, ca: &PrivateCa, protocol: &str) -> TlsStream<TcpStream> {
    let authority = CertificateDer::from_pem_file(&ca.authority).expect("the authority's certificate");
    let mut roots = RootCertStore::empty();
    roots.add(authority).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.expect("versions").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, connect(port).await).await.expect("a TLS connection")
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
