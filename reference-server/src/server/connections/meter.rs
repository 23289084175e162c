//! What a connection is doing: shared by its stream, which bounds what is read, by the service, which takes requests, and by
//! the watch over its deadlines.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::places::Place;

/// How long a client may take to send the head of a request (security LOAD-6).
pub(in crate::server) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection whose request was refused may still be read, so that the client sees why.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(1);
/// How much may be read of a body that nobody wants any more (faults F16).
const UNWANTED_BODY: usize = 64 * 1024;
/// How exactly deadlines are kept.
const TICK: Duration = Duration::from_millis(500);

/// What one connection is doing.
#[derive(Debug)]
pub(in crate::server) struct Meter {
    place: Place,
    /// Requests that were answered in full.
    answered: Cell<u64>,
    /// Bytes that the service took of the body of the current request.
    taken: Cell<u64>,
    /// Bytes that were read of a body after its request was answered.
    unwanted: Cell<usize>,
    unsent_since: Cell<Option<Instant>>,
    head_since: Cell<Option<Instant>>,
    closing_since: Cell<Option<Instant>>,
    /// Whether the connection speaks another protocol from now on.
    upgraded: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl Meter {
    pub(super) fn new(place: Place) -> Rc<Self> {
        Rc::new(Self {
            place,
            answered: Cell::new(0),
            taken: Cell::new(0),
            unwanted: Cell::new(0),
            unsent_since: Cell::new(None),
            head_since: Cell::new(None),
            closing_since: Cell::new(None),
            upgraded: Cell::new(false),
            reader: RefCell::new(None),
        })
    }

    /// The service takes a request.
    pub(in crate::server) fn begin(meter: &Rc<Self>) -> Answering {
        meter.progressed();
        Answering(Rc::clone(meter))
    }

    /// The service takes a piece of a request's body.
    pub(in crate::server) fn take(&self, bytes: usize) {
        self.taken.set(self.taken.get() + bytes as u64);
        self.progressed();
        self.wake_reader();
    }

    /// The connection is not the next to leave.
    pub(super) fn progressed(&self) {
        self.place.progressed();
    }

    /// The connection is to end now.
    pub(super) fn end(&self) {
        self.place.leave();
    }

    /// Bytes that the service took of the current body.
    pub(super) fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// Whether as many requests were answered as have been handed over.
    pub(super) fn has_answered(&self, requests: u64) -> bool {
        self.answered.get() >= requests
    }

    /// The request is answered with another protocol: what comes from now on is no request, and bounded by whoever speaks it.
    pub(in crate::server) fn upgrade(&self) {
        self.upgraded.set(true);
        self.wake_reader();
    }

    /// Whether the connection speaks another protocol.
    pub(super) fn is_upgraded(&self) -> bool {
        self.upgraded.get()
    }

    /// A whole head is handed over.
    pub(super) fn head_ends(&self) {
        self.head_since.set(None);
        self.taken.set(0);
        self.unwanted.set(0);
    }

    /// A part of a head is handed over.
    pub(super) fn head_goes_on(&self) {
        if self.head_since.get().is_none() {
            self.head_since.set(Some(Instant::now()));
        }
    }

    /// How many bytes may still be read of a body after its request was answered.
    pub(super) fn unwanted_room(&self) -> usize {
        UNWANTED_BODY.saturating_sub(self.unwanted.get())
    }

    /// Bytes of a body were read after its request was answered.
    pub(super) fn read_unwanted(&self, bytes: usize) {
        self.unwanted.set(self.unwanted.get() + bytes);
        if self.unwanted_room() == 0 {
            self.close_soon();
        }
    }

    /// The connection ends in a moment.
    pub(super) fn close_soon(&self) {
        if self.closing_since.get().is_none() {
            self.closing_since.set(Some(Instant::now()));
        }
    }

    /// Whether written bytes are waiting for the client to read.
    pub(super) fn is_unsent(&self) -> bool {
        self.unsent_since.get().is_some()
    }

    /// The client reads no more for now.
    pub(super) fn write_waits(&self) {
        if self.unsent_since.get().is_none() {
            self.unsent_since.set(Some(Instant::now()));
        }
    }

    /// The client read something.
    pub(super) fn write_goes_on(&self) {
        if self.is_unsent() {
            self.unsent_since.set(Some(Instant::now()));
        }
    }

    /// The client read everything; whether it had not before.
    pub(super) fn all_is_sent(&self) -> bool {
        self.unsent_since.take().is_some()
    }

    /// Wakes `waker` once the service took something or answered.
    pub(super) fn read_waits(&self, waker: &Waker) {
        *self.reader.borrow_mut() = Some(waker.clone());
    }

    fn wake_reader(&self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    /// Ends when the connection must end: a deadline has passed, or its place is needed.
    pub(super) async fn watch(&self, write_timeout: Duration) {
        let overdue = |since: &Cell<Option<Instant>>, limit| since.get().is_some_and(|since| since.elapsed() >= limit);
        loop {
            if tokio::time::timeout(TICK.min(write_timeout), self.place.wanted()).await.is_ok()
                || overdue(&self.unsent_since, write_timeout)
                || overdue(&self.closing_since, CLOSING_TIMEOUT)
                // The framework answers 408 to the first head that is late, a moment earlier.
                || overdue(&self.head_since, HEAD_TIMEOUT + CLOSING_TIMEOUT)
            {
                break;
            }
        }
    }
}

/// A request that the service works on, until its answer is out.
#[derive(Debug)]
pub(in crate::server) struct Answering(Rc<Meter>);

impl Answering {
    /// The meter of the connection.
    pub(in crate::server) fn meter(&self) -> &Rc<Meter> {
        &self.0
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answered.set(self.0.answered.get() + 1);
        self.0.progressed();
        self.0.wake_reader();
    }
}
