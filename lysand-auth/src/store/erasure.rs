//! All that is kept of an account goes with it (people PPL-123). What happened stays, without a name and without where it came
//! from.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::device_codes;
use super::schema::{
    auth_authorization, auth_credentials, auth_email_change, auth_event, auth_factor, auth_family, auth_identity,
    auth_invitation, auth_known_browser, auth_mail, auth_mail_token, auth_passkey, auth_passkey_user, auth_pending,
    auth_recovery_code, auth_refresh_token, auth_session, auth_sign_up, auth_sso_flow, auth_token,
    auth_trusted_browser, auth_waiting, auth_way_back,
};
use crate::error::Error;
use crate::model::account::AccountId;
use crate::on;

/// Deletes every row of a table that is an account's, by the column that says so.
macro_rules! delete {
    ($conn:expr, $column:expr, $table:ident, $id:expr) => {
        on!($conn, c => diesel::delete($table::table.filter($column.eq($id))).execute(c))?
    };
}

/// Deletes what is kept of the account, in a transaction that has ended all of it. Its credentials go last: until then nobody
/// signs in.
pub(crate) async fn erase(conn: &mut Conn, account: &AccountId) -> Result<(), Error> {
    let id = account.as_str();
    delete!(conn, auth_authorization::account_id, auth_authorization, id);
    device_codes::erase(conn, account).await?;
    delete!(conn, auth_token::account_id, auth_token, id);
    let families = auth_family::table.filter(auth_family::account_id.eq(id)).select(auth_family::id);
    let refresh = auth_refresh_token::table.filter(auth_refresh_token::family_id.eq_any(families));
    on!(conn, c => diesel::delete(refresh).execute(c))?;
    delete!(conn, auth_family::account_id, auth_family, id);
    super::device_records::forget_account(conn, account).await?;
    delete!(conn, auth_session::account_id, auth_session, id);
    delete!(conn, auth_identity::account_id, auth_identity, id);
    delete!(conn, auth_sso_flow::account_id, auth_sso_flow, id);
    delete!(conn, auth_known_browser::account_id, auth_known_browser, id);
    delete!(conn, auth_waiting::account_id, auth_waiting, id);
    delete!(conn, auth_sign_up::account_id, auth_sign_up, id);
    delete!(conn, auth_invitation::maker, auth_invitation, id);
    delete!(conn, auth_mail::account_id, auth_mail, id);
    delete!(conn, auth_mail_token::account_id, auth_mail_token, id);
    delete!(conn, auth_email_change::account_id, auth_email_change, id);
    delete!(conn, auth_factor::account_id, auth_factor, id);
    delete!(conn, auth_passkey::account_id, auth_passkey, id);
    delete!(conn, auth_passkey_user::account_id, auth_passkey_user, id);
    delete!(conn, auth_recovery_code::account_id, auth_recovery_code, id);
    delete!(conn, auth_pending::account_id, auth_pending, id);
    delete!(conn, auth_trusted_browser::account_id, auth_trusted_browser, id);
    delete!(conn, auth_way_back::account_id, auth_way_back, id);
    forget_in_events(conn, id).await?;
    delete!(conn, auth_credentials::account_id, auth_credentials, id);
    Ok(())
}

/// Of what happened to the account, and of what it did, its id stays.
async fn forget_in_events(conn: &mut Conn, id: &str) -> Result<(), Error> {
    let nobody = None::<String>;
    let to_it = auth_event::table.filter(auth_event::target.eq(id));
    let change = (auth_event::name.eq(&nobody), auth_event::network.eq(&nobody), auth_event::agent.eq(&nobody));
    on!(conn, c => diesel::update(to_it).set(change).execute(c))?;
    // In the words of the index.
    let by_it = auth_event::actor
        .eq(id)
        .and(auth_event::actor.is_not_null())
        .and(auth_event::target.is_null().or(auth_event::target.ne(auth_event::actor)));
    let change = (auth_event::network.eq(&nobody), auth_event::agent.eq(&nobody));
    on!(conn, c => diesel::update(auth_event::table.filter(by_it)).set(change).execute(c))?;
    Ok(())
}
