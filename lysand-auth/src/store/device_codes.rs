//! Codes of the device authorization grant. Each step is one conditional update, so of any number of simultaneous tries exactly one
//! succeeds (security ONE-1, ONE-2). Rows go an hour after their end, and with their app or the account that said yes.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper,
};

use super::apps::{self, StoredApp};
use super::conn::Conn;
use super::schema::auth_app;
use super::schema_of_devices::auth_device_code as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::device_code::{DeviceApproval, DeviceCode, DeviceCodeState};
use crate::model::scope::Scopes;
use crate::model::session::SessionId;
use crate::model::strength::ProvenBy;
use crate::on;
use crate::secret::Digest;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    digest: Vec<u8>,
    user_digest: Vec<u8>,
    app_id: String,
    scopes: String,
    program: Option<String>,
    network: Option<String>,
    created_at: i64,
    expires_at: i64,
    state: String,
    account_id: Option<String>,
    session_id: Option<String>,
    methods: Option<String>,
    proven_at: Option<i64>,
}

impl Row {
    fn read(self) -> Option<DeviceCode> {
        let by = (self.account_id, self.session_id, self.proven_at);
        let methods = self.methods.unwrap_or_default();
        let approval = match by {
            (Some(account), Some(session), Some(at)) => Some(DeviceApproval {
                account: AccountId::new(account),
                session: SessionId::new(session),
                proven: ProvenBy {
                    methods: methods.split_ascii_whitespace().map(str::to_owned).collect(),
                    at: Timestamp::from_micros(at),
                },
            }),
            _ => None,
        };
        Some(DeviceCode {
            digest: Digest::stored(&self.digest)?,
            app_id: AppId::new(self.app_id),
            scopes: Scopes::stored(&self.scopes),
            program: self.program,
            network: self.network,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: Timestamp::from_micros(self.expires_at),
            state: DeviceCodeState::named(&self.state),
            approval,
        })
    }
}

/// Keeps a new code; false when one of the two is taken.
pub(crate) async fn insert(conn: &mut Conn, code: &DeviceCode, user_code: Digest) -> Result<bool, Error> {
    let row = Row {
        digest: code.digest.as_bytes().to_vec(),
        user_digest: user_code.as_bytes().to_vec(),
        app_id: code.app_id.as_str().to_owned(),
        scopes: code.scopes.to_string(),
        program: code.program.clone(),
        network: code.network.clone(),
        created_at: code.created_at.micros(),
        expires_at: code.expires_at.micros(),
        state: code.state.name().to_owned(),
        account_id: None,
        session_id: None,
        methods: None,
        proven_at: None,
    };
    let kept = on!(conn, c => diesel::insert_into(table::table).values(&row).on_conflict_do_nothing().execute(c))?;
    Ok(kept == 1)
}

/// Whether an app has this many codes whose time is not over.
pub(crate) async fn has_many(conn: &mut Conn, app: &AppId, many: i64, now: Timestamp) -> Result<bool, Error> {
    let last: Option<i64> = on!(conn, c => table::table
        .filter(table::app_id.eq(app.as_str()))
        .filter(table::expires_at.gt(now.micros()))
        .order(table::expires_at)
        .select(table::expires_at)
        .offset(many - 1)
        .first(c))
    .optional()?;
    Ok(last.is_some())
}

/// The code that a program polls with, and its app.
pub(crate) async fn by_device(conn: &mut Conn, code: Digest) -> Result<Option<(DeviceCode, StoredApp)>, Error> {
    let found: Option<(Row, apps::Row)> = on!(conn, c => table::table
        .inner_join(auth_app::table)
        .filter(table::digest.eq(code.as_bytes()))
        .select((Row::as_select(), apps::Row::as_select()))
        .get_result(c))
    .optional()?;
    Ok(found.and_then(|(row, app)| Some((row.read()?, app.into()))))
}

/// The code that a person typed, and its app.
pub(crate) async fn by_user(conn: &mut Conn, code: Digest) -> Result<Option<(DeviceCode, StoredApp)>, Error> {
    let found: Option<(Row, apps::Row)> = on!(conn, c => table::table
        .inner_join(auth_app::table)
        .filter(table::user_digest.eq(code.as_bytes()))
        .select((Row::as_select(), apps::Row::as_select()))
        .get_result(c))
    .optional()?;
    Ok(found.and_then(|(row, app)| Some((row.read()?, app.into()))))
}

