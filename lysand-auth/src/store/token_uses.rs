//! Which tokens were used: gathered in memory and written together, so that a request costs no write (Mastodon §11.4).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "postgres")]
use diesel::QueryDsl as _;
use diesel::{BoolExpressionMethods, ExpressionMethods};

use super::conn::Conn;
use super::schema::auth_token as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::on;

/// How many uses are gathered; what comes beyond is left for the token's next use.
const MOST_RECORDED: usize = 10_000;

/// A token that was used, and from where.
pub(crate) type Use = (String, Option<IpAddr>);

/// How long a writer may take to come before another one is called for: the first may have gone with its thread.
const OVERDUE: Duration = Duration::from_secs(60);

/// The uses that wait to be written.
#[derive(Default)]
pub(crate) struct TokenUses(Mutex<Recorded>);

#[derive(Default)]
struct Recorded {
    uses: BTreeMap<String, Option<IpAddr>>,
    /// When a writer was called for.
    called_at: Option<Timestamp>,
}

impl TokenUses {
    /// Keeps a use; true when nobody has been called to write it, so that the caller has to see to that.
    pub(crate) fn record(&self, token_id: &str, from: Option<IpAddr>, now: Timestamp) -> bool {
        let mut gathered = self.lock();
        if gathered.uses.len() < MOST_RECORDED {
            gathered.uses.entry(token_id.to_owned()).or_insert(from);
        }
        let is_called = gathered.called_at.is_some_and(|called_at| now.since(called_at) < OVERDUE);
        if !is_called {
            gathered.called_at = Some(now);
        }
        !is_called
    }

    /// Whether a use of this token waits to be written, or may have been left out.
    pub(crate) fn may_hold(&self, token_id: &str) -> bool {
        let gathered = self.lock();
        gathered.uses.contains_key(token_id) || gathered.uses.len() >= MOST_RECORDED
    }

    /// Takes what was gathered, to write it.
    pub(crate) fn take(&self) -> Vec<Use> {
        std::mem::take(&mut *self.lock()).uses.into_iter().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes uses of tokens that were not used since `due`; answers how many there were. On PostgreSQL a token that somebody
/// is changing at this moment is left out: waiting for it while holding others could end in a deadlock with a revocation.
pub(crate) async fn write(conn: &mut Conn, uses: &[Use], due: Timestamp, now: Timestamp) -> Result<usize, Error> {
    let ids: BTreeSet<String> = uses.iter().map(|(id, _)| id.clone()).collect();
    let ids: BTreeSet<String> = match conn {
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => ids,
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let rows = table::table.filter(table::id.eq_any(&ids)).select(table::id);
            let free: Vec<String> = diesel_async::RunQueryDsl::load(rows.for_no_key_update().skip_locked(), c).await?;
            free.into_iter().collect()
        }
    };
    let mut by_address: BTreeMap<Option<IpAddr>, Vec<&str>> = BTreeMap::new();
    for (id, from) in uses.iter().filter(|(id, _)| ids.contains(id)) {
        by_address.entry(*from).or_default().push(id);
    }
    let mut written = 0;
    for (from, ids) in by_address {
        let from = from.map(|from| from.to_string());
        written += on!(conn, c => diesel::update(table::table)
            .filter(table::id.eq_any(&ids))
            .filter(table::last_used_at.is_null().or(table::last_used_at.le(due.micros())))
            .set((table::last_used_at.eq(Some(now.micros())), table::last_used_from.eq(&from)))
            .execute(c))?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_last_use_buffer_is_deduplicated_bounded_and_calls_one_writer() {
        let (uses, now) = (TokenUses::default(), Timestamp::from_micros(0));
        assert!(uses.record("a", None, now), "the first one calls for a writer");
        assert!(!uses.record("b", None, now) && !uses.record("a", None, now));
        assert_eq!(uses.take(), [("a".to_owned(), None), ("b".to_owned(), None)]);
        for token in 0..MOST_RECORDED + 10 {
            uses.record(&token.to_string(), None, now);
        }
        assert_eq!(uses.take().len(), MOST_RECORDED);
        assert!(uses.record("a", None, now), "and the next one does again");
        assert!(!uses.record("a", None, now));
        assert!(uses.record("a", None, now.plus(OVERDUE)), "a writer that never came is replaced");
    }
}
