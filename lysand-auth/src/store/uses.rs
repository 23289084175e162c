//! What was used: gathered in memory and written together, so that a request costs no write (Mastodon §11.4, people PPL-110).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ambient::Timestamp;

/// How many uses are gathered; what comes beyond is left for the next use.
const MOST_RECORDED: usize = 10_000;

/// What was used, by its key, and from where.
pub(crate) type Use = (String, Option<IpAddr>);

/// How long a writer may take to come before another one is called for: the first may have gone with its thread.
const OVERDUE: Duration = Duration::from_secs(60);

/// The uses that wait to be written.
#[derive(Default)]
pub(crate) struct Uses(Mutex<Recorded>);

#[derive(Default)]
struct Recorded {
    uses: BTreeMap<String, Option<IpAddr>>,
    /// When a writer was called for.
    called_at: Option<Timestamp>,
}

impl Uses {
    /// Keeps a use; true when nobody has been called to write it, so that the caller has to see to that.
    pub(crate) fn record(&self, id: &str, from: Option<IpAddr>, now: Timestamp) -> bool {
        let mut gathered = self.lock();
        if gathered.uses.len() < MOST_RECORDED {
            gathered.uses.entry(id.to_owned()).or_insert(from);
        }
        let is_called = gathered.called_at.is_some_and(|called_at| now.since(called_at) < OVERDUE);
        if !is_called {
            gathered.called_at = Some(now);
        }
        !is_called
    }

    /// Whether a use of this one waits to be written, or may have been left out.
    pub(crate) fn may_hold(&self, id: &str) -> bool {
        let gathered = self.lock();
        gathered.uses.contains_key(id) || gathered.uses.len() >= MOST_RECORDED
    }

    /// Takes what was gathered, to write it.
    pub(crate) fn take(&self) -> Vec<Use> {
        std::mem::take(&mut *self.lock()).uses.into_iter().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_use_buffer_is_deduplicated_bounded_and_calls_one_writer() {
        let (uses, now) = (Uses::default(), Timestamp::from_micros(0));
        assert!(uses.record("a", None, now), "the first one calls for a writer");
        assert!(!uses.record("b", None, now) && !uses.record("a", None, now));
        assert_eq!(uses.take(), [("a".to_owned(), None), ("b".to_owned(), None)]);
        for id in 0..MOST_RECORDED + 10 {
            uses.record(&id.to_string(), None, now);
        }
        assert_eq!(uses.take().len(), MOST_RECORDED);
        assert!(uses.record("a", None, now), "and the next one does again");
        assert!(!uses.record("a", None, now));
        assert!(uses.record("a", None, now.plus(OVERDUE)), "a writer that never came is replaced");
    }
}
