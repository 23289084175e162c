//! Authorizations: pending, approved, used. Each step is one conditional update, so of any number of simultaneous tries
//! exactly one succeeds (security ONE-1, ONE-2).

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, Queryable, Selectable, SelectableHelper,
};

use super::apps::{self, StoredApp};
use super::conn::Conn;
use super::schema::{auth_app, auth_authorization as table, auth_session};
use super::statements::{Approve, Spend};
use super::tokens::StoredToken;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::authorization::{Authorization, CheckedRequest, ResponseMode};
use crate::model::pkce::Challenge;
use crate::model::redirect_uri::RedirectUri;
use crate::model::scope::Scopes;
use crate::model::session::SessionId;
#[cfg(feature = "postgres")]
use crate::model::strength::Authentication;
use crate::model::strength::ProvenBy;
use crate::on;
use crate::secret::Digest;

/// A pending code, and the one that the app gets in its place.
#[derive(Clone, Copy)]
pub(crate) struct ApprovedCode {
    pub(crate) pending: Digest,
    pub(crate) approved: Digest,
}

/// More pending requests than a session can have that were made since it is limited.
const MANY_PENDING: i64 = 1_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    code_digest: Vec<u8>,
    app_id: String,
    account_id: String,
    session_id: String,
    redirect_uri: String,
    scopes: String,
    state: Option<String>,
    code_challenge: Option<String>,
    nonce: Option<String>,
    created_at: i64,
    expires_at: i64,
    approved_at: Option<i64>,
    used_at: Option<i64>,
    token_id: Option<String>,
    family_id: Option<String>,
    response_mode: Option<String>,
}

impl From<Row> for Authorization {
    fn from(row: Row) -> Self {
        Self {
            app_id: AppId::new(row.app_id),
            account_id: AccountId::new(row.account_id),
            session_id: SessionId::new(row.session_id),
            proven: None,
            request: CheckedRequest {
                redirect_uri: RedirectUri::stored(row.redirect_uri),
                scopes: Scopes::stored(&row.scopes),
                state: row.state,
                challenge: row.code_challenge.map(Challenge::stored),
                nonce: row.nonce,
                response_mode: row.response_mode.as_deref().and_then(ResponseMode::named).unwrap_or_default(),
                acr_values: None,
                // Whoever may not sign in for it has no code.
                account_hint: None,
            },
            expires_at: Timestamp::from_micros(row.expires_at),
            approved_at: row.approved_at.map(Timestamp::from_micros),
            used_at: row.used_at.map(Timestamp::from_micros),
            token_id: row.token_id,
            family_id: row.family_id,
        }
    }
}

pub(crate) async fn insert(
    conn: &mut Conn,
    code: Digest,
    authorization: &Authorization,
    now: Timestamp,
) -> Result<(), Error> {
    let checked = &authorization.request;
    let row = Row {
        code_digest: code.as_bytes().to_vec(),
        app_id: authorization.app_id.as_str().to_owned(),
        account_id: authorization.account_id.as_str().to_owned(),
        session_id: authorization.session_id.as_str().to_owned(),
        redirect_uri: checked.redirect_uri.as_str().to_owned(),
        scopes: checked.scopes.to_string(),
        state: checked.state.clone(),
        code_challenge: checked.challenge.as_ref().map(|challenge| challenge.as_str().to_owned()),
        nonce: checked.nonce.clone(),
        created_at: now.micros(),
        expires_at: authorization.expires_at.micros(),
        approved_at: authorization.approved_at.map(Timestamp::micros),
        used_at: None,
        token_id: None,
        family_id: None,
        response_mode: (checked.response_mode != ResponseMode::Query).then(|| checked.response_mode.name().to_owned()),
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// The pending requests of a session beyond the latest `kept` (faults F3).
pub(crate) async fn oldest_pending(conn: &mut Conn, session: &SessionId, kept: i64) -> Result<Vec<Vec<u8>>, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::session_id.eq(session.as_str()))
        .filter(table::approved_at.is_null())
        .order((table::created_at.desc(), table::code_digest.desc()))
        .select(table::code_digest)
        .offset(kept)
        .limit(MANY_PENDING)
        .load(c))?)
}

/// Deletes pending requests.
pub(crate) async fn delete_pending(conn: &mut Conn, codes: &[Vec<u8>]) -> Result<(), Error> {
    let pending = table::code_digest.eq_any(codes).and(table::approved_at.is_null());
    on!(conn, c => diesel::delete(table::table.filter(pending)).execute(c))?;
    Ok(())
}

/// The authorization of a code, with its app, and what the owner of its session proved.
pub(crate) async fn by_code(conn: &mut Conn, code: Digest) -> Result<Option<(Authorization, StoredApp)>, Error> {
    let proven = (auth_session::authenticated_at.nullable(), auth_session::methods.nullable());
    let row: Option<(Row, apps::Row, Proven)> = on!(conn, c => table::table
        .inner_join(auth_app::table.on(auth_app::id.eq(table::app_id)))
        .left_join(auth_session::table.on(auth_session::id.eq(table::session_id)))
        .filter(table::code_digest.eq(code.as_bytes()))
        .select((Row::as_select(), apps::Row::as_select(), proven))
        .get_result(c))
    .optional()?;
    Ok(row.map(|(row, app, (at, methods))| {
        let methods = methods.iter().flat_map(|methods| methods.split(' ')).map(str::to_owned).collect();
        let proven = at.map(|at| ProvenBy { methods, at: Timestamp::from_micros(at) });
        (Authorization { proven, ..row.into() }, app.into())
    }))
}

