//! What sessions of Resonite clients have beside their sign-ins, and how their end moves (native section 3.4).

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};

use super::conn::Conn;
use super::native_sign_ins;
use super::schema::{auth_family, auth_token};
use super::schema_of_native::auth_resonite_session as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::resonite::{ResoniteSession, Salted};
use crate::on;

/// Keeps one beside its family, which is kept before.
pub(crate) async fn insert(conn: &mut Conn, session: &ResoniteSession) -> Result<(), Error> {
    let row = (
        table::family_id.eq(&session.family),
        table::remembered.eq(session.remembered),
        table::machine_bound.eq(session.machine_bound),
        table::uid_salt.eq(&session.uid.salt),
        table::uid_hash.eq(&session.uid.hash),
        table::absolute_at.eq(session.absolute_at.micros()),
    );
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// That of a family.
pub(crate) async fn of_family(conn: &mut Conn, family: &str) -> Result<Option<ResoniteSession>, Error> {
    type Row = (String, bool, bool, String, String, i64);
    let row: Option<Row> = on!(conn, c => table::table
        .find(family)
        .select((
            table::family_id,
            table::remembered,
            table::machine_bound,
            table::uid_salt,
            table::uid_hash,
            table::absolute_at,
        ))
        .get_result(c))
    .optional()?;
    Ok(row.map(|(family, remembered, machine_bound, salt, hash, absolute)| ResoniteSession {
        family,
        remembered,
        machine_bound,
        uid: Salted { salt, hash },
        absolute_at: Timestamp::from_micros(absolute),
    }))
}

/// Moves the end of a living session and of its token; false when it is over.
pub(crate) async fn extend(conn: &mut Conn, family: &str, until: Timestamp, now: Timestamp) -> Result<bool, Error> {
    let moved = on!(conn, c => diesel::update(auth_family::table.find(family))
        .filter(auth_family::ended_at.is_null())
        .filter(auth_family::expires_at.gt(now.micros()))
        .set((auth_family::expires_at.eq(until.micros()), auth_family::rotated_at.eq(now.micros())))
        .execute(c))?;
    if moved == 0 {
        return Ok(false);
    }
    on!(conn, c => diesel::update(auth_token::table)
        .filter(auth_token::family_id.eq(family))
        .filter(auth_token::revoked_at.is_null())
        .set(auth_token::expires_at.eq(Some(until.micros())))
        .execute(c))?;
    native_sign_ins::prolong(conn, family, until).await?;
    Ok(true)
}
