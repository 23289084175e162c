//! The stream between the network and the framework. It hands over one request at a time, reads nothing while written bytes are
//! unsent, and refuses heads that are too large before the framework parses them (faults F1, F16).

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use lysand_auth::Ambient;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::Framing;
use super::meter::Meter;

/// The most that is read at once, and the most that is kept of what a client sends ahead of its turn.
const PIECE: usize = 4 * 1024;

/// The answer to a head that is too large; no application sees the request.
fn head_too_large() -> Vec<u8> {
    let id = Ambient::system().id();
    tracing::debug!(request_id = %id, "the head of a request is too large");
    let head = "HTTP/1.1 431 Request Header Fields Too Large\r\n\
        content-type: application/json\r\n\
        content-length: 51\r\n\
        x-content-type-options: nosniff\r\n\
        content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n\
        connection: close\r\n";
    let body = "{\"error\":\"The head of the request is too large.\"}\r\n";
    format!("{head}x-request-id: {id}\r\n\r\n{body}").into_bytes()
}

/// How the requests on a stream are told apart.
enum Protocol {
    /// One after the other; bounded here.
    Http1(Framing),
    /// HTTP/2 has streams with windows of their own.
    Http2,
    /// Nothing more is understood: what still comes is thrown away.
    Refused,
}

/// A connection's bytes, in pieces that the framework can be trusted with.
pub(super) struct BoundedStream<T> {
    io: T,
    meter: Rc<Meter>,
    protocol: Protocol,
    /// What the client sent ahead of its turn.
    ahead: Vec<u8>,
    /// Whether the client sends no more.
    ended: bool,
    /// Whether the framework wanted to read while it had to wait for the client to read.
    read_waits: bool,
}

impl<T> BoundedStream<T> {
    pub(super) fn http1(io: T, meter: Rc<Meter>) -> Self {
        Self::new(io, meter, Protocol::Http1(Framing::default()))
    }

    pub(super) fn http2(io: T, meter: Rc<Meter>) -> Self {
        Self::new(io, meter, Protocol::Http2)
    }

    fn new(io: T, meter: Rc<Meter>, protocol: Protocol) -> Self {
        Self { io, meter, protocol, ahead: Vec::new(), ended: false, read_waits: false }
    }

    /// The meter of the connection.
    pub(super) fn meter(&self) -> &Rc<Meter> {
        &self.meter
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> BoundedStream<T> {
    /// Hands over the next piece whose turn it is.
    fn poll_piece(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let most = out.remaining().min(PIECE);
        let piece = out.initialize_unfilled_to(most);
        let read = match self.ahead.is_empty() {
            true => {
                let mut fresh = ReadBuf::new(piece);
                ready!(Pin::new(&mut self.io).poll_read(cx, &mut fresh))?;
                fresh.filled().len()
            }
            false => {
                let kept = self.ahead.len().min(most);
                piece[..kept].copy_from_slice(&self.ahead[..kept]);
                self.ahead.drain(..kept);
                kept
            }
        };
        if read == 0 {
            self.ended = true;
            return Poll::Ready(Ok(()));
        }
        let Protocol::Http1(framing) = &mut self.protocol else { return Poll::Ready(Ok(())) };
        let (heads, was_in_body) = (framing.heads(), !framing.is_in_head() && !framing.is_between_requests());
        let Ok(handed) = framing.advance(&piece[..read]) else { return self.refuse(cx) };
        self.ahead.splice(..0, piece[handed..read].iter().copied());
        if framing.heads() > heads {
            self.meter.head_ends();
        } else if framing.is_in_head() {
            self.meter.head_goes_on();
        }
        if was_in_body && self.meter.has_answered(framing.heads()) {
            self.meter.read_unwanted(handed);
        }
        out.advance(handed);
        Poll::Ready(Ok(()))
    }

    /// Reads ahead while it is not the client's turn: who only waits would not notice that the client has left.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ended && self.ahead.len() < PIECE {
            let mut piece = [0; 1024];
            let mut fresh = ReadBuf::new(&mut piece);
            match Pin::new(&mut self.io).poll_read(cx, &mut fresh)? {
                Poll::Ready(()) if fresh.filled().is_empty() => self.ended = true,
                Poll::Ready(()) => self.ahead.extend_from_slice(fresh.filled()),
                Poll::Pending => break,
            }
        }
        if self.ended && self.ahead.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.meter.read_waits(cx.waker());
        Poll::Pending
    }

