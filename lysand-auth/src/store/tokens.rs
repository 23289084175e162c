//! Access tokens.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::apps::{self, StoredApp};
use super::conn::Conn;
use super::families;
use super::schema::{auth_app, auth_token as table};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::{App, AppId};
use crate::model::personal_token::{Networks, shown_as_app};
use crate::model::scope::Scopes;
use crate::model::strength::Authentication;
use crate::on;
use crate::secret::Digest;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
pub(super) struct Row {
    id: String,
    pub(super) digest: Vec<u8>,
    app_id: String,
    account_id: Option<String>,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    family_id: Option<String>,
    last_used_at: Option<i64>,
    /// Set for a token that an app has for itself: see [`own_tokens`](super::own_tokens).
    pub(super) generation: Option<i64>,
    /// Set for a [personal token](super::personal_tokens).
    name: Option<String>,
    networks: Option<String>,
    pub(super) told: i16,
    strength: Option<String>,
}

/// A token and the app that holds it.
pub(crate) type Found = (StoredToken, App);

/// A token as the store keeps it.
#[derive(Clone)]
pub(crate) struct StoredToken {
    pub(crate) id: String,
    pub(crate) app_id: AppId,
    pub(crate) account_id: Option<AccountId>,
    pub(crate) scopes: Scopes,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    /// The family of refresh tokens that it belongs to.
    pub(crate) family_id: Option<String>,
    pub(crate) last_used_at: Option<Timestamp>,
    /// How well its owner had proven who they are when it was granted; none of a token from before that was kept (FAC-101).
    pub(crate) authentication: Option<Authentication>,
    /// What is special about a token that its owner made, without an app.
    pub(crate) personal: Option<Personal>,
}

/// What a personal token has that others have not.
#[derive(Clone, Debug)]
pub(crate) struct Personal {
    /// What its owner calls it.
    pub(crate) name: String,
    /// From where it may be used.
    pub(crate) networks: Networks,
}

impl From<Row> for StoredToken {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            app_id: AppId::new(row.app_id),
            account_id: row.account_id.map(AccountId::new),
            scopes: Scopes::stored(&row.scopes),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
            family_id: row.family_id,
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
            authentication: row.strength.as_deref().and_then(Authentication::read),
            personal: row.name.map(|name| Personal {
                name,
                networks: row.networks.as_deref().map(Networks::stored).unwrap_or_default(),
            }),
        }
    }
}

/// A token and the app that holds it; a personal token stands for an app itself (people PPL-120).
pub(super) fn found(row: Row, app: apps::Row) -> Found {
    let (token, mut app) = (StoredToken::from(row), StoredApp::from(app).app);
    if let Some(personal) = &token.personal {
        app.name = shown_as_app(&personal.name);
        app.scopes = token.scopes.clone();
    }
    (token, app)
}

