//! Where the browser ends up when the server sends a person back to the application.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

use crate::wait;

const PATH: &str = "/callback";
const BODY: &str = "<!doctype html><title>Back at the application</title><p>You can close this window.";

/// A small web server on loopback: the application's callback.
#[derive(Debug)]
pub struct Redirects {
    origin: Url,
    visits: mpsc::UnboundedReceiver<Url>,
    serving: JoinHandle<()>,
}

impl Redirects {
    /// Listens on a free port.
    pub async fn listen() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let port = listener.local_addr().expect("an address").port();
        let origin = Url::parse(&format!("http://127.0.0.1:{port}")).expect("a URL");
        let (report, visits) = mpsc::unbounded_channel();
        let serving = tokio::spawn(serve(listener, origin.clone(), report));
        Self { origin, visits, serving }
    }

    /// The redirect URI to register.
    pub fn uri(&self) -> String {
        self.origin.join(PATH).expect("a path").into()
    }

    /// The next URL by which a browser came back.
    pub async fn next(&mut self) -> Url {
        tokio::time::timeout(wait::PATIENCE, self.visits.recv())
            .await
            .unwrap_or_else(|_| panic!("nobody came back to {}", self.uri()))
            .expect("the callback serves as long as it lives")
    }

    /// Whether nobody has come back that was not already reported by [`Redirects::next`].
    pub fn is_quiet(&self) -> bool {
        self.visits.is_empty()
    }
}

impl Drop for Redirects {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, origin: Url, report: mpsc::UnboundedSender<Url>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, origin.clone(), report.clone()));
    }
}

/// Answers one request and closes. Browsers open connections they do not use, and ask for icons: neither is a visit.
async fn answer(stream: TcpStream, origin: Url, report: mpsc::UnboundedSender<Url>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut request_line = String::new();
    stream.read_line(&mut request_line).await.ok()?;
    let mut header = String::from("more");
    while !header.trim().is_empty() {
        header.clear();
        stream.read_line(&mut header).await.ok()?;
    }

    let target = request_line.split(' ').nth(1)?;
    let url = origin.join(target).ok()?;
    let is_visit = url.path() == PATH;
    let (status, body) = if is_visit { ("200 OK", BODY) } else { ("404 Not Found", "") };
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(reply.as_bytes()).await.ok()?;
    if is_visit {
        report.send(url).ok()?;
    }
    Some(())
}
