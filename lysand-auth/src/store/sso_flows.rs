//! Flows to providers and back. A flow is spent by one conditional update, before anything else is asked of anybody
//! (security ONE-1, RP-4). Neither verifier nor nonce are kept: the columns of that name are empty, but for flows that an
//! older version began (faults C12).

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper};
use serde::{Deserialize, Serialize};

use super::conn::Conn;
use super::schema::auth_sso_flow as table;
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::authorization::{CheckedRequest, ResponseMode};
use crate::model::identity::{Flow, FlowSecrets, Purpose, StartedBy};
use crate::model::native::Dialect;
use crate::model::pkce::Challenge;
use crate::model::redirect_uri::RedirectUri;
use crate::model::scope::Scopes;
use crate::model::session::SessionId;
use crate::on;
use crate::secret::{Digest, Secret};

#[derive(Default, Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: String,
    state_digest: Vec<u8>,
    provider: String,
    issuer: String,
    verifier: String,
    nonce: String,
    callback: String,
    browser_digest: Option<Vec<u8>>,
    app_id: Option<String>,
    request: Option<String>,
    account_id: Option<String>,
    started_by: Option<String>,
    waiting: Option<String>,
    expires_at: i64,
    used_at: Option<i64>,
    finished_at: Option<i64>,
}

/// What an app asked for, as it is kept.
#[derive(Serialize, Deserialize)]
struct StoredRequest {
    redirect_uri: String,
    scopes: String,
    state: Option<String>,
    challenge: Option<String>,
    nonce: Option<String>,
    response_mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr_values: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_hint: Option<String>,
}

impl From<&CheckedRequest> for StoredRequest {
    fn from(checked: &CheckedRequest) -> Self {
        Self {
            redirect_uri: checked.redirect_uri.as_str().to_owned(),
            scopes: checked.scopes.to_string(),
            state: checked.state.clone(),
            challenge: checked.challenge.as_ref().map(|challenge| challenge.as_str().to_owned()),
            nonce: checked.nonce.clone(),
            response_mode: checked.response_mode.name().to_owned(),
            acr_values: checked.acr_values.clone(),
            account_hint: checked.account_hint.clone(),
        }
    }
}

impl From<StoredRequest> for CheckedRequest {
    fn from(kept: StoredRequest) -> Self {
        Self {
            redirect_uri: RedirectUri::stored(kept.redirect_uri),
            scopes: Scopes::stored(&kept.scopes),
            state: kept.state,
            challenge: kept.challenge.map(Challenge::stored),
            nonce: kept.nonce,
            response_mode: ResponseMode::named(&kept.response_mode).unwrap_or_default(),
            acr_values: kept.acr_values,
            account_hint: kept.account_hint,
        }
    }
}

const TOKEN: &str = "token";
const SESSION: &str = "session";

/// By which right a link was begun, and the session of the browser that began it: `session:ID`, `token:ID` or
/// `token:ID@SESSION`.
fn started_by(text: &str) -> Option<(StartedBy, Option<SessionId>)> {
    match text.split_once(':')? {
        (TOKEN, token) => Some(match token.split_once('@') {
            Some((token, session)) => (StartedBy::Token(token.to_owned()), Some(SessionId::new(session))),
            None => (StartedBy::Token(token.to_owned()), None),
        }),
        (SESSION, session) => {
            let session = SessionId::new(session);
            Some((StartedBy::Session(session.clone()), Some(session)))
        }
        _ => None,
    }
}

/// What an app asked for, or where the tokens of a native client go.
fn sign_in(app: AppId, stored: &str) -> Option<Purpose> {
    match Dialect::of_app(&app) {
        Some(dialect) => Some(Purpose::Native(dialect, serde_json::from_str(stored).ok()?)),
        None => {
            let checked: StoredRequest = serde_json::from_str(stored).ok()?;
            Some(Purpose::SignIn(app, checked.into()))
        }
    }
}

