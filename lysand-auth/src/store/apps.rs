//! Registered apps.

use std::collections::{BTreeSet, HashMap};

use diesel::dsl::sql;
use diesel::sql_types::{Bool, Text};
use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};

use super::conn::Conn;
use super::schema::auth_app;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::app::{App, AppId, AppLinks, DEVICE_GRANT};
use crate::model::client::ClientClaim;
use crate::model::list_page::RowSpan;
use crate::model::redirect_uri::RedirectUri;
use crate::model::scope::Scopes;
use crate::model::{native, personal_token};
use crate::on;
use crate::secret::Digest;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = auth_app)]
pub(super) struct Row {
    id: String,
    client_id: String,
    secret_digest: Vec<u8>,
    name: String,
    website: Option<String>,
    redirect_uris: String,
    scopes: String,
    created_at: i64,
    is_public: bool,
    expiring: bool,
    first_party: bool,
    approved: bool,
    had_own_token: bool,
    grant_types: Option<String>,
    links: Option<String>,
    network: Option<String>,
}

/// How many apps are registered.
pub(crate) async fn count(conn: &mut Conn) -> Result<i64, Error> {
    Ok(on!(conn, c => auth_app::table.filter(auth_app::id.ne_all(native::APPS)).count().get_result(c))?)
}

/// An app and the digest of its secret.
pub(crate) struct StoredApp {
    pub(crate) app: App,
    pub(crate) secret_digest: Vec<u8>,
}

/// What stands for the grant types of an app of Mastodon's route that asked for the device grant: all of them, and that one.
const ALL_AND_DEVICES: &str = "+urn:ietf:params:oauth:grant-type:device_code";

impl From<Row> for StoredApp {
    fn from(row: Row) -> Self {
        let registered = row.grant_types.as_deref().unwrap_or_default();
        let device_grant = registered == ALL_AND_DEVICES || registered.split(' ').any(|word| word == DEVICE_GRANT);
        let grants = row.grant_types.filter(|words| words != ALL_AND_DEVICES);
        Self {
            secret_digest: row.secret_digest,
            app: App {
                id: AppId::new(row.id),
                client_id: row.client_id,
                name: row.name,
                website: row.website,
                redirect_uris: row.redirect_uris.split_ascii_whitespace().map(RedirectUri::stored).collect(),
                scopes: Scopes::stored(&row.scopes),
                created_at: Timestamp::from_micros(row.created_at),
                is_public: row.is_public,
                expiring: row.expiring,
                first_party: row.first_party,
                approved: row.approved,
                grants: grants.map(|words| words.split(' ').map(str::to_owned).collect()),
                device_grant,
                links: row.links.as_deref().map(AppLinks::stored).unwrap_or_default(),
            },
        }
    }
}

impl StoredApp {
    /// The app, when the claim names it and proves its secret; a public app has none to prove (security AS-11).
    pub(crate) fn admit(self, claim: &ClientClaim) -> Option<App> {
        (self.app.is_public || claim.proves(&self.secret_digest)).then_some(self.app)
    }

    /// The app, when the claim proves its secret: a public app never does.
    pub(crate) fn prove(self, claim: &ClientClaim) -> Option<App> {
        (!self.app.is_public && claim.proves(&self.secret_digest)).then_some(self.app)
    }
}

/// Keeps an app that was registered from this network; a public one without a secret.
pub(crate) async fn insert(
    conn: &mut Conn,
    app: &App,
    secret: Option<Digest>,
    network: Option<String>,
) -> Result<(), Error> {
    let uris: Vec<&str> = app.redirect_uris.iter().map(RedirectUri::as_str).collect();
    let row = Row {
        id: app.id.as_str().to_owned(),
        client_id: app.client_id.clone(),
        secret_digest: secret.map(|digest| digest.as_bytes().to_vec()).unwrap_or_default(),
        name: app.name.clone(),
        website: app.website.clone(),
        redirect_uris: uris.join(" "),
        scopes: app.scopes.to_string(),
        created_at: app.created_at.micros(),
        is_public: app.is_public,
        expiring: app.expiring,
        first_party: app.first_party,
        approved: app.approved,
        had_own_token: false,
        grant_types: match &app.grants {
            Some(words) => Some(words.join(" ")),
            None => app.device_grant.then(|| ALL_AND_DEVICES.to_owned()),
        },
        links: app.links.to_stored(),
        network,
    };
    on!(conn, c => diesel::insert_into(auth_app::table).values(&row).execute(c))?;
    Ok(())
}

pub(crate) async fn by_client_id(conn: &mut Conn, client_id: &str) -> Result<Option<StoredApp>, Error> {
    // PostgreSQL would call it an error, and a Basic header may hold anything.
    // And nobody is what stands in the place of an app for personal tokens, or for native clients (native NAT-20).
    if client_id.contains('\0') || client_id == personal_token::APP || native::is_built_in(client_id) {
        return Ok(None);
    }
    let row: Option<Row> = on!(conn, c => auth_app::table
        .filter(auth_app::client_id.eq(client_id))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.map(Into::into))
}

pub(crate) async fn by_id(conn: &mut Conn, id: &AppId) -> Result<Option<App>, Error> {
    let row: Option<Row> =
        on!(conn, c => auth_app::table.find(id.as_str()).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(|row| StoredApp::from(row).app))
}

