//! A WebSocket client that says exactly what a test wants (RFC 6455).

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a test waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream.
pub struct WebSocket(TcpStream);

/// The answer of a server that opens none: its status and what comes after the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotOpened {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text.
    Text(String),
    /// An answer to a ping.
    Pong(Vec<u8>),
    /// The end, by its code.
    Close(u16),
    /// The connection ended without a word.
    Gone,
}

impl WebSocket {
    /// Opens a stream at a path with these headers.
    ///
    /// # Errors
    /// What the server answers in its place.
    ///
    /// # Panics
    /// When the server does not answer in HTTP.
    pub async fn open(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, NotOpened> {
        let mut stream = TcpStream::connect(addr).await.expect("a connection");
        let mut head = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            addr.port()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(tokio::time::timeout(PATIENCE, stream.read_u8()).await.expect("in time").expect("a head"));
        }
        let head = String::from_utf8(answer).expect("text");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        if status == 101 {
            return Ok(Self(stream));
        }
        let mut body = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut body)).await;
        Err(NotOpened { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Sends a text.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn say(&mut self, text: &str) {
        self.send(1, text.as_bytes()).await;
    }

    /// Sends a ping.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn ping(&mut self, bytes: &[u8]) {
        self.send(9, bytes).await;
    }

    async fn send(&mut self, opcode: u8, bytes: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        match bytes.len() {
            short @ 0..=125 => frame.push(0x80 | u8::try_from(short).expect("short")),
            middle @ 126..=65_535 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(middle).expect("middle").to_be_bytes());
            }
            long => {
                frame.push(0x80 | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        // A mask of nothing is one.
        frame.extend([0; 4]);
        frame.extend(bytes);
        // A server that refuses the rest may be gone already.
        let _ = self.0.write_all(&frame).await;
    }

    /// What comes next, pings of the server left out.
    ///
    /// # Panics
    /// When nothing comes.
    pub async fn next(&mut self) -> Frame {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.read()).await.expect("something comes");
            match frame {
                None => return Frame::Gone,
                Some((1, bytes)) => return Frame::Text(String::from_utf8(bytes).expect("text")),
                Some((8, bytes)) if bytes.len() >= 2 => return Frame::Close(u16::from_be_bytes([bytes[0], bytes[1]])),
                Some((8, _)) => return Frame::Close(1005),
                Some((10, bytes)) => return Frame::Pong(bytes),
                Some(_) => {}
            }
        }
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let opcode = self.0.read_u8().await.ok()? & 0x0f;
        let length = match self.0.read_u8().await.ok()? & 0x7f {
            126 => usize::from(self.0.read_u16().await.ok()?),
            127 => usize::try_from(self.0.read_u64().await.ok()?).ok()?,
            short => usize::from(short),
        };
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await.ok()?;
        Some((opcode, bytes))
    }
}