impl Row {
    /// The flow; `None` for a row that this program never writes.
    fn into_flow(self) -> Option<Flow> {
        let (purpose, session) = match (self.app_id, self.account_id) {
            (Some(app), None) => {
                let app = AppId::new(app);
                (sign_in(app, &self.request?)?, None)
            }
            (None, Some(account)) => {
                let (by, session) = started_by(&self.started_by?)?;
                (Purpose::Link(AccountId::new(account), by), session)
            }
            _ => return None,
        };
        let is_sign_in = !matches!(purpose, Purpose::Link(..));
        Some(Flow {
            id: self.id,
            state: Digest::stored(&self.state_digest)?,
            provider: self.provider,
            issuer: self.issuer,
            stored_secrets: Some(FlowSecrets { verifier: Secret::new(self.verifier), nonce: Secret::new(self.nonce) })
                .filter(|stored| !stored.verifier.is_empty()),
            callback: self.callback,
            browser: self.browser_digest,
            session,
            purpose,
            expires_at: Timestamp::from_micros(self.expires_at),
            used_at: self.used_at.map(Timestamp::from_micros),
            held: self.waiting.as_deref().filter(|_| is_sign_in).and_then(|held| serde_json::from_str(held).ok()),
            unconfirmed: self.waiting.filter(|_| !is_sign_in).and_then(|link| serde_json::from_str(&link).ok()),
            finished_at: self.finished_at.map(Timestamp::from_micros),
        })
    }
}

pub(crate) async fn insert(conn: &mut Conn, flow: &Flow) -> Result<(), Error> {
    let mut row = Row {
        id: flow.id.clone(),
        state_digest: flow.state.as_bytes().to_vec(),
        provider: flow.provider.clone(),
        issuer: flow.issuer.clone(),
        callback: flow.callback.clone(),
        browser_digest: flow.browser.clone(),
        expires_at: flow.expires_at.micros(),
        ..Row::default()
    };
    match &flow.purpose {
        Purpose::SignIn(app, checked) => {
            row.app_id = Some(app.as_str().to_owned());
            row.request = Some(serde_json::to_string(&StoredRequest::from(checked)).map_err(Error::failed)?);
        }
        Purpose::Native(dialect, back) => {
            row.app_id = Some(dialect.app_id().to_owned());
            row.request = Some(serde_json::to_string(back).map_err(Error::failed)?);
        }
        Purpose::Link(account, by) => {
            row.account_id = Some(account.as_str().to_owned());
            row.started_by = Some(match (by, &flow.session) {
                (StartedBy::Token(token), None) => format!("{TOKEN}:{token}"),
                (StartedBy::Token(token), Some(session)) => format!("{TOKEN}:{token}@{session}"),
                (StartedBy::Session(session), _) => format!("{SESSION}:{session}"),
            });
        }
    }
    on!(conn, c => diesel::insert_into(table::table).values(&row).execute(c))?;
    Ok(())
}

pub(crate) async fn by_state(conn: &mut Conn, state: Digest) -> Result<Option<Flow>, Error> {
    let row: Option<Row> = on!(conn, c => table::table
        .filter(table::state_digest.eq(state.as_bytes()))
        .select(Row::as_select())
        .get_result(c))
    .optional()?;
    Ok(row.and_then(Row::into_flow))
}

pub(crate) async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<Flow>, Error> {
    if id.contains('\0') {
        // PostgreSQL would call it an error.
        return Ok(None);
    }
    let row: Option<Row> = on!(conn, c => table::table.find(id).select(Row::as_select()).get_result(c)).optional()?;
    Ok(row.and_then(Row::into_flow))
}

/// Spends a flow; false when somebody was faster or its time is over.
pub(crate) async fn spend(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::used_at.is_null())
        .filter(table::expires_at.gt(now.micros()))
        .set(table::used_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// Keeps what a provider proved until the person answers in this browser: a link until the owner of the account confirms it, an
/// identity until a name is chosen; false when the flow was ended meanwhile.
pub(crate) async fn await_answer(
    conn: &mut Conn,
    id: &str,
    proven: &impl Serialize,
    browser: Digest,
    expires_at: Timestamp,
) -> Result<bool, Error> {
    let proven = serde_json::to_string(proven).map_err(Error::failed)?;
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::waiting.is_null())
        .filter(table::finished_at.is_null())
        .set((
            table::waiting.eq(Some(proven.as_str())),
            table::browser_digest.eq(Some(browser.as_bytes())),
            table::expires_at.eq(expires_at.micros()),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// Marks a link as made; false when it was made or ended before. In the transaction that makes it.
pub(crate) async fn finish(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = on!(conn, c => diesel::update(table::table.find(id))
        .filter(table::finished_at.is_null())
        .set(table::finished_at.eq(Some(now.micros())))
        .execute(c))?;
    Ok(changed == 1)
}

/// Ends every link of an account that is under way, those that await confirmation included (security REV-1).
pub(crate) async fn end_all_of_account(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    on!(conn, c => diesel::update(table::table)
        .filter(table::account_id.eq(account.as_str()))
        .filter(table::finished_at.is_null())
        .set((table::used_at.eq(Some(now.micros())), table::finished_at.eq(Some(now.micros()))))
        .execute(c))?;
    Ok(())
}
