//! The last use of tokens is written together with that of others (Mastodon §11.4).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

#[cfg(feature = "postgres")]
use diesel::QueryDsl as _;
use diesel::{BoolExpressionMethods, ExpressionMethods};

use super::conn::Conn;
use super::schema::auth_token as table;
use super::uses::Use;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::on;

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
