//! Invitations. A use is counted in the transaction that makes the account, and given back when that account comes to nothing
//! (people PPL-84).

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, NullableExpressionMethods, OptionalExtension, QueryDsl,
    Queryable, Selectable, SelectableHelper,
};

use super::conn::Conn;
use super::schema::auth_invitation as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::list_page::RowSpan;
use crate::model::sign_up::Invitation;
use crate::on;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    code: Option<String>,
    maker: Option<String>,
    maker_name: Option<String>,
    max_uses: Option<i64>,
    uses: i64,
    expires_at: Option<i64>,
    comment: Option<String>,
    skips_review: i16,
    email: Option<String>,
    created_at: i64,
    ended_at: Option<i64>,
}

impl From<Row> for Invitation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            code: row.code,
            maker: row.maker.map(AccountId::new),
            maker_name: row.maker_name,
            max_uses: row.max_uses,
            uses: row.uses,
            expires_at: row.expires_at.map(Timestamp::from_micros),
            comment: row.comment,
            skips_review: row.skips_review != 0,
            email: row.email,
            created_at: Timestamp::from_micros(row.created_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        }
    }
}

/// Keeps an invitation.
pub(crate) async fn insert(conn: &mut Conn, made: &Invitation) -> Result<(), Error> {
    let row = Row {
        id: made.id.clone(),
        code: made.code.clone(),
        maker: made.maker.as_ref().map(|maker| maker.as_str().to_owned()),
        maker_name: made.maker_name.clone(),
        max_uses: made.max_uses,
        uses: made.uses,
        expires_at: made.expires_at.map(Timestamp::micros),
        comment: made.comment.clone(),
        skips_review: i16::from(made.skips_review),
        email: made.email.clone(),
        created_at: made.created_at.micros(),
        ended_at: None,
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// The invitation with this code.
pub(crate) async fn by_code(conn: &mut Conn, code: &str) -> Result<Option<Invitation>, Error> {
    if names_nothing(code) {
        return Ok(None);
    }
    let row: Option<Row> =
        on!(conn, c => table::table.filter(table::code.eq(code)).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(Into::into))
}

/// The invitation with this key.
pub(crate) async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<Invitation>, Error> {
    if names_nothing(id) {
        return Ok(None);
    }
    let row: Option<Row> = on!(conn, c => table::table.find(id).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(Into::into))
}

/// Who made these invitations.
pub(crate) async fn makers(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, AccountId)>, Error> {
    let rows: Vec<(String, Option<String>)> = on!(conn, c => table::table
        .filter(table::id.eq_any(ids))
        .filter(table::maker.is_not_null())
        .select((table::id, table::maker))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(id, maker)| Some((id, AccountId::new(maker?)))).collect())
}

/// What a path or a query may hold, and PostgreSQL would call an error.
fn names_nothing(text: &str) -> bool {
    text.contains('\0')
}

/// Counts a use, unless there is none left; false then.
pub(crate) async fn take_use(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.is_null().or(table::expires_at.gt(now.micros())))
        .filter(table::max_uses.is_null().or(table::max_uses.assume_not_null().gt(table::uses)))
        .set(table::uses.eq(table::uses + 1))
        .execute(c))?;
    Ok(changed == 1)
}

/// Gives a use back: the account came to nothing.
pub(crate) async fn give_back(conn: &mut Conn, id: &str) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::uses.gt(0))
        .set(table::uses.eq(table::uses - 1))
        .execute(c))?;
    Ok(())
}

/// Ends an invitation; false when it has ended before.
pub(crate) async fn end(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// Ends all invitations of an account that have not ended before; how many there were.
pub(crate) async fn end_all(conn: &mut Conn, maker: &AccountId, now: Timestamp) -> Result<usize, Error> {
    Ok(on!(conn, c => diesel::update(table::table)
        .filter(table::maker.eq(maker.as_str()))
        .filter(table::ended_at.is_null())
        .set(table::ended_at.eq(Some(now.micros())))
        .execute(c))?)
}

/// How many of an account's can be used.
pub(crate) async fn count_usable(conn: &mut Conn, maker: &AccountId, now: Timestamp) -> Result<i64, Error> {
    Ok(on!(conn, c => table::table
        .filter(table::maker.eq(maker.as_str()))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.is_null().or(table::expires_at.gt(now.micros())))
        .filter(table::max_uses.is_null().or(table::max_uses.assume_not_null().gt(table::uses)))
        .count()
        .get_result(c))?)
}

/// A part of the invitations of one account, or of all.
pub(crate) async fn some(conn: &mut Conn, maker: Option<&AccountId>, span: &RowSpan) -> Result<Vec<Invitation>, Error> {
    if names_nothing(&span.after) || span.before.as_deref().is_some_and(names_nothing) {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = table::table.select(Row::as_select()).filter(table::id.gt(&span.after)).into_boxed();
        if let Some(maker) = maker {
            query = query.filter(table::maker.eq(maker.as_str()));
        }
        if let Some(before) = &span.before {
            query = query.filter(table::id.lt(before));
        }
        query = match span.oldest_first {
            true => query.order(table::id.asc()),
            false => query.order(table::id.desc()),
        };
        query.limit(span.most).load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Invitations, the newest first; those of one account, or all.
pub(crate) async fn list(conn: &mut Conn, maker: Option<&AccountId>, limit: i64) -> Result<Vec<Invitation>, Error> {
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = table::table.select(Row::as_select()).into_boxed();
        if let Some(maker) = maker {
            query = query.filter(table::maker.eq(maker.as_str()));
        }
        query.order((table::created_at.desc(), table::id.desc())).limit(limit).load(c)
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}
