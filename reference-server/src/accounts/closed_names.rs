//! The names of removed accounts. Nobody else gets one, and a copy of the database does not tell whose they were: a name is kept as a
//! digest of its look under a key that is not in the database (people PPL-124).

use diesel::{ExpressionMethods, QueryDsl, TextExpressionMethods};
use lysand_auth::error::Error;
use lysand_auth::keys::Keys;
use lysand_auth::on;
use lysand_auth::store::{Conn, Store};

use super::rows::account_closed_name as table;

/// What the digests are made for, in the derivation of their key.
const LABEL: &str = "names of removed accounts";
/// How long a digest is, in characters. No name is as long.
const DIGEST_LENGTH: usize = 43;
/// How many names are digested at once.
const BATCH: i64 = 1_000;

/// Under what a look is kept.
#[derive(Clone, Debug)]
pub(super) struct ClosedNames {
    keys: Keys,
}

/// What a look may be kept as.
#[derive(Clone, Debug)]
pub(super) struct ClosedName {
    /// As new ones are kept.
    kept: String,
    /// Also as those from before: under a former key, or as an earlier version kept them.
    known: Vec<String>,
}

impl ClosedNames {
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys }
    }

    pub(super) fn of(&self, look: &str) -> ClosedName {
        let digests = self.keys.keyed_digests(LABEL, look);
        let mut known: Vec<String> = digests.iter().map(|digest| digest.to_base64url()).collect();
        let kept = known.first().cloned().unwrap_or_else(|| look.to_owned());
        known.push(look.to_owned());
        ClosedName { kept, known }
    }

    /// Digests the names that an earlier version kept in the clear; how many there were.
    pub(super) async fn digest_all(&self, store: &Store) -> Result<usize, Error> {
        let mut digested = 0;
        loop {
            let names = self.clone();
            let some = store.write(move |c| Box::pin(async move { names.digest_some(c).await })).await?;
            digested += some;
            if some == 0 {
                return Ok(digested);
            }
        }
    }

    async fn digest_some(&self, c: &mut Conn) -> Result<usize, Error> {
        let clear = table::table
            .filter(table::name_key.not_like("_".repeat(DIGEST_LENGTH)))
            .select((table::name_key, table::closed_at))
            .limit(BATCH);
        let clear: Vec<(String, i64)> = on!(c, c => clear.load(c))?;
        let mut digested = 0;
        for (look, closed_at) in &clear {
            let name = self.of(look);
            if name.kept == *look {
                // There is no key: they stay as they are.
                return Ok(0);
            }
            name.insert(c, *closed_at).await?;
            digested += on!(c, c => diesel::delete(table::table.find(look)).execute(c))?;
        }
        Ok(digested)
    }
}

impl ClosedName {
    /// Whether somebody had it whose account was removed (faults B1).
    pub(super) async fn is_closed(&self, c: &mut Conn) -> Result<bool, Error> {
        let query = table::table.filter(table::name_key.eq_any(&self.known)).count();
        let closed: i64 = on!(c, c => query.get_result(c))?;
        Ok(closed > 0)
    }

    /// Keeps it from others from now on.
    pub(super) async fn insert(&self, c: &mut Conn, now: i64) -> Result<(), Error> {
        let closed = (table::name_key.eq(&self.kept), table::closed_at.eq(now));
        let statement = diesel::insert_into(table::table).values(closed).on_conflict_do_nothing();
        on!(c, c => statement.execute(c))?;
        Ok(())
    }

    /// Lets others have it; false when it was none.
    pub(super) async fn release(&self, c: &mut Conn) -> Result<bool, Error> {
        let closed = table::table.filter(table::name_key.eq_any(&self.known));
        Ok(on!(c, c => diesel::delete(closed).execute(c))? > 0)
    }
}
