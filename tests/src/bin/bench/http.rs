//! As much of an HTTP/1.1 client as a measurement needs, and no more, so that the client costs little beside the server.
//!
//! One request at a time on a kept-alive connection; bodies by `Content-Length` or chunked. No redirects are followed,
//! nothing is retried: a request that fails is reported to the caller as failed.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Room made in the buffer before each read from the socket.
const READ_STEP: usize = 16 * 1024;
/// More than this in one reply is a fault of the server under test.
const LARGEST_REPLY: usize = 4 * 1024 * 1024;
/// Headers of one reply that are looked at.
const MOST_HEADERS: usize = 64;

/// Where the parts of a complete reply lie in the buffer it was read into.
#[derive(Debug, PartialEq)]
struct Frame {
    status: u16,
    head: usize,
    body: Body,
    closes: bool,
}

/// A body as it lies in the buffer, or put together from chunks.
#[derive(Debug, PartialEq)]
enum Body {
    At(Range<usize>),
    Joined(Vec<u8>),
}

/// One reply; borrows the buffer of the connection it came on.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    head: &'a [u8],
    pub(crate) body: Cow<'a, [u8]>,
}

impl Reply<'_> {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers(name).into_iter().next()
    }

    /// All headers of that name, in order. The head is parsed again here, because most replies are only counted.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let mut slots = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Response::new(&mut slots);
        if parsed.parse(self.head).is_err() {
            return Vec::new();
        }
        let named = parsed.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| String::from_utf8_lossy(header.value).into_owned()).collect()
    }

    /// Status, `Location` and the beginning of the body: what a failure message needs.
    pub(crate) fn summary(&self) -> String {
        let mut text = format!("status {}", self.status);
        if let Some(location) = self.header("location") {
            let _ = write!(text, ", location {location}");
        }
        let body = String::from_utf8_lossy(&self.body);
        let start: String = body.chars().take(160).collect();
        if !start.is_empty() {
            let _ = write!(text, ", body {:?}", start);
        }
        text
    }
}

/// A kept-alive connection for asynchronous load. It connects when first used, and again after it was closed.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<tokio::net::TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    /// A connection to that address, not opened yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Connection { address, stream: None, buffer: Vec::with_capacity(READ_STEP) }
    }

    /// Where it leads.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends one complete request and reads its reply. After an error the connection is dropped.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = tokio::net::TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        self.buffer.clear();
        stream.write_all(request).await?;
        let frame = loop {
            self.buffer.reserve(READ_STEP);
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(cut_off());
            }
            if let Some(frame) = frame(&self.buffer)? {
                break frame;
            }
        };
        if !frame.closes {
            self.stream = Some(stream);
        }
        Ok(reply(&self.buffer, frame))
    }
}

/// The same for a thread of its own, for requests whose moment must be exact and which therefore avoid the timer wheel
/// of an asynchronous runtime.
pub(crate) struct BlockingConnection {
    address: SocketAddr,
    limit: std::time::Duration,
    stream: Option<std::net::TcpStream>,
    buffer: Vec<u8>,
}

impl BlockingConnection {
    /// A connection to that address, not opened yet; no single read or write takes longer than `limit`.
    pub(crate) fn new(address: SocketAddr, limit: std::time::Duration) -> Self {
        BlockingConnection { address, limit, stream: None, buffer: Vec::new() }
    }

    /// Sends one complete request and reads its reply. After an error the connection is dropped.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = std::net::TcpStream::connect_timeout(&self.address, self.limit)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(self.limit))?;
                stream.set_write_timeout(Some(self.limit))?;
                stream
            }
        };
        self.buffer.clear();
        stream.write_all(request)?;
        let frame = loop {
            let filled = self.buffer.len();
            self.buffer.resize(filled + READ_STEP, 0);
            let count = stream.read(&mut self.buffer[filled..])?;
            self.buffer.truncate(filled + count);
            if count == 0 {
                return Err(cut_off());
            }
            if let Some(frame) = frame(&self.buffer)? {
                break frame;
            }
        };
        if !frame.closes {
            self.stream = Some(stream);
        }
        Ok(reply(&self.buffer, frame))
    }
}

/// Writes a request: method, target, the authority for `Host`, further headers, and a form body if there is one.
pub(crate) fn request(method: &str, target: &str, authority: &str, headers: &[(&str, &str)], form: &str) -> Vec<u8> {
    let mut text = String::with_capacity(512 + target.len() + form.len());
    let _ = write!(text, "{method} {target} HTTP/1.1\r\nHost: {authority}\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if method != "GET" {
        let _ = write!(text, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len());
    }
    text.push_str("\r\n");
    text.push_str(form);
    text.into_bytes()
}

/// Names and values as a query string or form body.
pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The value of a parameter in a URL's query, still encoded as it stands there.
pub(crate) fn raw_parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

