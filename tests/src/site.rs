//! A small web site of a story's own on loopback: an app that a browser visits, on another origin than the server's.

use std::future::Future;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What the site answers to a `GET`.
#[derive(Debug)]
pub enum Reply {
    /// A page.
    Page(String),
    /// A script.
    Script(String),
    /// A style sheet.
    Style(String),
    /// The way elsewhere.
    Redirect(Url),
    /// Nothing is there. Browsers ask for icons.
    Missing,
}

/// A running site. It ends when the value is dropped.
#[derive(Debug)]
pub struct Site {
    origin: Url,
    serving: JoinHandle<()>,
}

impl Site {
    /// Serves on a free port; `answer` is asked with the whole URL of each visit.
    pub async fn serve<F, A>(answer: F) -> Self
    where
        F: Fn(Url) -> A + Send + Sync + 'static,
        A: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let port = listener.local_addr().expect("an address").port();
        let origin = Url::parse(&format!("http://127.0.0.1:{port}")).expect("a URL");
        let (answer, own) = (Arc::new(answer), origin.clone());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(visit(stream, own.clone(), Arc::clone(&answer)));
            }
        });
        Self { origin, serving }
    }

    /// The URL of a path on this site.
    pub fn url(&self, path: &str) -> Url {
        self.origin.join(path).expect("a path")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers one request and closes. Browsers open connections they do not use: that is no visit.
async fn visit<F, A>(stream: TcpStream, origin: Url, answer: Arc<F>) -> Option<()>
where
    F: Fn(Url) -> A,
    A: Future<Output = Reply>,
{
    let mut stream = BufReader::new(stream);
    let mut request_line = String::new();
    stream.read_line(&mut request_line).await.ok()?;
    let mut header = String::from("more");
    while !header.trim().is_empty() {
        header.clear();
        stream.read_line(&mut header).await.ok()?;
    }

    let target = request_line.split(' ').nth(1)?;
    let (status, header, body) = match answer(origin.join(target).ok()?).await {
        Reply::Page(body) => ("200 OK", "content-type: text/html; charset=utf-8".to_owned(), body),
        Reply::Script(body) => ("200 OK", "content-type: text/javascript".to_owned(), body),
        Reply::Style(body) => ("200 OK", "content-type: text/css".to_owned(), body),
        Reply::Redirect(to) => ("302 Found", format!("location: {to}"), String::new()),
        Reply::Missing => ("404 Not Found", "content-type: text/html".to_owned(), String::new()),
    };
    let length = body.len();
    let reply = format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(reply.as_bytes()).await.ok()
}