/// Somebody says yes; false when the code does not wait for that any more.
pub(crate) async fn approve(
    conn: &mut Conn,
    code: Digest,
    approval: &DeviceApproval,
    now: Timestamp,
) -> Result<bool, Error> {
    let approved = on!(conn, c => diesel::update(table::table.find(code.as_bytes()))
        .filter(table::state.eq(DeviceCodeState::Issued.name()))
        .filter(table::expires_at.gt(now.micros()))
        .set((
            table::state.eq(DeviceCodeState::Approved.name()),
            table::account_id.eq(Some(approval.account.as_str())),
            table::session_id.eq(Some(approval.session.as_str())),
            table::methods.eq(Some(approval.proven.methods.join(" "))),
            table::proven_at.eq(Some(approval.proven.at.micros())),
        ))
        .execute(c))?;
    Ok(approved == 1)
}

/// Somebody says no; false when the code does not wait for that any more.
pub(crate) async fn deny(conn: &mut Conn, code: Digest, now: Timestamp) -> Result<bool, Error> {
    let denied = on!(conn, c => diesel::update(table::table.find(code.as_bytes()))
        .filter(table::state.eq(DeviceCodeState::Issued.name()))
        .filter(table::expires_at.gt(now.micros()))
        .set(table::state.eq(DeviceCodeState::Denied.name()))
        .execute(c))?;
    Ok(denied == 1)
}

/// The program gets its tokens; false when somebody was faster, or the yes counts no more.
pub(crate) async fn consume(conn: &mut Conn, code: Digest, now: Timestamp) -> Result<bool, Error> {
    let consumed = on!(conn, c => diesel::update(table::table.find(code.as_bytes()))
        .filter(table::state.eq(DeviceCodeState::Approved.name()))
        .filter(table::expires_at.gt(now.micros()))
        .set(table::state.eq(DeviceCodeState::Consumed.name()))
        .execute(c))?;
    Ok(consumed == 1)
}

/// Every yes of an account counts no more.
pub(crate) async fn void_of_account(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(Some(account.as_str())))
        .filter(table::state.eq(DeviceCodeState::Approved.name()))
        .set(table::state.eq(DeviceCodeState::Denied.name()))
        .execute(c))?;
    Ok(())
}

/// Every yes of an account to an app counts no more; how many there were.
pub(crate) async fn void_of_app(conn: &mut Conn, account: &AccountId, app: &AppId) -> Result<usize, Error> {
    Ok(on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(Some(account.as_str())).and(table::app_id.eq(app.as_str())))
        .filter(table::state.eq(DeviceCodeState::Approved.name()))
        .set(table::state.eq(DeviceCodeState::Denied.name()))
        .execute(c))?)
}

/// What was approved in a session goes on in the one that takes its place.
pub(crate) async fn follow(
    conn: &mut Conn,
    from: &SessionId,
    to: &SessionId,
    account: &AccountId,
) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(Some(account.as_str())))
        .filter(table::session_id.eq(Some(from.as_str())))
        .filter(table::state.eq(DeviceCodeState::Approved.name()))
        .set(table::session_id.eq(Some(to.as_str())))
        .execute(c))?;
    Ok(())
}

/// Forgets a code in this state: one that was refused, or whose yes counts no more, once its program knows.
pub(crate) async fn forget(conn: &mut Conn, code: Digest, state: DeviceCodeState) -> Result<(), Error> {
    let over = table::table.find(code.as_bytes()).filter(table::state.eq(state.name()));
    on!(conn, c => diesel::delete(over).execute(c))?;
    Ok(())
}

/// Deletes every code to which an account said yes.
pub(crate) async fn erase(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    let of_account = table::table.filter(table::account_id.eq(Some(account.as_str())));
    on!(conn, c => diesel::delete(of_account).execute(c))?;
    Ok(())
}

/// Deletes codes whose time was over before `before`; how many there were. A few at a time.
pub(crate) async fn sweep(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let over: Vec<Vec<u8>> = on!(conn, c => table::table
        .filter(table::expires_at.lt(before.micros()))
        .order((table::expires_at, table::digest))
        .select(table::digest)
        .limit(most)
        .load(c))?;
    Ok(on!(conn, c => diesel::delete(table::table.filter(table::digest.eq_any(&over))).execute(c))?)
}