/// The names of these apps, by their ids; apps that are gone are left out.
pub(crate) async fn names(conn: &mut Conn, ids: BTreeSet<String>) -> Result<HashMap<String, String>, Error> {
    let rows: Vec<(String, String)> = on!(conn, c => auth_app::table
        .filter(auth_app::id.eq_any(&ids))
        .select((auth_app::id, auth_app::name))
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// The apps that native clients' sign-ins hang on.
pub(crate) async fn built_in(conn: &mut Conn) -> Result<Vec<App>, Error> {
    let rows: Vec<Row> = on!(conn, c => auth_app::table
        .filter(auth_app::id.eq_any(native::APPS))
        .order(auth_app::id)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(|row| StoredApp::from(row).app).collect())
}

/// Every other app, the oldest first.
pub(crate) async fn list(conn: &mut Conn) -> Result<Vec<App>, Error> {
    let rows: Vec<Row> = on!(conn, c => auth_app::table
        .filter(auth_app::id.ne(personal_token::APP))
        .filter(auth_app::id.ne_all(native::APPS))
        .order(auth_app::created_at)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(|row| StoredApp::from(row).app).collect())
}

/// A part of the apps, and from where each was registered; those with this in their name or website, if it is given.
pub(crate) async fn some(
    conn: &mut Conn,
    searched: Option<&str>,
    span: &RowSpan,
) -> Result<Vec<(App, Option<String>)>, Error> {
    let pattern = searched.map(|text| {
        let literal: String = text.to_lowercase().chars().fold(String::new(), |literal, letter| match letter {
            '%' | '_' | '\\' => literal + "\\" + &letter.to_string(),
            letter => literal + &letter.to_string(),
        });
        format!("%{literal}%")
    });
    let rows: Vec<Row> = on!(conn, c => {
        let mut query = auth_app::table
            .filter(auth_app::id.ne(personal_token::APP))
            .filter(auth_app::id.ne_all(native::APPS))
            .filter(auth_app::id.gt(&span.after))
            .select(Row::as_select())
            .into_boxed();
        if let Some(pattern) = &pattern {
            let found = sql::<Bool>("(lower(auth_app.name) LIKE ")
                .bind::<Text, _>(pattern)
                .sql(" ESCAPE '\\' OR lower(coalesce(auth_app.website, '')) LIKE ")
                .bind::<Text, _>(pattern)
                .sql(" ESCAPE '\\')");
            query = query.filter(found);
        }
        if let Some(before) = &span.before {
            query = query.filter(auth_app::id.lt(before));
        }
        query = match span.oldest_first {
            true => query.order(auth_app::id.asc()),
            false => query.order(auth_app::id.desc()),
        };
        query.limit(span.most).load(c)
    })?;
    Ok(rows.into_iter().map(with_network).collect())
}

/// One app, and from where it was registered.
pub(crate) async fn one(conn: &mut Conn, id: &AppId) -> Result<Option<(App, Option<String>)>, Error> {
    let is_built_in = id.as_str() == personal_token::APP || native::is_built_in(id.as_str());
    if is_built_in || id.as_str().contains('\0') {
        return Ok(None);
    }
    let row: Option<Row> =
        on!(conn, c => auth_app::table.find(id.as_str()).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.map(with_network))
}

fn with_network(mut row: Row) -> (App, Option<String>) {
    let network = row.network.take();
    (StoredApp::from(row).app, network)
}

/// Forgets from where apps were registered before `before`; how many there were. A few at a time.
pub(crate) async fn sweep_networks(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize, Error> {
    let ids: Vec<String> = on!(conn, c => auth_app::table
        .filter(auth_app::created_at.lt(before.micros()))
        .filter(auth_app::network.is_not_null())
        .order((auth_app::created_at, auth_app::id))
        .select(auth_app::id)
        .limit(most)
        .load(c))?;
    let none = None::<String>;
    Ok(on!(conn, c => diesel::update(auth_app::table.filter(auth_app::id.eq_any(&ids)))
        .set(auth_app::network.eq(&none))
        .execute(c))?)
}

/// Remembers that a person let the app in.
pub(crate) async fn set_approved(conn: &mut Conn, id: &AppId) -> Result<(), Error> {
    on!(conn, c => diesel::update(auth_app::table.find(id.as_str()))
        .filter(auth_app::approved.eq(false))
        .set(auth_app::approved.eq(true))
        .execute(c))?;
    Ok(())
}

/// Remembers that the app has had a token for itself.
pub(crate) async fn set_had_own_token(conn: &mut Conn, id: &AppId) -> Result<(), Error> {
    on!(conn, c => diesel::update(auth_app::table.find(id.as_str()))
        .filter(auth_app::had_own_token.eq(false))
        .set(auth_app::had_own_token.eq(true))
        .execute(c))?;
    Ok(())
}

/// Removes an app with its codes and tokens; false when there was none.
pub(crate) async fn delete(conn: &mut Conn, id: &AppId) -> Result<bool, Error> {
    let removed = on!(conn, c => diesel::delete(auth_app::table.find(id.as_str())).execute(c))?;
    Ok(removed > 0)
}
