//! Time and randomness for a server in this process.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lysand_auth::ambient::{Clock, Random, Timestamp};

/// A clock that stands still until a test moves it.
pub(super) struct FrozenClock(AtomicI64);

impl FrozenClock {
    /// 2026-11-21T21:00:00Z
    pub(super) fn new() -> Self {
        Self(AtomicI64::new(1_795_294_800_000_000))
    }

    pub(super) fn advance(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_micros()).expect("a short time"), Ordering::SeqCst);
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(super) struct SystemRandom;

impl Random for SystemRandom {
    /// Not seeded: parallel tests must not generate the same secrets.
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("randomness");
    }
}