pub(crate) async fn insert(conn: &mut Conn, token: &StoredToken, digest: Digest) -> Result<(), Error> {
    let row = Row::new(token, digest);
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

impl Row {
    pub(super) fn new(token: &StoredToken, digest: Digest) -> Self {
        let networks = token.personal.as_ref().map(|personal| &personal.networks);
        let networks = networks.filter(|networks| !networks.is_everywhere());
        Self {
            id: token.id.clone(),
            digest: digest.as_bytes().to_vec(),
            app_id: token.app_id.as_str().to_owned(),
            account_id: token.account_id.as_ref().map(|id| id.as_str().to_owned()),
            scopes: token.scopes.to_string(),
            created_at: token.created_at.micros(),
            expires_at: token.expires_at.map(Timestamp::micros),
            revoked_at: None,
            family_id: token.family_id.clone(),
            last_used_at: None,
            generation: None,
            name: token.personal.as_ref().map(|personal| personal.name.clone()),
            networks: networks.map(ToString::to_string),
            told: 0,
            strength: token.authentication.map(Authentication::stored),
        }
    }
}

/// The tokens with these digests and their apps, in any order: what several bearer checks ask at one moment.
#[cfg(feature = "postgres")]
pub(super) async fn by_digests(conn: &mut Conn, digests: &[Digest]) -> Result<Vec<(Vec<u8>, Found)>, Error> {
    let digests: Vec<&[u8]> = digests.iter().map(Digest::as_bytes).collect();
    let rows: Vec<(Row, apps::Row)> = on!(conn, c => table::table
        .inner_join(auth_app::table)
        .filter(table::digest.eq_any(&digests))
        .select((Row::as_select(), apps::Row::as_select()))
        .load(c))?;
    let tokens = rows.into_iter().map(|(mut row, app)| {
        let digest = std::mem::take(&mut row.digest);
        (digest, found(row, app))
    });
    Ok(tokens.collect())
}

/// The token with this digest and its app.
pub(crate) async fn by_digest(conn: &mut Conn, digest: Digest) -> Result<Option<Found>, Error> {
    let row: Option<(Row, apps::Row)> = on!(conn, c => table::table
        .inner_join(auth_app::table)
        .filter(table::digest.eq(digest.as_bytes()))
        .select((Row::as_select(), apps::Row::as_select()))
        .get_result(c))
    .optional()?;
    Ok(row.map(|(row, app)| found(row, app)))
}

/// Whether a use of the token was written down, or it is no token any more.
pub(crate) async fn was_used(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    let unused: i64 = on!(conn, c => table::table
        .find(id)
        .filter(table::last_used_at.is_null())
        .filter(table::revoked_at.is_null())
        .count()
        .get_result(c))?;
    Ok(unused == 0)
}

/// Revokes a token; false when there is no such token, or it was revoked before.
pub(crate) async fn revoke(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let revoked = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::revoked_at.is_null())
        .set(table::revoked_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(revoked > 0)
}

/// Ends what a token belongs to: its family with all that this has, or the token by itself; false when all of it was over
/// before.
pub(crate) async fn end_grant(
    conn: &mut Conn,
    token: Option<&str>,
    family: Option<&str>,
    now: Timestamp,
) -> Result<bool, Error> {
    let of_family = match family {
        Some(family) => families::end(conn, family, now).await?,
        None => false,
    };
    let of_token = match token {
        Some(token) => revoke(conn, token, now).await?,
        None => false,
    };
    Ok(of_family || of_token)
}

/// Whether a token still opens anything.
pub(crate) async fn is_live(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let live: i64 = on!(conn, c => table::table
        .find(id)
        .filter(table::revoked_at.is_null())
        .filter(table::expires_at.is_null().or(table::expires_at.gt(now.micros())))
        .count()
        .get_result(c))?;
    Ok(live > 0)
}

/// How many tokens open something.
#[cfg(feature = "native")]
pub(crate) async fn count_live(conn: &mut Conn, now: Timestamp) -> Result<i64, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::revoked_at.is_null())
        .filter(table::expires_at.is_null().or(table::expires_at.gt(now.micros())))
        .count()
        .get_result(c))?)
}

/// Which tokens of an account live on when the others are revoked.
#[derive(Clone, Debug, Default)]
pub(crate) struct SparedTokens {
    /// One token.
    pub(crate) id: Option<String>,
    /// One family of refresh tokens, with all that it has.
    pub(crate) family: Option<String>,
    /// All that no refresh replaces.
    pub(crate) lasting: bool,
}

/// Revokes every token of an account, and ends its families of refresh tokens first.
pub(crate) async fn revoke_all_of_account(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    revoke_others_of_account(conn, account, &SparedTokens::default(), now).await
}

/// The same but for some.
pub(crate) async fn revoke_others_of_account(
    conn: &mut Conn,
    account: &AccountId,
    spared: &SparedTokens,
    now: Timestamp,
) -> Result<(), Error> {
    // Nothing has an empty id.
    let (id, family) = (spared.id.as_deref().unwrap_or_default(), spared.family.as_deref().unwrap_or_default());
    families::end_others_of_account(conn, account, family, now).await?;
    let others = table::account_id
        .eq(account.as_str())
        .and(table::revoked_at.is_null())
        .and(table::id.ne(id))
        .and(table::family_id.is_null().or(table::family_id.ne(family)));
    let ended = table::revoked_at.eq(Some(now.micros()));
    match spared.lasting {
        true => {
            let refreshed = table::table.filter(others.and(table::family_id.is_not_null()));
            on!(conn, c => diesel::update(refreshed).set(ended).execute(c))?
        }
        false => on!(conn, c => diesel::update(table::table.filter(others)).set(ended).execute(c))?,
    };
    Ok(())
}
