//! What keeps refusals away from the database: which limits this process has seen exceeded, and a turn at each counter for a few
//! requests at a time (faults F14).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::ambient::Timestamp;
use crate::model::rate_limit::{Counter, Rule};

/// Parts that are locked one by one.
const SHARDS: usize = 16;
/// Exceeded limits that a part remembers; more are asked of the database again (security LOAD-12).
const MOST_IN_A_SHARD: usize = 4_096;
/// Turns at counters: counters that share one wait for one another.
const TURNS: usize = 64;
/// Requests that may have a turn at the same time, each with a connection of the database.
const AT_ONCE: usize = 2;
/// How long an account's exceeded limit is believed without a look at the database, where an admin may have cleared it.
const ACCOUNT_BELIEVED: Duration = Duration::from_secs(5);

/// Exceeded limits, and turns at counters.
pub(crate) struct LimitGates {
    exceeded: [Mutex<HashMap<u64, Exceeded>>; SHARDS],
    turns: [Semaphore; TURNS],
    /// Counters are known by a keyed hash: outsiders cannot choose with whom they share a place.
    keys: RandomState,
}

/// A limit that was seen exceeded.
#[derive(Clone, Copy)]
struct Exceeded {
    window: Timestamp,
    seen: Timestamp,
}

impl Default for LimitGates {
    fn default() -> Self {
        Self {
            exceeded: std::array::from_fn(|_| Mutex::default()),
            turns: std::array::from_fn(|_| Semaphore::new(AT_ONCE)),
            keys: RandomState::new(),
        }
    }
}

impl LimitGates {
    /// Whether this process knows that the limit is exceeded.
    pub(crate) fn is_exceeded(&self, counter: Counter, now: Timestamp) -> bool {
        let key = self.key(counter);
        let known = self.shard(key).get(&key).copied();
        let may_be_unlocked =
            matches!(counter.rule, Rule::LoginAccount | Rule::FactorAccount | Rule::FactorKnown | Rule::FactorDay);
        let is_believed = |known: Exceeded| !may_be_unlocked || now.since(known.seen) < ACCOUNT_BELIEVED;
        known.is_some_and(|known| known.window == counter.limit.window(now) && is_believed(known))
    }

    /// Remembers until the end of the window that the limit is exceeded; whether this process did not know it.
    pub(crate) fn note_exceeded(&self, counter: Counter, now: Timestamp) -> bool {
        let key = self.key(counter);
        let mut shard = self.shard(key);
        if shard.len() >= MOST_IN_A_SHARD {
            shard.clear();
        }
        let window = counter.limit.window(now);
        let known = shard.insert(key, Exceeded { window, seen: now });
        known.is_none_or(|known| known.window != window)
    }

    /// Waits for a turn at the counter.
    pub(crate) async fn turn(&self, counter: Counter) -> Option<SemaphorePermit<'_>> {
        let half = TURNS / 2;
        let place = usize::try_from(self.key(counter) % half as u64).unwrap_or_default();
        // Who waits for a turn at an account or a session has one at an address already: never the other way round.
        let is_second =
            matches!(counter.rule, Rule::LoginAccount | Rule::ProofSession | Rule::FactorAccount | Rule::FactorKnown);
        let place = if is_second { half + place } else { place };
        self.turns[place].acquire().await.ok()
    }

    fn key(&self, counter: Counter) -> u64 {
        self.keys.hash_one((counter.rule, counter.subject))
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, HashMap<u64, Exceeded>> {
        let place = usize::try_from(key % SHARDS as u64).unwrap_or_default();
        self.exceeded[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rate_limit::Limit;
    use crate::secret::Digest;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn limit_gates_believe_an_exceeded_limit_until_its_window_ends() {
        let gates = LimitGates::default();
        let limit = Limit { max: 3, per: Duration::from_secs(300) };
        let counter = |rule, subject: &str| Counter { rule, subject: Digest::of(subject.as_bytes()), limit };
        let (address, account) = (counter(Rule::LoginAddress, "a"), counter(Rule::LoginAccount, "a"));
        assert!(!gates.is_exceeded(address, at(10)));
        gates.note_exceeded(address, at(10));
        gates.note_exceeded(account, at(10));
        assert!(gates.is_exceeded(address, at(299)) && !gates.is_exceeded(address, at(300)));
        assert!(!gates.is_exceeded(counter(Rule::LoginAddress, "b"), at(10)));
        assert!(gates.is_exceeded(account, at(14)) && !gates.is_exceeded(account, at(15)), "it may have been unlocked");
        assert!(!gates.is_exceeded(address, at(-1)), "a clock that was set back locks nobody out");
        for number in 0..200_000 {
            gates.note_exceeded(counter(Rule::Sso, &number.to_string()), at(10));
        }
        assert!(gates.exceeded.iter().all(|shard| shard.lock().unwrap().len() <= MOST_IN_A_SHARD));
    }
}
