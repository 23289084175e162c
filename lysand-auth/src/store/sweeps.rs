//! Clean-up in small batches; it never removes what is needed to recognise a replay (security DUR-6, ONE-5).

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::{auth_authorization, auth_family, auth_session, auth_sso_flow, auth_throttle, auth_token};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::on;

/// Removes up to `batch` authorizations that ended before `before` and bought nothing that still lives.
pub(crate) async fn authorizations(conn: &mut Conn, before: Timestamp, batch: i64) -> Result<usize, Error> {
    use auth_authorization as a;
    let digests: Vec<Vec<u8>> = on!(conn, c => a::table
        .filter(a::expires_at.lt(before.micros()))
        .filter(a::token_id.is_null().or(diesel::dsl::not(diesel::dsl::exists(
            auth_token::table
                .filter(auth_token::id.nullable().eq(a::token_id))
                .filter(auth_token::revoked_at.is_null()),
        ))))
        .filter(a::family_id.is_null().or(diesel::dsl::not(diesel::dsl::exists(
            auth_family::table
                .filter(auth_family::id.nullable().eq(a::family_id))
                .filter(auth_family::ended_at.is_null()),
        ))))
        .select(a::code_digest)
        .limit(batch)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(a::table.filter(a::code_digest.eq_any(&digests))).execute(c))?)
}

/// Removes up to `batch` tokens that were revoked or expired before `before`.
pub(crate) async fn tokens(conn: &mut Conn, before: Timestamp, batch: i64) -> Result<usize, Error> {
    use auth_token as t;
    let ids: Vec<String> = on!(conn, c => t::table
        .filter(t::revoked_at.lt(before.micros()).or(t::expires_at.lt(before.micros())))
        .select(t::id)
        .limit(batch)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(t::table.filter(t::id.eq_any(&ids))).execute(c))?)
}

/// Removes up to `batch` families that ended before `before`, or whose last refresh token was issued before `idle`.
pub(crate) async fn families(conn: &mut Conn, before: Timestamp, idle: Timestamp, batch: i64) -> Result<usize, Error> {
    use auth_family as f;
    let ids: Vec<String> = on!(conn, c => f::table
        .filter(f::expires_at.lt(before.micros()).or(f::ended_at.lt(before.micros())).or(f::rotated_at.lt(idle.micros())))
        .select(f::id)
        .limit(batch)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(f::table.filter(f::id.eq_any(&ids))).execute(c))?)
}

/// Removes up to `batch` sessions that expired or were ended before `before`.
pub(crate) async fn sessions(conn: &mut Conn, before: Timestamp, batch: i64) -> Result<usize, Error> {
    use auth_session as s;
    let ids: Vec<String> = on!(conn, c => s::table
        .filter(s::expires_at.lt(before.micros()).or(s::ended_at.lt(before.micros())))
        .select(s::id)
        .limit(batch)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(s::table.filter(s::id.eq_any(&ids))).execute(c))?)
}

/// Removes up to `batch` flows to providers that ended before `before`.
pub(crate) async fn sso_flows(conn: &mut Conn, before: Timestamp, batch: i64) -> Result<usize, Error> {
    use auth_sso_flow as f;
    let ids: Vec<String> = on!(conn, c => f::table
        .filter(f::expires_at.lt(before.micros()))
        .select(f::id)
        .limit(batch)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(f::table.filter(f::id.eq_any(&ids))).execute(c))?)
}

/// Removes counters whose window began before `before`.
pub(crate) async fn throttles(conn: &mut Conn, before: Timestamp) -> Result<usize, Error> {
    use auth_throttle as t;
    Ok(on!(conn, c => diesel::delete(t::table.filter(t::window_start.lt(before.micros()))).execute(c))?)
}