/// When the owner of a session gave the latest proof, and the words of all.
type Proven = (Option<i64>, Option<String>);

/// Approves a pending code, in the session that it belongs to, until `expires_at`: from now on the row is that of the code
/// which the app gets. False when it was no longer pending.
pub(crate) async fn approve(
    conn: &mut Conn,
    codes: ApprovedCode,
    session: &SessionId,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let approve = Approve {
        code: codes.pending.as_bytes(),
        approved_code: codes.approved.as_bytes(),
        session: session.as_str(),
        expires_at: expires_at.micros(),
        now: now.micros(),
    };
    let changed = on!(conn, c => approve.execute(c))?;
    Ok(changed == 1)
}

/// Changes what a pending code is for: less of the scope, or another `state`.
pub(crate) async fn restate(
    conn: &mut Conn,
    code: Digest,
    session: &SessionId,
    request: &CheckedRequest,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::code_digest.eq(code.as_bytes()))
        .filter(table::session_id.eq(session.as_str()))
        .filter(table::approved_at.is_null())
        .filter(table::used_at.is_null())
        .set((table::scopes.eq(request.scopes.to_string()), table::state.eq(&request.state)))
        .execute(c))?;
    Ok(())
}

/// Hands what waits in a session on to the one that takes its place for the same account (faults A1).
pub(crate) async fn move_pending(
    conn: &mut Conn,
    from: &SessionId,
    to: &SessionId,
    account: &AccountId,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::session_id.eq(from.as_str()))
        .filter(table::approved_at.is_null())
        .filter(table::used_at.is_null())
        .filter(table::account_id.eq(account.as_str()))
        .set(table::session_id.eq(to.as_str()))
        .execute(c))?;
    Ok(())
}

/// Ends a pending code without a token: the person said no.
pub(crate) async fn revoke_pending(
    conn: &mut Conn,
    code: Digest,
    session: &SessionId,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table)
        .filter(table::code_digest.eq(code.as_bytes()))
        .filter(table::session_id.eq(session.as_str()))
        .filter(table::approved_at.is_null())
        .filter(table::used_at.is_null())
        .set(table::used_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// Spends an approved code and keeps the token that it buys, or does neither: false when somebody was faster or the
/// code's time is over. The family of the token, if it has one, is the caller's to keep in the same transaction.
pub(crate) async fn redeem(
    conn: &mut Conn,
    code: Digest,
    token: &StoredToken,
    digest: Digest,
    now: Timestamp,
) -> Result<bool, Error> {
    let spend =
        Spend { code: code.as_bytes(), token_id: &token.id, family_id: token.family_id.as_deref(), now: now.micros() };
    match conn {
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(c) => {
            let spent = diesel::RunQueryDsl::execute(spend, c)? == 1;
            if spent {
                super::tokens::insert(conn, token, digest).await?;
            }
            Ok(spent)
        }
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let strength = token.authentication.map(Authentication::stored);
            let redeem = super::statements::Redeem {
                spend,
                digest: digest.as_bytes(),
                app_id: token.app_id.as_str(),
                account_id: token.account_id.as_ref().map(AccountId::as_str),
                scopes: &token.scopes.to_string(),
                created_at: token.created_at.micros(),
                expires_at: token.expires_at.map(Timestamp::micros),
                strength: strength.as_deref(),
            };
            Ok(diesel_async::RunQueryDsl::execute(redeem, c).await? == 1)
        }
    }
}

/// The session in which the code was asked for that a token of an account came from, by the token or its family.
pub(crate) async fn session_of_token(
    conn: &mut Conn,
    account: &AccountId,
    (token, family): (&str, Option<&str>),
) -> Result<Option<SessionId>, Error> {
    let is_it = table::token_id.eq(Some(token)).or(table::family_id.is_not_null().and(table::family_id.eq(family)));
    let found: Option<String> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()).and(is_it))
        .select(table::session_id)
        .first(c))
    .optional()?;
    Ok(found.map(SessionId::new))
}

/// Ends every open code of an account.
pub(crate) async fn revoke_all_of_account(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()).and(table::used_at.is_null()))
        .set(table::used_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}

/// Ends every open code of an account but those that were asked for in one session.
pub(crate) async fn revoke_all_of_other_sessions(
    conn: &mut Conn,
    spared: Option<&SessionId>,
    account: &AccountId,
    now: Timestamp,
) -> Result<(), Error> {
    // No session has an empty id.
    let spared = spared.map_or("", SessionId::as_str);
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()).and(table::used_at.is_null()))
        .filter(table::session_id.ne(spared))
        .set(table::used_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}

/// Ends every open code that was asked for in a session.
pub(crate) async fn revoke_all_of_session(
    conn: &mut Conn,
    session: &SessionId,
    account: &AccountId,
    now: Timestamp,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()).and(table::used_at.is_null()))
        .filter(table::session_id.eq(session.as_str()))
        .set(table::used_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(())
}
