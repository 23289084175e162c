//! The apps that got an id token in a session, and by which name they know it (FAC-142).

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema_of_openid::auth_app_session as table;
use super::sessions;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::app::AppId;
use crate::model::session::SessionId;
use crate::on;

/// A session as an app knows it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
pub(crate) struct AppSession {
    pub(crate) session_id: String,
    pub(crate) app_id: String,
    /// `sid` of its tokens.
    pub(crate) sid: String,
    /// `sub` of its tokens.
    pub(crate) subject: String,
    /// Where the app is told of the end.
    pub(crate) logout_uri: Option<String>,
}

/// Remembers that an app gets an id token in a session that lives. Answers with the name by which it knows the session: the one
/// of its first token.
pub(crate) async fn remember(conn: &mut Conn, new: &AppSession, now: Timestamp) -> Result<String, Error> {
    if let Some(kept) = find(conn, &new.session_id, &new.app_id).await? {
        return Ok(kept.sid);
    }
    // Whoever ends the session waits for this, and so finds it.
    if sessions::lock_live(conn, &SessionId::new(&new.session_id), now).await? {
        on!(conn, c => diesel::insert_into(table::table).values(new).on_conflict_do_nothing().execute(c))?;
    }
    Ok(new.sid.clone())
}

async fn find(conn: &mut Conn, session: &str, app: &str) -> Result<Option<AppSession>, Error> {
    Ok(on!(conn, c => table::table.find((session, app)).select(AppSession::as_select()).get_result(c)).optional()?)
}

/// A session as an app knows it, if the app got an id token in it.
pub(crate) async fn of_app(conn: &mut Conn, session: &SessionId, app: &AppId) -> Result<Option<AppSession>, Error> {
    find(conn, session.as_str(), app.as_str()).await
}

/// A session takes the place of another one of the same account: for apps it is the same.
pub(crate) async fn follow(conn: &mut Conn, old: &SessionId, new: &SessionId) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table.filter(table::session_id.eq(old.as_str())))
        .set(table::session_id.eq(new.as_str()))
        .execute(c))?;
    Ok(())
}