    /// Answers in place of the framework, which is not working on a request, and understands nothing from here on.
    fn refuse(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.protocol = Protocol::Refused;
        self.ahead = Vec::new();
        // The buffer for what is sent is empty; a client that lets this wait is not told.
        if let Poll::Ready(written) = Pin::new(&mut self.io).poll_write(cx, &head_too_large()) {
            written?;
        }
        if let Poll::Ready(flushed) = Pin::new(&mut self.io).poll_flush(cx) {
            flushed?;
        }
        self.meter.head_ends();
        self.meter.close_soon();
        self.poll_unwanted(cx)
    }

    /// Throws away what still comes, within bounds, so that the client reads the answer and no reset.
    fn poll_unwanted(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.meter.unwanted_room() > 0 {
            let mut piece = [0; 1024];
            let mut fresh = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut fresh))?;
            if fresh.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.meter.read_unwanted(fresh.filled().len());
        }
        Poll::Pending
    }

    /// Hands over what comes in another protocol, in pieces: what was read ahead first.
    fn poll_upgraded(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let kept = self.ahead.len().min(out.remaining());
            out.put_slice(&self.ahead[..kept]);
            self.ahead.drain(..kept);
            return Poll::Ready(Ok(()));
        }
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        let most = out.remaining().min(PIECE);
        let mut piece = ReadBuf::new(out.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut piece))?;
        let read = piece.filled().len();
        out.advance(read);
        Poll::Ready(Ok(()))
    }

    /// Whether the service must take something, or answer, before anything more is handed over.
    fn must_wait(&mut self) -> bool {
        let Protocol::Http1(framing) = &mut self.protocol else { return false };
        let answered = self.meter.has_answered(framing.heads());
        match framing.is_between_requests() {
            true => !answered,
            // A body that nobody wants any more is drained without being taken.
            false if answered => framing.must_wait(u64::MAX) || self.meter.unwanted_room() == 0,
            false => framing.must_wait(self.meter.taken()),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for BoundedStream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.protocol {
            Protocol::Refused => return this.poll_unwanted(cx),
            _ if this.meter.is_unsent() => {
                this.read_waits = true;
                return Poll::Pending;
            }
            Protocol::Http2 => return Pin::new(&mut this.io).poll_read(cx, out),
            Protocol::Http1(_) if this.meter.is_upgraded() => return this.poll_upgraded(cx, out),
            Protocol::Http1(_) => {}
        }
        match this.must_wait() {
            true => this.poll_ahead(cx),
            false => this.poll_piece(cx, out),
        }
    }
}

impl<T: AsyncWrite + Unpin> BoundedStream<T> {
    /// Notes what became of a write.
    fn wrote<R>(&mut self, result: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        match &result {
            Poll::Pending => self.meter.write_waits(),
            Poll::Ready(_) => {
                self.meter.write_goes_on();
                // What HTTP/2 writes may be its own small talk, which a client can ask for.
                if !matches!(self.protocol, Protocol::Http2) {
                    self.meter.progressed();
                }
            }
        }
        result
    }

    /// Notes what became of the end of a write.
    fn finished(&mut self, cx: &Context<'_>, result: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        match &result {
            Poll::Pending => self.meter.write_waits(),
            Poll::Ready(_) => {
                if self.meter.all_is_sent() && std::mem::take(&mut self.read_waits) {
                    cx.waker().wake_by_ref();
                }
            }
        }
        result
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for BoundedStream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.wrote(result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_write_vectored(cx, pieces);
        this.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_flush(cx);
        this.finished(cx, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_shutdown(cx);
        this.finished(cx, result)
    }
}
