//! What apps registered of OpenID Connect.

use diesel::{Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema_of_openid::auth_app_openid as table;
use crate::error::Error;
use crate::model::app::AppId;
use crate::model::openid_client::{OpenIdClient, SigningAlg};
use crate::model::redirect_uri::RedirectUri;
use crate::on;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    app_id: String,
    signed_by: String,
    post_logout_redirect_uris: String,
    backchannel_logout_uri: Option<String>,
    backchannel_session_required: i16,
}

impl From<Row> for OpenIdClient {
    fn from(row: Row) -> Self {
        let uris = row.post_logout_redirect_uris.split_ascii_whitespace().map(RedirectUri::stored);
        Self {
            // A word of a newer version: what every app of an older one understood.
            signed_by: SigningAlg::named(&row.signed_by).unwrap_or(SigningAlg::EdDsa),
            post_logout_redirect_uris: uris.collect(),
            backchannel_logout_uri: row.backchannel_logout_uri,
            backchannel_logout_session_required: row.backchannel_session_required != 0,
        }
    }
}

/// Keeps what an app registered.
pub(crate) async fn insert(conn: &mut Conn, app: &AppId, client: &OpenIdClient) -> Result<(), Error> {
    let uris: Vec<&str> = client.post_logout_redirect_uris.iter().map(RedirectUri::as_str).collect();
    let row = Row {
        app_id: app.as_str().to_owned(),
        signed_by: client.signed_by.name().to_owned(),
        post_logout_redirect_uris: uris.join(" "),
        backchannel_logout_uri: client.backchannel_logout_uri.clone(),
        backchannel_session_required: i16::from(client.backchannel_logout_session_required),
    };
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

/// What an app registered; one of an earlier version, nothing.
pub(crate) async fn of_app(conn: &mut Conn, app: &AppId) -> Result<OpenIdClient, Error> {
    let row: Option<Row> =
        on!(conn, c => table::table.find(app.as_str()).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(Into::into).unwrap_or_default())
}
