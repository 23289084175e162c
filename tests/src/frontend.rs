//! A frontend that somebody else wrote: it remembers what it was asked, and misbehaves at some of its paths.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What `/page` and every path that is not special answers.
pub const PAGE: &str = "<!doctype html><script defer src=\"/app.js\"></script><p>A page of the frontend";
/// The tag of that page.
pub const TAG: &str = "\"v1\"";
/// How long the body of `/long` is.
pub const LONG: usize = 32 * 1024 * 1024;

#[derive(Debug, Default)]
struct Shared {
    heads: Mutex<Vec<String>>,
    sent: AtomicU64,
    open: AtomicUsize,
}

/// A running frontend. It ends when the value is dropped.
#[derive(Debug)]
pub struct Frontend {
    port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Frontend {
    /// Serves on a free port.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// Serves on this port.
    pub async fn start_on(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a loopback port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let visits = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&visits);
                tokio::spawn(async move {
                    shared.open.fetch_add(1, Ordering::SeqCst);
                    // Whoever hangs up in the middle is gone.
                    let _ = visit(stream, &shared).await;
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, shared, serving }
    }

    /// Its name and port.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its origin.
    pub fn origin(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// The heads of the requests since the last time, in lower case but for their first line.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.heads.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many bytes of `/endless` were taken from it so far.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// How many requests it is busy with.
    pub fn busy(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Frontend {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers one request and closes.
async fn visit(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut head = first.clone();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line.to_lowercase());
    }
    shared.heads.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut stream = stream.into_inner();
    match path {
        "/silent" => hold_on(&mut stream).await?,
        "/garbage" => stream.write_all(b"certainly no HTTP\r\n\r\n").await?,
        "/stalls" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nthe beginning").await?;
            hold_on(&mut stream).await?;
        }
        "/stalls-chunked" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nthe\r\n").await?;
            hold_on(&mut stream).await?;
        }
        "/breaks" => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nthe beginning").await?,
        "/endless" => endless(&mut stream, shared).await?,
        "/long" => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {LONG}\r\n\r\n").as_bytes()).await?;
            for _ in 0..LONG / 65_536 {
                stream.write_all(&[b'x'; 65_536]).await?;
            }
        }
        "/redirect" => {
            let to: String = form_urlencoded::parse(query.as_bytes()).map(|(to, _)| to.into_owned()).collect();
            let reply = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(reply.as_bytes()).await?;
        }
        "/app.js" => {
            let script = "document.body.append(' and its script ran')";
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\ncontent-length: {}", script.len());
            stream.write_all(format!("{head}\r\n\r\n{script}").as_bytes()).await?;
        }
        "/bare" => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nbare").await?,
        _ => stream.write_all(page(method, &head).as_bytes()).await?,
    }
    stream.shutdown().await
}

/// Says no more, until the other side hangs up.
async fn hold_on(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.read(&mut [0]).await.map(drop)
}

async fn endless(stream: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let piece = [&b"10000\r\n"[..], &[b'x'; 65_536], b"\r\n"].concat();
    loop {
        stream.write_all(&piece).await?;
        shared.sent.fetch_add(65_536, Ordering::SeqCst);
    }
}

/// A page as frontends serve it, with some headers that are nobody's business on another origin.
fn page(method: &str, head: &str) -> String {
    let common = format!(
        "etag: {TAG}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-language: en\r\nvary: accept-encoding\r\n\
         last-modified: Sat, 21 Nov 2026 21:00:00 GMT\r\naccept-ranges: bytes\r\ncache-control: public, max-age=60\r\n\
         content-security-policy: script-src 'self'\r\ncontent-security-policy: img-src *\r\n\
         set-cookie: jwt=planted; Path=/\r\nset-cookie: a=b\r\nstrict-transport-security: max-age=1\r\n\
         x-powered-by: something\r\naccess-control-allow-origin: *\r\nclear-site-data: \"*\"\r\n\
         refresh: 0; url=https://evil.example\r\nwww-authenticate: Basic\r\nconnection: close, x-hop\r\nx-hop: 1\r\n"
    );
    if head.contains(&format!("if-none-match: {TAG}")) {
        return format!("HTTP/1.1 304 Not Modified\r\n{common}\r\n");
    }
    let (status, more, body) = match head.contains("range: bytes=0-4\r\n") {
        true => ("206 Partial Content", format!("content-range: bytes 0-4/{}\r\n", PAGE.len()), &PAGE[..5]),
        false => ("200 OK", String::new(), PAGE),
    };
    let shown = if method == "HEAD" { "" } else { body };
    format!("HTTP/1.1 {status}\r\n{common}{more}content-length: {}\r\n\r\n{shown}", body.len())
}