/// Path and query of a `Location`, which may be absolute or begin with a slash.
pub(crate) fn target_of(location: &str) -> &str {
    match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => location,
    }
}

fn reply(buffer: &[u8], frame: Frame) -> Reply<'_> {
    let body = match frame.body {
        Body::At(range) => Cow::Borrowed(&buffer[range]),
        Body::Joined(bytes) => Cow::Owned(bytes),
    };
    Reply { status: frame.status, head: &buffer[..frame.head], body }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed before a whole reply had come")
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed reply: {what}"))
}

/// Finds a complete reply at the start of the buffer; `None` while more bytes are needed.
fn frame(buffer: &[u8]) -> io::Result<Option<Frame>> {
    if buffer.len() > LARGEST_REPLY {
        return Err(malformed("too large"));
    }
    let mut slots = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut slots);
    let head = match parsed.parse(buffer).map_err(|fault| malformed(&fault.to_string()))? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let status = parsed.code.ok_or_else(|| malformed("no status"))?;
    let mut length = None;
    let mut chunked = false;
    let mut closes = false;
    for header in parsed.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value).map_err(|_| malformed("content length"))?;
            length = Some(text.trim().parse::<usize>().map_err(|_| malformed("content length"))?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = header.value.eq_ignore_ascii_case(b"chunked");
        } else if header.name.eq_ignore_ascii_case("connection") {
            closes = header.value.eq_ignore_ascii_case(b"close");
        }
    }
    let (body, end) = if chunked {
        match joined(buffer, head)? {
            Some((bytes, end)) => (Body::Joined(bytes), end),
            None => return Ok(None),
        }
    } else {
        let end = match length {
            Some(length) => head.saturating_add(length),
            None if status == 204 || status == 304 => head,
            None => return Err(malformed("a body without a length")),
        };
        (Body::At(head..end), end)
    };
    match buffer.len().cmp(&end) {
        std::cmp::Ordering::Less => Ok(None),
        std::cmp::Ordering::Equal => Ok(Some(Frame { status, head, body, closes })),
        std::cmp::Ordering::Greater => Err(malformed("bytes after the reply")),
    }
}

/// Puts a chunked body together; with it the place where the reply ends. `None` while more bytes are needed.
fn joined(buffer: &[u8], mut at: usize) -> io::Result<Option<(Vec<u8>, usize)>> {
    let mut bytes = Vec::new();
    loop {
        let parsed = httparse::parse_chunk_size(&buffer[at..]).map_err(|_| malformed("chunk size"))?;
        let httparse::Status::Complete((skip, size)) = parsed else {
            return Ok(None);
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let start = at + skip;
        let end = start.saturating_add(size);
        if buffer.len() < end.saturating_add(2) {
            return Ok(None);
        }
        if &buffer[end..end + 2] != b"\r\n" {
            return Err(malformed("chunk end"));
        }
        bytes.extend_from_slice(&buffer[start..end]);
        at = end + 2;
        if size == 0 {
            return Ok(Some((bytes, at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bench_http_reply_is_complete_only_with_last_byte() -> io::Result<()> {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        for cut in 0..whole.len() {
            assert_eq!(frame(&whole[..cut])?, None, "cut at {cut}");
        }
        let found = frame(whole)?.expect("complete");
        assert_eq!((found.status, found.closes), (200, false));
        assert_eq!(reply(whole, found).body.as_ref(), b"hello");
        Ok(())
    }

    #[test]
    fn bench_http_chunked_reply_is_joined() -> io::Result<()> {
        let whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        for cut in 0..whole.len() {
            assert_eq!(frame(&whole[..cut])?, None, "cut at {cut}");
        }
        assert_eq!(frame(whole)?.map(|found| found.body), Some(Body::Joined(b"abcde".to_vec())));
        Ok(())
    }

    #[test]
    fn bench_http_malformed_reply_is_an_error() {
        assert!(frame(b"nonsense\r\n\r\n").is_err());
        assert!(frame(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(frame(b"HTTP/1.1 204 No Content\r\n\r\nextra").is_err());
    }

    #[test]
    fn bench_http_headers_and_location_are_parsed() -> io::Result<()> {
        let text = b"HTTP/1.1 302 Found\r\nLocation: http://localhost:1/a?code=x%2B&state=s\r\nSet-Cookie: a=1\r\n\
                     set-cookie: b=2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let found = frame(text)?.expect("complete");
        assert!(found.closes);
        let reply = reply(text, found);
        assert_eq!(reply.headers("set-cookie"), ["a=1", "b=2"]);
        let location = reply.header("location").expect("location");
        assert_eq!(target_of(&location), "/a?code=x%2B&state=s");
        assert_eq!(raw_parameter(&location, "code"), Some("x%2B"));
        assert_eq!(target_of("/b"), "/b");
        Ok(())
    }
}
