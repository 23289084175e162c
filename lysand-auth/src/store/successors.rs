//! What replaces a refresh token: the next one and the access token beside it; and once more, when the answer was lost (faults
//! A9).

use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::families::{self, RefreshRow, Replacement};
use super::schema::auth_refresh_token as table;
use super::tokens::{self, StoredToken};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::on;
use crate::secret::Digest;

/// The next refresh token, and the access token beside it.
#[derive(Clone)]
pub(crate) struct Successor {
    pub(crate) refresh: Digest,
    pub(crate) family_id: String,
    pub(crate) idle_end: Timestamp,
    pub(crate) access: Digest,
    pub(crate) token: StoredToken,
}

/// What becomes of a refresh token that was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It has another successor: the one that nobody used is over.
    Replaced,
    /// That happened before, and nobody used the new successor either.
    Again,
    /// Somebody used what replaced it, it is too long ago, or the family is over.
    Reuse,
}

impl Successor {
    /// Puts the successor in the place of a refresh token; false when that was spent before, or its time is over.
    pub(crate) async fn replace(&self, conn: &mut Conn, digest: Digest, now: Timestamp) -> Result<bool, Error> {
        let next = Replacement { family_id: &self.family_id, refresh: self.refresh, token_id: &self.token.id };
        if !families::spend(conn, digest, next, now).await? {
            return Ok(false);
        }
        self.insert(conn, now).await?;
        Ok(true)
    }

    /// Puts it in the place of another successor that nobody used, when the refresh token was spent after `since` and never
    /// repeated. `waits` tells whether the use of an access token is not written yet.
    pub(crate) async fn repeat(
        &self,
        conn: &mut Conn,
        digest: Digest,
        since: Timestamp,
        waits: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Repeat, Error> {
        let now = self.token.created_at;
        if !families::rotate(conn, &self.family_id, now).await? {
            return Ok(Repeat::Reuse);
        }
        let spent = families::find_refresh(conn, digest.as_bytes()).await?;
        let Some(RefreshRow {
            used_at: Some(used_at),
            next_digest: Some(old),
            next_token_id: Some(token),
            retried_at,
            ..
        }) = spent
        else {
            return Ok(Repeat::Reuse);
        };
        let is_unused = families::find_refresh(conn, &old).await?.is_some_and(|old| old.used_at.is_none());
        if used_at < since.micros() || !is_unused || waits(&token) || tokens::was_used(conn, &token).await? {
            return Ok(Repeat::Reuse);
        }
        if retried_at.is_some() {
            return Ok(Repeat::Again);
        }
        on!(conn, c => diesel::update(table::table.find(digest.as_bytes()))
            .set((
                table::retried_at.eq(Some(now.micros())),
                table::next_digest.eq(Some(self.refresh.as_bytes())),
                table::next_token_id.eq(Some(&self.token.id)),
            ))
            .execute(c))?;
        // Whoever has the lost answer after all, and uses it, is one of two holders.
        on!(conn, c => diesel::update(table::table.find(&old)).set(table::used_at.eq(Some(now.micros()))).execute(c))?;
        tokens::revoke(conn, &token, now).await?;
        self.insert(conn, now).await?;
        Ok(Repeat::Replaced)
    }

    async fn insert(&self, conn: &mut Conn, now: Timestamp) -> Result<(), Error> {
        families::insert_refresh(conn, self.refresh, &self.family_id, self.idle_end, now).await?;
        tokens::insert(conn, &self.token, self.access).await
    }
}
