//! Counts in the memory of one process: for limits that are asked at every request (Mastodon §18, docs/decisions/limits.md).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ambient::Timestamp;
use crate::model::device_polls::DevicePolls;
use crate::model::rate_limit::Limit;

/// Parts that are locked one by one, so that threads seldom meet.
const SHARDS: usize = 16;
/// How many subjects a part counts: with all parts, some 130,000 in 5 MB at most (security LOAD-12).
const MOST_IN_A_SHARD: usize = 8_192;

/// How often each subject did something in the present window.
pub(crate) struct RequestCounter {
    shards: [Mutex<Shard>; SHARDS],
    /// Subjects are counted under a keyed hash: outsiders cannot choose who shares a place.
    keys: RandomState,
}

#[derive(Default)]
struct Shard {
    window: Option<Timestamp>,
    counts: HashMap<u64, u32>,
}

/// What the general limits of the API count, and when devices last polled.
#[derive(Default)]
pub(crate) struct RequestCounters {
    pub(crate) by_account: RequestCounter,
    pub(crate) by_token: RequestCounter,
    pub(crate) by_address: RequestCounter,
    pub(crate) oauth_by_address: RequestCounter,
    pub(crate) device_polls: DevicePolls,
}

impl Default for RequestCounter {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), keys: RandomState::new() }
    }
}

impl RequestCounter {
    /// Counts one more and answers how many there are in this window, this one included.
    pub(crate) fn count(&self, subject: &str, limit: Limit, now: Timestamp) -> u32 {
        let key = self.keys.hash_one(subject);
        let place = usize::try_from(key % SHARDS as u64).unwrap_or_default();
        let mut shard = lock(&self.shards[place]);
        shard.turn_to(limit.window(now));
        if shard.counts.len() >= MOST_IN_A_SHARD && !shard.counts.contains_key(&key) {
            shard.forget_the_least();
        }
        let count = shard.counts.entry(key).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// Gives back the memory of windows that are over.
    pub(crate) fn sweep(&self, limit: Limit, now: Timestamp) {
        for shard in &self.shards {
            lock(shard).turn_to(limit.window(now));
        }
    }

    #[cfg(test)]
    fn subjects(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).counts.len()).sum()
    }
}

impl Shard {
    /// Every window begins at nothing, also one that a clock was set back to (security LOAD-11).
    fn turn_to(&mut self, window: Timestamp) {
        if self.window != Some(window) {
            self.window = Some(window);
            self.counts = HashMap::new();
        }
    }

    /// A flood of addresses makes room by its own ones: who came least is forgotten, who came often stays counted.
    fn forget_the_least(&mut self) {
        let mut least = 1_u32;
        while self.counts.len() > MOST_IN_A_SHARD / 2 {
            self.counts.retain(|_, count| *count > least);
            least = least.saturating_mul(2);
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMIT: Limit = Limit { max: 3, per: Duration::from_secs(300) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn request_counter_counts_each_subject_per_rate_limit_window() {
        let counter = RequestCounter::default();
        assert_eq!([at(0), at(1), at(299)].map(|now| counter.count("a", LIMIT, now)), [1, 2, 3]);
        assert_eq!(counter.count("b", LIMIT, at(299)), 1);
        assert_eq!(counter.count("a", LIMIT, at(300)), 1);
        assert_eq!(counter.count("a", LIMIT, at(0)), 1, "a clock that was set back locks nobody out");
        counter.sweep(LIMIT, at(600));
        assert_eq!(counter.subjects(), 0);
    }

    #[test]
    fn request_counter_counts_all_parallel_requests() {
        let counter = RequestCounter::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        counter.count("a", LIMIT, at(0));
                    }
                });
            }
        });
        assert_eq!(counter.count("a", LIMIT, at(0)), 4_001);
    }

    #[test]
    fn request_counter_under_address_flood_is_bounded_and_keeps_heavy_callers() {
        let counter = RequestCounter::default();
        for _ in 0..50 {
            counter.count("heavy", LIMIT, at(0));
        }
        for address in 0..400_000 {
            counter.count(&address.to_string(), LIMIT, at(0));
        }
        assert!(counter.subjects() <= SHARDS * MOST_IN_A_SHARD, "{}", counter.subjects());
        assert_eq!(counter.count("heavy", LIMIT, at(0)), 51);
    }
}
