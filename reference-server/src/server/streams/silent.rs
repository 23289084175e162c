//! A stream that says no more than its protocol demands, and ends with the sign-in that opened it.

use std::pin::pin;
use std::time::Duration;

use actix_web::web::Data;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Closed, ProtocolError, Session};
use lysand_auth::web::native::StreamAuth;
use tokio::time::{Instant, interval, interval_at, sleep_until};

use super::super::draining::Draining;

/// The largest message that is read.
pub(super) const LARGEST: usize = 64 * 1024;
/// How often the stream shows that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often somebody looks whether the server is about to end.
const TICK: Duration = Duration::from_millis(500);
/// How long a client may take to begin.
const BEGIN: Duration = Duration::from_secs(15);

/// What a protocol says over a stream.
pub(super) trait Protocol {
    /// The answer to a message, or why the stream ends.
    ///
    /// # Errors
    /// What is said last.
    fn answer(&mut self, message: &str) -> Result<Option<String>, String>;

    /// Whether the client has begun.
    fn has_begun(&self) -> bool;

    /// What is said so that the client knows that the stream lives.
    fn keep_alive(&self) -> Option<String>;

    /// What is said before the stream is closed.
    fn farewell(&self) -> Option<String>;
}

/// One open stream.
pub(super) struct Silent {
    session: Session,
    draining: Data<Draining>,
}

impl Silent {
    pub(super) fn new(session: Session, draining: Data<Draining>) -> Self {
        Self { session, draining }
    }

    /// Serves it until somebody ends it.
    pub(super) async fn run(
        mut self,
        mut messages: AggregatedMessageStream,
        stream: StreamAuth,
        mut protocol: impl Protocol,
    ) {
        let mut ended = pin!(stream.ended());
        let (mut tick, mut keep_alive) = (interval(TICK), interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE));
        let mut late = pin!(sleep_until(Instant::now() + BEGIN));
        let (code, last) = loop {
            let said = tokio::select! {
                () = &mut ended => break (CloseCode::Policy, protocol.farewell()),
                () = &mut late, if !protocol.has_begun() => break (CloseCode::Policy, protocol.farewell()),
                _ = tick.tick() => match self.draining.has_begun() {
                    true => break (CloseCode::Away, None),
                    false => continue,
                },
                _ = keep_alive.tick() => self.keep_alive(&protocol).await,
                message = messages.recv() => match self.take(message, &mut protocol).await {
                    Ok(said) => said,
                    Err((code, last)) => break (code, last),
                },
            };
            if said.is_err() {
                return;
            }
        };
        if let Some(last) = last {
            let _ = self.session.text(last).await;
        }
        // Whoever has left already is told nothing more.
        let _ = self.session.close(Some(CloseReason { code, description: None })).await;
    }

    async fn keep_alive(&mut self, protocol: &impl Protocol) -> Result<(), Closed> {
        match protocol.keep_alive().filter(|_| protocol.has_begun()) {
            Some(text) => self.session.text(text).await,
            None => self.session.ping(b"").await,
        }
    }

    /// Takes what the client says; as an error, how the stream ends.
    async fn take(
        &mut self,
        message: Option<Result<AggregatedMessage, ProtocolError>>,
        protocol: &mut impl Protocol,
    ) -> Result<Result<(), Closed>, (CloseCode, Option<String>)> {
        match message {
            Some(Ok(AggregatedMessage::Text(text))) => match protocol.answer(&text) {
                Ok(None) => Ok(Ok(())),
                Ok(Some(answer)) => Ok(self.session.text(answer).await),
                Err(last) => Err((CloseCode::Unsupported, Some(last))),
            },
            Some(Ok(AggregatedMessage::Ping(bytes))) => Ok(self.session.pong(&bytes).await),
            Some(Ok(AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_))) => Ok(Ok(())),
            Some(Ok(AggregatedMessage::Close(_))) | None => Err((CloseCode::Normal, None)),
            Some(Err(ProtocolError::Overflow)) => Err((CloseCode::Size, None)),
            Some(Err(_)) => Err((CloseCode::Protocol, None)),
        }
    }
}
