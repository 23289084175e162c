//! The tokens that apps have for themselves. An app with the same scopes gets the same one again, as long as it lives (faults
//! F3).

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_token as table;
use super::tokens::{Row, StoredToken};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::app::AppId;
use crate::model::scope::Scopes;
use crate::on;
use crate::secret::Digest;

/// A token of an app for itself.
#[derive(Clone)]
pub(crate) struct OwnToken {
    pub(crate) token: StoredToken,
    /// How many the app had before it with the same scopes.
    pub(crate) generation: i64,
    pub(crate) digest: Vec<u8>,
}

/// The latest token of the app with these scopes, live or not.
pub(crate) async fn latest(conn: &mut Conn, app: &AppId, scopes: &Scopes) -> Result<Option<OwnToken>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .filter(table::app_id.eq(app.as_str()).and(table::scopes.eq(scopes.to_string())))
        .filter(table::generation.is_not_null())
        .order(table::generation.desc())
        .select(Row::as_select())
        .first(c))
    .optional()?;
    Ok(row.map(|mut row| {
        let (generation, digest) = (row.generation.unwrap_or_default(), std::mem::take(&mut row.digest));
        OwnToken { token: row.into(), generation, digest }
    }))
}

/// Keeps a new one; false when another request kept this generation first.
pub(crate) async fn insert(
    conn: &mut Conn,
    token: &StoredToken,
    generation: i64,
    digest: Digest,
) -> Result<bool, Error> {
    let mut row = Row::new(token, digest);
    row.generation = Some(generation);
    let inserted = on!(conn, c => diesel::insert_into(table::table).values(&row).on_conflict_do_nothing().execute(c))?;
    Ok(inserted == 1)
}

/// The oldest live token of an app that has more than `most` of them.
pub(crate) async fn beyond(conn: &mut Conn, app: &AppId, most: i64, now: Timestamp) -> Result<Option<String>, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::app_id.eq(app.as_str()).and(table::generation.is_not_null()))
        .filter(table::revoked_at.is_null())
        .filter(table::expires_at.is_null().or(table::expires_at.gt(now.micros())))
        .order((table::created_at.desc(), table::id.desc()))
        .select(table::id)
        .offset(most)
        .first(c))
    .optional()?)
}
