//! Families of refresh tokens. A replacement and an end both change the family's row, so that of the two only one comes
//! first (security ONE-2, REV-2).

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::apps::{self, StoredApp};
use super::conn::Conn;
use super::schema::{auth_app, auth_family as table, auth_refresh_token, auth_token};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::family::Family;
use crate::model::scope::Scopes;
use crate::model::strength::Authentication;
use crate::on;
use crate::secret::Digest;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    app_id: String,
    account_id: String,
    scopes: String,
    created_at: i64,
    rotated_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    strength: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = auth_refresh_token)]
pub(super) struct RefreshRow {
    digest: Vec<u8>,
    family_id: String,
    created_at: i64,
    expires_at: i64,
    pub(super) used_at: Option<i64>,
    pub(super) next_digest: Option<Vec<u8>>,
    pub(super) next_token_id: Option<String>,
    pub(super) retried_at: Option<i64>,
}

/// What replaces a refresh token, by the keys of both.
pub(crate) struct Replacement<'a> {
    pub(crate) family_id: &'a str,
    pub(crate) refresh: Digest,
    pub(crate) token_id: &'a str,
}

/// A refresh token as the store keeps it.
pub(crate) struct StoredRefresh {
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

impl From<Row> for Family {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            app_id: AppId::new(row.app_id),
            account_id: AccountId::new(row.account_id),
            scopes: Scopes::stored(&row.scopes),
            expires_at: Timestamp::from_micros(row.expires_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
            authentication: row.strength.as_deref().and_then(Authentication::read),
        }
    }
}

pub(crate) async fn insert(conn: &mut Conn, family: &Family, now: Timestamp) -> Result<(), Error> {
    let row = Row {
        id: family.id.clone(),
        app_id: family.app_id.as_str().to_owned(),
        account_id: family.account_id.as_str().to_owned(),
        scopes: family.scopes.to_string(),
        created_at: now.micros(),
        rotated_at: now.micros(),
        expires_at: family.expires_at.micros(),
        ended_at: None,
        strength: family.authentication.map(Authentication::stored),
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

pub(crate) async fn insert_refresh(
    conn: &mut Conn,
    digest: Digest,
    family_id: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let row = RefreshRow {
        digest: digest.as_bytes().to_vec(),
        family_id: family_id.to_owned(),
        created_at: now.micros(),
        expires_at: expires_at.micros(),
        used_at: None,
        next_digest: None,
        next_token_id: None,
        retried_at: None,
    };
    on!(conn, c => diesel::insert_into(auth_refresh_token::table).values(&row).execute(c))?;
    Ok(())
}

/// The refresh token with this digest, its family and its app.
pub(crate) async fn by_refresh(
    conn: &mut Conn,
    digest: Digest,
) -> Result<Option<(StoredRefresh, Family, StoredApp)>, Error> {
    let row: Option<(RefreshRow, Row, apps::Row)> = on!(conn, c => auth_refresh_token::table
        .inner_join(table::table.inner_join(auth_app::table))
        .filter(auth_refresh_token::digest.eq(digest.as_bytes()))
        .select((RefreshRow::as_select(), Row::as_select(), apps::Row::as_select()))
        .get_result(c))
    .optional()?;
    Ok(row.map(|(refresh, family, app)| {
        let refresh = StoredRefresh {
            expires_at: Timestamp::from_micros(refresh.expires_at),
            used_at: refresh.used_at.map(Timestamp::from_micros),
        };
        (refresh, family.into(), app.into())
    }))
}

/// Spends a refresh token of a living family and notes what replaces it; false when it was spent before, or either's time is
/// over.
pub(crate) async fn spend(
    conn: &mut Conn,
    digest: Digest,
    next: Replacement<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let rotates = rotate(conn, next.family_id, now).await?;
    let spent = on!(conn, c => diesel::update(auth_refresh_token::table.find(digest.as_bytes()))
        .filter(auth_refresh_token::used_at.is_null())
        .filter(auth_refresh_token::expires_at.gt(now.micros()))
        .set((
            auth_refresh_token::used_at.eq(Some(now.micros())),
            auth_refresh_token::next_digest.eq(Some(next.refresh.as_bytes())),
            auth_refresh_token::next_token_id.eq(Some(next.token_id)),
        ))
        .execute(c))?;
    Ok(rotates && spent == 1)
}

/// Marks a living family as used, and holds it until the transaction is over: whoever else replaces or repeats one of its
/// tokens, or ends it, waits.
pub(super) async fn rotate(conn: &mut Conn, family_id: &str, now: Timestamp) -> Result<bool, Error> {
    let rotated = on!(conn, c => diesel::update(table::table.find(family_id))
        .filter(table::ended_at.is_null().and(table::expires_at.gt(now.micros())))
        .set(table::rotated_at.eq(now.micros()))
        .execute(c))?;
    Ok(rotated == 1)
}

pub(super) async fn find_refresh(conn: &mut Conn, digest: &[u8]) -> Result<Option<RefreshRow>, Error> {
    let found = on!(conn, c => auth_refresh_token::table.find(digest).select(RefreshRow::as_select()).get_result(c));
    Ok(found.optional()?)
}

/// Ends a family with all its access tokens; false when all of it was over before.
pub(crate) async fn end(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let ended = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    let revoked = on!(conn, c => diesel::update(auth_token::table)
        .filter(auth_token::family_id.eq(id).and(auth_token::revoked_at.is_null()))
        .set(auth_token::revoked_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(ended + revoked > 0)
}

/// Ends every family of an account but one; its access tokens are the caller's to revoke afterwards.
pub(crate) async fn end_others_of_account(
    conn: &mut Conn,
    account: &AccountId,
    spared: &str,
    now: Timestamp,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()).and(table::ended_at.is_null()))
        .filter(table::id.ne(spared))
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}
