//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::ambient::{Ambient, Clock, Timestamp};

/// The beginning: 1 July 2026, noon in UTC.
const BEGINNING: i64 = 1_782_907_200_000_000;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct FrozenClock(AtomicI64);

impl FrozenClock {
    /// A clock that shows the same moment in every run.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicI64::new(BEGINNING))
    }

    /// A clock that shows this moment.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.micros()))
    }

    /// Moves it on.
    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets it back, as an operator does, or a time server.
    pub fn backward(&self, by: Duration) {
        self.0.fetch_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// This clock, with the system's randomness, for [`AuthBuilder::ambient`](crate::AuthBuilder::ambient).
    #[must_use]
    pub fn ambient(self: &Arc<Self>) -> Ambient {
        Ambient::system().with_clock(Arc::clone(self) as Arc<dyn Clock>)
    }
}

impl Default for FrozenClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
