//! The statements of every sign-in that Diesel would prepare anew at each call, because it keeps no UPDATE prepared.
//!
//! They are fixed text with typed binds: a connection prepares each once (measured: `docs/decisions/store.md`).

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Nullable, Text};
use diesel::{QueryResult, RunQueryDsl};

/// Names a statement whose text never changes, so that a connection may keep it prepared.
macro_rules! fixed_text {
    ($name:ident) => {
        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl<C> RunQueryDsl<C> for $name<'_> {}
    };
}

/// Turns a pending code into an approved one, in the session that it belongs to.
pub(super) struct Approve<'a> {
    pub(super) code: &'a [u8],
    pub(super) approved_code: &'a [u8],
    pub(super) session: &'a str,
    pub(super) expires_at: i64,
    pub(super) now: i64,
}

/// Spends an approved code for a token.
pub(super) struct Spend<'a> {
    pub(super) code: &'a [u8],
    pub(super) token_id: &'a str,
    pub(super) family_id: Option<&'a str>,
    pub(super) now: i64,
}

/// Spends an approved code and keeps the token that it buys, in one trip; for PostgreSQL, where a trip costs more than
/// its statement.
pub(super) struct Redeem<'a> {
    pub(super) spend: Spend<'a>,
    pub(super) digest: &'a [u8],
    pub(super) app_id: &'a str,
    pub(super) account_id: Option<&'a str>,
    pub(super) scopes: &'a str,
    pub(super) created_at: i64,
    pub(super) expires_at: Option<i64>,
    pub(super) strength: Option<&'a str>,
}

fixed_text!(Approve);
fixed_text!(Spend);
fixed_text!(Redeem);

impl<DB> QueryFragment<DB> for Approve<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Binary> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE auth_authorization SET approved_at = ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(", expires_at = ");
        out.push_bind_param::<BigInt, _>(&self.expires_at)?;
        out.push_sql(", code_digest = ");
        out.push_bind_param::<Binary, _>(self.approved_code)?;
        out.push_sql(" WHERE code_digest = ");
        out.push_bind_param::<Binary, _>(self.code)?;
        out.push_sql(" AND session_id = ");
        out.push_bind_param::<Text, _>(self.session)?;
        out.push_sql(" AND approved_at IS NULL AND used_at IS NULL AND expires_at > ");
        out.push_bind_param::<BigInt, _>(&self.now)
    }
}

impl<DB> QueryFragment<DB> for Spend<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Binary> + HasSqlType<Text> + HasSqlType<Nullable<Text>>,
    i64: ToSql<BigInt, DB>,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
    for<'a> Option<&'a str>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE auth_authorization SET used_at = ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(", token_id = ");
        out.push_bind_param::<Text, _>(self.token_id)?;
        out.push_sql(", family_id = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.family_id)?;
        out.push_sql(" WHERE code_digest = ");
        out.push_bind_param::<Binary, _>(self.code)?;
        out.push_sql(" AND approved_at IS NOT NULL AND used_at IS NULL AND expires_at > ");
        out.push_bind_param::<BigInt, _>(&self.now)
    }
}

impl<DB> QueryFragment<DB> for Redeem<'_>
where
    DB: Backend
        + HasSqlType<BigInt>
        + HasSqlType<Binary>
        + HasSqlType<Text>
        + HasSqlType<Nullable<BigInt>>
        + HasSqlType<Nullable<Text>>,
    i64: ToSql<BigInt, DB>,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    for<'a> Option<&'a str>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("WITH spent AS (");
        self.spend.walk_ast(out.reborrow())?;
        out.push_sql(
            " RETURNING token_id, family_id) \
             INSERT INTO auth_token \
             (id, family_id, digest, app_id, account_id, scopes, created_at, expires_at, strength) \
             SELECT token_id, family_id, ",
        );
        out.push_bind_param::<Binary, _>(self.digest)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.app_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.account_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.scopes)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.created_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.expires_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.strength)?;
        out.push_sql(" FROM spent");
        Ok(())
    }
}
