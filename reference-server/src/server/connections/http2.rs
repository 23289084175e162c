//! HTTP/2, with the limits that the framework's own dispatcher does not offer: streams at the same time, the size of a head, and
//! a deadline for each piece of a response (faults F2).

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::{Payload, Request, Response};
use actix_service::Service;
use actix_web::http::header::{self, Date, HeaderName, HeaderValue, TryIntoHeaderValue as _};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use futures_util::future::poll_fn;
use h2::server::{Connection, SendResponse};
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};

use super::framing::LONGEST_HEAD;
use super::meter::{HEAD_TIMEOUT, Meter};
use super::stream::BoundedStream;

/// How long a connection without streams is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// What a client may send of one body, and of all bodies of a connection, before the service takes of it.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 128 * 1024;
/// A piece of a response: as much must be taken within the deadline.
const PIECE: usize = 8 * 1024;
/// Headers that belong to one connection of HTTP/1 (RFC 9113 §8.2.2).
const OF_HTTP1: [HeaderName; 3] = [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE];

/// What HTTP/2 connections have in common.
pub(super) struct Http2<S, B> {
    service: Rc<S>,
    max_streams: u32,
    write_timeout: Duration,
    body: PhantomData<B>,
}

impl<S, B> Http2<S, B>
where
    S: Service<Request> + 'static,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody + 'static,
{
    pub(super) fn new(service: Rc<S>, max_streams: u32, write_timeout: Duration) -> Self {
        Self { service, max_streams, write_timeout, body: PhantomData }
    }

    /// Serves one connection until it ends, or `stopping` does.
    pub(super) async fn serve<T: AsyncRead + AsyncWrite + Unpin>(
        self: Rc<Self>,
        io: BoundedStream<T>,
        peer: Option<std::net::SocketAddr>,
        stopping: impl Future<Output = ()>,
    ) -> Result<(), h2::Error> {
        let meter = Rc::clone(io.meter());
        let mut limits = h2::server::Builder::new();
        limits
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_concurrent_streams(self.max_streams)
            .max_header_list_size(u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX))
            .max_send_buffer_size(2 * PIECE);
        let Ok(connection) = timeout(HEAD_TIMEOUT, limits.handshake(io)).await else { return Ok(()) };
        let mut connection: Connection<_, Bytes> = connection?;
        let (open, mut is_ending) = (Rc::new(Cell::new(0_usize)), false);
        let mut stopping = std::pin::pin!(stopping);
        loop {
            tokio::select! {
                accepted = connection.accept() => {
                    let Some(accepted) = accepted else { return Ok(()) };
                    let (request, respond) = accepted?;
                    open.set(open.get() + 1);
                    let (this, meter, open) = (Rc::clone(&self), Rc::clone(&meter), Rc::clone(&open));
                    actix_web::rt::spawn(async move {
                        this.respond(request, respond, peer, &meter).await;
                        open.set(open.get() - 1);
                    });
                }
                () = sleep(IDLE_TIMEOUT), if open.get() == 0 => match is_ending {
                    true => return Ok(()),
                    false => {
                        connection.graceful_shutdown();
                        is_ending = true;
                    }
                },
                () = sleep(IDLE_TIMEOUT), if open.get() > 0 => {}
                () = &mut stopping, if !is_ending => {
                    connection.graceful_shutdown();
                    is_ending = true;
                }
            }
        }
    }

    async fn respond(
        &self,
        request: http::Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        peer: Option<std::net::SocketAddr>,
        meter: &Meter,
    ) {
        meter.progressed();
        let (parts, body) = request.into_parts();
        let is_head = parts.method == Method::HEAD;
        let payload = if body.is_end_stream() { Payload::None } else { Payload::from(body) };
        let mut request: Request = Request::with_payload(payload);
        let head = request.head_mut();
        (head.method, head.uri, head.version) = (parts.method, parts.uri, parts.version);
        head.headers = parts.headers.into();
        head.peer_addr = peer;
        let response = match self.service.call(request).await {
            Ok(response) => response.into().map_into_boxed_body(),
            Err(error) => error.into(),
        };
        let (response, mut body) = response.into_parts();
        let (head, ends) = response_head(&response, body.size(), is_head);
        let Ok(mut stream) = respond.send_response(head, ends) else { return };
        if ends {
            return;
        }
        loop {
            match poll_fn(|cx| std::pin::Pin::new(&mut body).poll_next(cx)).await {
                Some(Ok(bytes)) => {
                    if !self.send(&mut stream, bytes, meter).await {
                        return;
                    }
                }
                Some(Err(_)) => return stream.send_reset(h2::Reason::INTERNAL_ERROR),
                None => break,
            }
        }
        let _ = stream.send_data(Bytes::new(), true);
    }

    /// Sends a part of a body; whether the client takes it in time. One that does not loses the connection, since its other
    /// streams may never have asked for less.
    async fn send(&self, stream: &mut SendStream<Bytes>, mut bytes: Bytes, meter: &Meter) -> bool {
        while !bytes.is_empty() {
            let mut piece = bytes.split_to(bytes.len().min(PIECE));
            let sending = async {
                while !piece.is_empty() {
                    stream.reserve_capacity(piece.len());
                    let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else { return false };
                    let part = piece.split_to(piece.len().min(room));
                    if stream.send_data(part, false).is_err() {
                        return false;
                    }
                }
                true
            };
            match timeout(self.write_timeout, sending).await {
                Ok(true) => meter.progressed(),
                Ok(false) => return false,
                Err(_) => {
                    meter.end();
                    return false;
                }
            }
        }
        true
    }
}

/// The head of a response, and whether nothing follows it.
fn response_head(response: &Response<()>, size: BodySize, is_head: bool) -> (http::Response<()>, bool) {
    let status = response.status();
    let mut head = http::Response::new(());
    *head.status_mut() = status;
    let headers = head.headers_mut();
    for (name, value) in response.headers() {
        let is_length = *name == header::CONTENT_LENGTH && !matches!(size, BodySize::Stream);
        let is_of_http1 = OF_HTTP1.contains(name) || matches!(name.as_str(), "keep-alive" | "proxy-connection");
        if !is_of_http1 && !is_length {
            headers.append(name, value.clone());
        }
    }
    let has_no_body = status == StatusCode::NO_CONTENT || status.is_informational();
    if let BodySize::Sized(length) = size
        && !has_no_body
    {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if !headers.contains_key(header::DATE)
        && let Ok(date) = Date::now().try_into_value()
    {
        headers.insert(header::DATE, date);
    }
    (head, is_head || has_no_body || matches!(size, BodySize::None | BodySize::Sized(0)))
}
