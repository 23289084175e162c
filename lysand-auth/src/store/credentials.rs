//! What is known of the credentials of an account: how often everything of it was ended, and whether staff demand a new
//! password. Every session that begins and every ending lock the account's row, so that of the two one comes first
//! (security REV-2).

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};

use super::conn::Conn;
use super::schema::auth_credentials as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::credentials::{Closing, Credentials, Demand};
use crate::on;

type Kept = (i64, Option<String>, Option<i64>, i16, i16, Option<i64>, Option<i64>, i16, i16);

/// What reads one.
type Columns = (
    table::generation,
    table::reset_demanded,
    table::closes_at,
    table::two_step,
    table::mail_factor,
    table::reset_by_mail_at,
    table::demanded_since,
    table::only_passkeys,
    table::review_due,
);
const COLUMNS: Columns = (
    table::generation,
    table::reset_demanded,
    table::closes_at,
    table::two_step,
    table::mail_factor,
    table::reset_by_mail_at,
    table::demanded_since,
    table::only_passkeys,
    table::review_due,
);

/// In the place of a time: the account is going, and nothing stops that any more.
const GOING: i64 = 0;

fn read(kept: Kept) -> Credentials {
    let (generation, demanded, closes_at, two_step, mail_factor, reset_by_mail_at, demanded_since, only, review) = kept;
    Credentials {
        generation: Some(generation),
        demanded: demanded.as_deref().and_then(Demand::named),
        closing: closes_at.map(Closing::stored),
        two_step: two_step != 0,
        mail_factor: mail_factor != 0,
        reset_by_mail_at: reset_by_mail_at.map(Timestamp::from_micros),
        demanded_since: demanded_since.map(Timestamp::from_micros),
        only_passkeys: only != 0,
        review_due: review != 0,
    }
}

/// What is known.
pub(crate) async fn of_account(conn: &mut Conn, account: &AccountId) -> Result<Credentials, Error> {
    let row = table::table.find(account.as_str()).select(COLUMNS);
    let kept: Option<Kept> = on!(conn, c => row.get_result(c)).optional()?;
    Ok(kept.map(read).unwrap_or_default())
}

/// Whether nothing was ended since `seen` was read. Until this transaction is over, nothing is.
pub(crate) async fn lock_unchanged(conn: &mut Conn, account: &AccountId, seen: Credentials) -> Result<bool, Error> {
    if seen.generation.is_none() {
        insert(conn, account).await?;
    }
    let found = match conn {
        #[cfg(feature = "postgres")]
        Conn::Pg(c) => {
            let row = table::table.find(account.as_str()).select(COLUMNS);
            diesel_async::RunQueryDsl::get_result::<Kept>(row.for_share(), c).await.optional()?.map(read)
        }
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(_) => Some(of_account(conn, account).await?).filter(|known| known.generation.is_some()),
    };
    Ok(found.is_some_and(|found| {
        let is_unchanged = found.generation == Some(seen.generation.unwrap_or(0)) && found.demanded == seen.demanded;
        // A second factor that was turned on since is missing now (FAC-1).
        let is_unchanged = is_unchanged && found.two_step == seen.two_step;
        is_unchanged && found.closing != Some(Closing::Going)
    }))
}

/// Makes the row of an account, if there is none.
pub(crate) async fn insert(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    let row = (table::account_id.eq(account.as_str()), table::generation.eq(0));
    let statement = diesel::insert_into(table::table).values(row).on_conflict_do_nothing();
    on!(conn, c => statement.execute(c))?;
    Ok(())
}

/// Makes worthless what was proven so far. It comes first in its transaction: sessions that begin wait for its end.
pub(crate) async fn advance(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    insert(conn, account).await?;
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::generation.eq(table::generation + 1)).execute(c))?;
    Ok(())
}

/// The same, unless somebody did it since `seen` was read; false then.
pub(crate) async fn advance_from(conn: &mut Conn, account: &AccountId, seen: Credentials) -> Result<bool, Error> {
    insert(conn, account).await?;
    let is_seen = table::account_id.eq(account.as_str()).and(table::generation.eq(seen.generation.unwrap_or(0)));
    let row = diesel::update(table::table.filter(is_seen));
    Ok(on!(conn, c => row.set(table::generation.eq(table::generation + 1)).execute(c))? == 1)
}

/// Keeps whether a new password is demanded. The row must be there.
pub(crate) async fn demand(conn: &mut Conn, account: &AccountId, demand: Option<Demand>) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::reset_demanded.eq(demand.map(Demand::name))).execute(c))?;
    Ok(())
}

/// Turns two-step sign-in on or off. The row must be there, and [`advance`] must have come first: what was proven before counts no
/// more.
pub(crate) async fn set_two_step(conn: &mut Conn, account: &AccountId, on: bool) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::two_step.eq(i16::from(on))).execute(c))?;
    Ok(())
}

/// Allows a code by mail as the second proof beside others, or not any more. The row must be there.
pub(crate) async fn set_mail_factor(conn: &mut Conn, account: &AccountId, on: bool) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::mail_factor.eq(i16::from(on))).execute(c))?;
    Ok(())
}

