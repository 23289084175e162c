//! What counts once, or holds for a while: proofs of work that were spent, addresses that want no mail.

use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::auth_spent as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::on;
use crate::secret::Digest;

/// What is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The nonce of a proof of work (people PPL-52).
    ProofOfWork,
    /// An address whose owner knows nothing of a sign-up (people PPL-66).
    Disowned,
    /// An address with which an app is just signing somebody up (people PPL-219).
    AppAddress,
    /// A challenge that a passkey answered (FAC-75).
    PasskeyChallenge,
    /// An answer to a factor of the host's own (FAC-164).
    HostFactor,
    /// A day on which it was recorded that a personal token came from elsewhere (people PPL-120).
    ForeignNetwork,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::ProofOfWork => "proof_of_work",
            Self::Disowned => "disowned",
            Self::AppAddress => "app_address",
            Self::PasskeyChallenge => "passkey",
            Self::HostFactor => "host_factor",
            Self::ForeignNetwork => "foreign_network",
        }
    }
}

/// Remembers it until `expires_at`; false when it is known already.
pub(crate) async fn spend(conn: &mut Conn, kind: Kind, digest: Digest, expires_at: Timestamp) -> Result<bool, Error> {
    let row =
        (table::kind.eq(kind.name()), table::digest.eq(digest.as_bytes()), table::expires_at.eq(expires_at.micros()));
    let statement = diesel::insert_into(table::table).values(row).on_conflict_do_nothing();
    Ok(on!(conn, c => statement.execute(c))? == 1)
}

/// The same for what may be there again once its time is over.
pub(crate) async fn claim(
    conn: &mut Conn,
    kind: Kind,
    digest: Digest,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let over = table::table.filter(table::kind.eq(kind.name())).filter(table::digest.eq(digest.as_bytes()));
    on!(conn, c => diesel::delete(over.filter(table::expires_at.le(now.micros()))).execute(c))?;
    spend(conn, kind, digest, expires_at).await
}

/// Forgets it before its time.
pub(crate) async fn release(conn: &mut Conn, kind: Kind, digest: Digest) -> Result<(), Error> {
    let it = table::table.filter(table::kind.eq(kind.name())).filter(table::digest.eq(digest.as_bytes()));
    on!(conn, c => diesel::delete(it).execute(c))?;
    Ok(())
}

/// Forgets what no longer holds; how much there was. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, now: Timestamp, most: i64) -> Result<usize, Error> {
    let digests: Vec<Vec<u8>> = on!(conn, c => table::table
        .filter(table::expires_at.lt(now.micros()))
        .order(table::expires_at)
        .select(table::digest)
        .limit(most)
        .load(c))?;
    let over = table::table.filter(table::digest.eq_any(&digests)).filter(table::expires_at.lt(now.micros()));
    Ok(on!(conn, c => diesel::delete(over).execute(c))?)
}

/// Whether it is known.
pub(crate) async fn is_spent(conn: &mut Conn, kind: Kind, digest: Digest, now: Timestamp) -> Result<bool, Error> {
    let found: i64 = on!(conn, c => table::table
        .filter(table::kind.eq(kind.name()))
        .filter(table::digest.eq(digest.as_bytes()))
        .filter(table::expires_at.gt(now.micros()))
        .count()
        .get_result(c))?;
    Ok(found > 0)
}
