//! The body of a frontend's response on its way to the browser: a few pieces at a time, never the whole.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

/// How long nothing may come, or be taken, in the middle of a response.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// How many pieces wait for a browser that reads slowly. A piece is what one read of the connection brought.
const WAITING: usize = 2;

/// The body of a response, whose pieces another task reads from the frontend.
pub(super) struct ForwardedBody {
    pieces: Receiver<Piece>,
    size: BodySize,
    is_over: bool,
}

enum Piece {
    Some(Bytes),
    /// The end, as the frontend meant it. Without it, what came before was cut off.
    End,
}

/// The response ends in the middle: the connection to the browser is closed, so that it takes no part for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the frontend's answer was cut off")]
pub(super) struct CutOff;

/// The body of `response`. Each piece, and the browser's readiness for it, may take as long as [`IDLE_TIMEOUT`]; the permit
/// is given back when the body is out, or nobody wants it any more. `cut_off` is called when the frontend does not finish.
pub(super) fn pass(
    response: reqwest::Response,
    permit: OwnedSemaphorePermit,
    cut_off: impl FnOnce(CutOff) + 'static,
) -> ForwardedBody {
    let size = response.content_length().map_or(BodySize::Stream, BodySize::Sized);
    let (sender, pieces) = channel(WAITING);
    actix_web::rt::spawn(async move {
        let _permit = permit;
        if let Err(error) = carry(response, &sender).await {
            cut_off(error);
        }
    });
    ForwardedBody { pieces, size, is_over: false }
}

/// No body, though its length is told: the response to a `HEAD`.
pub(super) fn only_size(size: BodySize) -> ForwardedBody {
    ForwardedBody { pieces: channel(1).1, size, is_over: true }
}

async fn carry(mut response: reqwest::Response, sender: &Sender<Piece>) -> Result<(), CutOff> {
    loop {
        let next = tokio::select! {
            // The browser has gone.
            () = sender.closed() => return Ok(()),
            next = timeout(IDLE_TIMEOUT, response.chunk()) => next,
        };
        let piece = match next {
            Ok(Ok(Some(bytes))) => Piece::Some(bytes),
            Ok(Ok(None)) => Piece::End,
            Ok(Err(_)) | Err(_) => return Err(CutOff),
        };
        let is_end = matches!(piece, Piece::End);
        // A browser that does not read keeps its permit no longer than a frontend that does not write.
        match timeout(IDLE_TIMEOUT, sender.send(piece)).await {
            Ok(Ok(())) if !is_end => {}
            _ => return Ok(()),
        }
    }
}

impl MessageBody for ForwardedBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Some(bytes)) => Poll::Ready(Some(Ok(bytes))),
            Some(Piece::End) => {
                self.is_over = true;
                Poll::Ready(None)
            }
            None => {
                self.is_over = true;
                Poll::Ready(Some(Err(CutOff.into())))
            }
        }
    }
}