/// Takes passkeys alone as the second proof, beside recovery codes, or not any more. The row must be there.
pub(crate) async fn set_only_passkeys(conn: &mut Conn, account: &AccountId, on: bool) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::only_passkeys.eq(i16::from(on))).execute(c))?;
    Ok(())
}

/// A mailed link set the password: until another factor is proven, mail alone would be both proofs (FAC-87), and the next sign-in
/// with the password asks what of the other ways in stays (people PPL-93).
pub(crate) async fn note_reset_by_mail(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    let noted = (table::reset_by_mail_at.eq(Some(now.micros())), table::review_due.eq(1));
    on!(conn, c => row.set(noted).execute(c))?;
    Ok(())
}

/// A factor was proven that no mail brings. Comes before [`lock_unchanged`], as [`cancel_closing`] does.
pub(crate) async fn forget_reset_by_mail(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    let row = table::table.find(account.as_str()).filter(table::reset_by_mail_at.is_not_null());
    on!(conn, c => diesel::update(row).set(table::reset_by_mail_at.eq(None::<i64>)).execute(c))?;
    Ok(())
}

/// The owner said what of the other ways in stays, or there is none.
pub(crate) async fn note_reviewed(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::review_due.eq(0)).execute(c))?;
    Ok(())
}

/// The owner learns now that a second factor is demanded; false when that was so before (FAC-92).
pub(crate) async fn note_demanded(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    insert(conn, account).await?;
    let row = table::table.find(account.as_str()).filter(table::demanded_since.is_null());
    Ok(on!(conn, c => diesel::update(row).set(table::demanded_since.eq(Some(now.micros()))).execute(c))? == 1)
}

/// Keeps that staff confirmed the address with this key, which no mail has proven (people PPL-73).
pub(crate) async fn note_unproven_email(conn: &mut Conn, account: &AccountId, key: &str) -> Result<(), Error> {
    insert(conn, account).await?;
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::unproven_email.eq(key)).execute(c))?;
    Ok(())
}

/// A mailed link was used: its address is proven, unless staff may have handed the link out, as they do with a demand.
pub(crate) async fn prove_email(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    let row = table::table.find(account.as_str()).filter(table::reset_demanded.is_null());
    on!(conn, c => diesel::update(row).set(table::unproven_email.eq(None::<String>)).execute(c))?;
    Ok(())
}

/// The key of the address that no mail has proven, if there is one.
pub(crate) async fn unproven_email(conn: &mut Conn, account: &AccountId) -> Result<Option<String>, Error> {
    let row = table::table.find(account.as_str()).select(table::unproven_email);
    let found: Option<Option<String>> = on!(conn, c => row.get_result(c)).optional()?;
    Ok(found.flatten())
}

/// Closes the account at this time. The row must be there.
pub(crate) async fn close(conn: &mut Conn, account: &AccountId, at: Timestamp) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::closes_at.eq(at.micros())).execute(c))?;
    Ok(())
}

/// The owner is back; false when the account was not closed, or is going. Comes before [`lock_unchanged`], so that two sign-ins
/// do not wait for one another in a circle.
pub(crate) async fn cancel_closing(conn: &mut Conn, account: &AccountId) -> Result<bool, Error> {
    let row = table::table.find(account.as_str()).filter(table::closes_at.ne(GOING));
    Ok(on!(conn, c => diesel::update(row).set(table::closes_at.eq(None::<i64>)).execute(c))? == 1)
}

/// The time of a closed account is over, and nobody comes back from now on; false when the owner did (people PPL-123).
pub(crate) async fn take_closed(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let row = table::table.find(account.as_str()).filter(table::closes_at.le(now.micros()));
    Ok(on!(conn, c => diesel::update(row).set(table::closes_at.eq(GOING)).execute(c))? == 1)
}

/// The account stays after all: the host does not let it go.
pub(crate) async fn keep_closed(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    let row = diesel::update(table::table.find(account.as_str()));
    on!(conn, c => row.set(table::closes_at.eq(None::<i64>)).execute(c))?;
    Ok(())
}

/// Closed accounts whose time is over, a page after `after`.
pub(crate) async fn closed(
    conn: &mut Conn,
    now: Timestamp,
    after: (i64, String),
    page: i64,
) -> Result<Vec<(i64, String)>, Error> {
    let (time, id) = after;
    let rows: Vec<(Option<i64>, String)> = on!(conn, c => table::table
        .filter(table::closes_at.le(now.micros()))
        .filter(table::closes_at.gt(time).or(table::closes_at.eq(time).and(table::account_id.gt(&id))))
        .order((table::closes_at, table::account_id))
        .select((table::closes_at, table::account_id))
        .limit(page)
        .load(c))?;
    Ok(rows.into_iter().map(|(time, id)| (time.unwrap_or_default(), id)).collect())
}

/// How many of these accounts are closed.
pub(crate) async fn count_closed(conn: &mut Conn, accounts: &[AccountId]) -> Result<i64, Error> {
    let ids: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
    let closed = table::table.filter(table::account_id.eq_any(ids)).filter(table::closes_at.is_not_null()).count();
    Ok(on!(conn, c => closed.get_result(c))?)
}

/// Forgets an account that is gone.
pub(crate) async fn forget(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::delete(table::table.find(account.as_str())).execute(c))?;
    Ok(())
}
