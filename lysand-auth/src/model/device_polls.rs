//! When programs last polled for their tokens, in the memory of one process: whoever polls too often is told so, and has to wait
//! longer each time (RFC 8628 §3.5). A time that is lost forgives one poll.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::model::device_code::LIFETIME;
use crate::secret::Digest;

/// How long a program waits between two polls, at first.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
/// By how much longer after a poll that came too soon.
const LONGER: Duration = Duration::from_secs(5);
/// How much sooner a poll may come than it was sent: nobody waits longer because the network was slow once.
const TOLERANCE: Duration = Duration::from_millis(500);
/// Parts that are locked one by one, so that threads seldom meet.
const SHARDS: usize = 16;
/// How many codes a part remembers: with all parts, some 130,000 in 10 MB at most (security LOAD-12).
const MOST_IN_A_SHARD: usize = 8_192;

/// The last poll of a code.
#[derive(Clone, Copy)]
struct Poll {
    at: Timestamp,
    interval: Duration,
}

/// The last polls.
pub(crate) struct DevicePolls {
    shards: [Mutex<HashMap<Digest, Poll>>; SHARDS],
}

impl Default for DevicePolls {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl DevicePolls {
    /// Notes a poll for a code that nobody has answered yet; the interval from now on, where it came too soon after the last one.
    pub(crate) fn note(&self, code: Digest, now: Timestamp) -> Option<Duration> {
        // A digest is as good as random.
        let place = usize::from(code.as_bytes()[0]) % SHARDS;
        let mut shard = self.shards[place].lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST_IN_A_SHARD && !shard.contains_key(&code) {
            shard.retain(|_, poll| now.since(poll.at) < LIFETIME);
            if shard.len() >= MOST_IN_A_SHARD {
                shard.clear();
            }
        }
        let poll = shard.entry(code).or_insert(Poll { at: Timestamp::from_micros(i64::MIN), interval: INTERVAL });
        // A clock that was set back makes nobody wait (security LOAD-11).
        let is_too_soon = now >= poll.at && now.since(poll.at).saturating_add(TOLERANCE) < poll.interval;
        poll.at = now;
        if !is_too_soon {
            return None;
        }
        poll.interval = poll.interval.saturating_add(LONGER);
        Some(poll.interval)
    }

    /// Forgets a code that is answered.
    pub(crate) fn forget(&self, code: Digest) {
        let place = usize::from(code.as_bytes()[0]) % SHARDS;
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner).remove(&code);
    }

    /// Gives back the memory of codes that are over.
    pub(crate) fn sweep(&self, now: Timestamp) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, poll| now.since(poll.at) < LIFETIME);
            shard.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn device_poll_that_comes_too_soon_makes_the_interval_longer() {
        let polls = DevicePolls::default();
        let (code, seconds) = (Digest::of(b"a"), Duration::from_secs);
        assert_eq!(polls.note(code, at(100)), None);
        assert_eq!(polls.note(code, at(105)), None);
        assert_eq!(polls.note(code, at(109)), Some(seconds(10)));
        assert_eq!(polls.note(code, at(114)), Some(seconds(15)), "the longer interval counts from this poll on");
        assert_eq!(polls.note(Digest::of(b"b"), at(114)), None, "another code has its own");
        assert_eq!(polls.note(code, at(129)), None);
        assert_eq!(polls.note(code, at(20)), None, "a clock that was set back makes nobody wait");
        polls.forget(code);
        assert_eq!(polls.note(code, at(21)), None);
        let almost = Timestamp::from_micros(25_600_000);
        assert_eq!(polls.note(code, almost), None, "the network may have been slow");
    }

    #[test]
    fn device_polls_are_bounded_and_forgotten() {
        let polls = DevicePolls::default();
        for number in 0..200_000_u32 {
            polls.note(Digest::of(&number.to_be_bytes()), at(0));
        }
        let kept = || polls.shards.iter().map(|shard| shard.lock().unwrap().len()).sum::<usize>();
        assert!(kept() <= SHARDS * MOST_IN_A_SHARD, "{}", kept());
        polls.sweep(at(900));
        assert_eq!(kept(), 0);
    }
}
