//! What may act for a person: the apps and tokens that they gave access to, and the end of it (Mastodon §16).

use std::collections::HashMap;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::app::{App, AppId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::list_page::RowSpan;
pub use crate::model::list_page::{ListPage, ListSpan};
use crate::model::native;
use crate::model::scope::Scopes;
use crate::steps::{events, revocation};
use crate::store;
use crate::store::grants::{self, Grant};
use crate::store::tokens;
use crate::store::tokens::Found;

/// An app that may act for a person.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizedApp {
    /// The app.
    pub app: App,
    /// All that its live tokens may do together.
    pub scopes: Scopes,
    /// Since when it has had access without interruption, as far as live tokens tell.
    pub authorized_at: Timestamp,
    /// When one of its tokens was last used, to within a day.
    pub last_used_at: Option<Timestamp>,
}

impl AuthorizedApp {
    fn of(grants: Vec<Grant>, app: App) -> Option<Self> {
        let authorized_at = grants.iter().map(|grant| grant.since).min()?;
        let last_used_at = grants.iter().filter_map(|grant| grant.last_used_at).max();
        let scopes = grants.iter().fold(Scopes::default(), |scopes, grant| scopes.with(&grant.scopes));
        Some(Self { app, scopes, authorized_at, last_used_at })
    }
}

/// A live token, as its owner sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Token {
    /// The token's key; not the token.
    pub id: String,
    /// The app that holds it.
    pub app: App,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it was last used, to within a day.
    pub last_used_at: Option<Timestamp>,
}

impl From<Found> for Token {
    fn from((token, app): Found) -> Self {
        Self { id: token.id, app, scopes: token.scopes, created_at: token.created_at, last_used_at: token.last_used_at }
    }
}

/// The apps that have a live token of an account or can refresh one, the one authorized last first.
///
/// # Errors
/// When the database does not answer.
pub async fn apps(auth: &Auth, account: &AccountId) -> Result<Vec<AuthorizedApp>, Error> {
    let (account, now) = (account.clone(), auth.ambient().now());
    let read = auth.store().read(move |c| Box::pin(async move { grants::all(c, &account, now).await }));
    let (granted, apps) = read.await?;
    let mut by_app: HashMap<String, Vec<Grant>> = HashMap::new();
    for grant in granted {
        by_app.entry(grant.app_id.clone()).or_default().push(grant);
    }
    let mut apps: Vec<AuthorizedApp> =
        apps.into_iter().filter_map(|app| AuthorizedApp::of(by_app.remove(app.id.as_str())?, app)).collect();
    apps.sort_by_key(|granted| (std::cmp::Reverse(granted.authorized_at), granted.app.id.to_string()));
    Ok(apps)
}

/// Takes an app's access to an account away: all its tokens and open codes, at once (security REV-1).
///
/// # Errors
/// 404 when the app has no access, be it unknown or another person's.
pub async fn end(auth: &Auth, account: &AccountId, app: &AppId) -> Result<(), Error> {
    if native::is_built_in(app.as_str()) {
        return Err(nothing());
    }
    let wanted = known_id(app.as_str())?;
    let (account, app, now) = (account.clone(), AppId::new(wanted), auth.ambient().now());
    let (person, of) = (account.clone(), app.clone());
    let event = events::event(auth, EventKind::AppRemoved, &Caller::default()).through(&app);
    let event = event.by(Actor::Account(account.clone())).about(&account, "");
    let over = Revoked::Access { app: app.clone(), account: account.clone() };
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                let ended = grants::end(c, &account, &app, now).await?;
                if ended {
                    store::events::add(c, event).await?;
                }
                Ok(ended)
            })
        },
        |ended| ended.then_some(over),
    );
    if !ended.await? {
        return Err(nothing());
    }
    tracing::info!(account = %person, app = %of, "access of an app removed by its person");
    Ok(())
}

/// The live tokens of an account.
///
/// # Errors
/// 400 when an id of the span cannot be one.
pub async fn tokens(auth: &Auth, account: &AccountId, span: ListSpan) -> Result<ListPage<Token>, Error> {
    let mut span = span;
    for (name, id) in [("max_id", &mut span.max_id), ("min_id", &mut span.min_id), ("since_id", &mut span.since_id)] {
        if let Some(given) = id {
            *given = known_id(given).map_err(|_| {
                Error::refused(Code::InvalidRequest, format!("The parameter {name} is not the id of a token."))
            })?;
        }
    }
    let (account, now, rows) = (account.clone(), auth.ambient().now(), RowSpan::from(span));
    let wanted = rows.clone();
    let found = auth.store().read(move |c| Box::pin(async move { grants::some(c, &account, &wanted, now).await }));
    Ok(rows.page(found.await?.into_iter().map(Token::from).collect()))
}

/// One live token of an account.
///
/// # Errors
/// 404 when it is unknown, over, or another person's.
pub async fn token(auth: &Auth, account: &AccountId, id: &str) -> Result<Token, Error> {
    let (account, id, now) = (account.clone(), known_id(id)?, auth.ambient().now());
    let found = auth.store().look_up(move |c| Box::pin(async move { grants::one(c, &account, &id, now).await }));
    found.await?.map(Token::from).ok_or_else(nothing)
}

/// Revokes one token of an account with the family of refresh tokens that it belongs to, and answers what it was.
///
/// # Errors
/// 404 when it is unknown, over, or another person's.
pub async fn end_token(auth: &Auth, account: &AccountId, id: &str) -> Result<Token, Error> {
    let (account, id, now) = (account.clone(), known_id(id)?, auth.ambient().now());
    let person = account.clone();
    let event = events::event(auth, EventKind::TokenRevoked, &Caller::default());
    let event = event.by(Actor::Account(account.clone())).about(&account, "");
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                let Some(found) = grants::one(c, &account, &id, now).await? else { return Ok(None) };
                let ended = tokens::end_grant(c, Some(&id), found.0.family_id.as_deref(), now).await?;
                if ended {
                    store::events::add(c, event.through(&found.1.id)).await?;
                }
                Ok(Some((found, ended)))
            })
        },
        |ended| {
            let ((token, _), _) = ended.as_ref().filter(|(_, ended)| *ended)?;
            Some(Revoked::Grant(token.family_id.as_ref().unwrap_or(&token.id).clone()))
        },
    );
    let token = ended.await?.map(|(found, _)| Token::from(found)).ok_or_else(nothing)?;
    tracing::info!(account = %person, app = %token.app.id, token = %token.id, "token revoked by its person");
    Ok(token)
}

/// Whether a grant stands, by the name that a token of it told ([`Bearer::grant_id`](crate::flows::bearer::Bearer::grant_id)):
/// for hosts that keep something for as long as it does, at the moment of use. Two look-ups by key. A family of refresh
/// tokens stands until its end, also between two tokens. Whether the account may act is another question.
///
/// # Errors
/// When the database does not answer.
pub async fn is_live(auth: &Auth, grant_id: &str) -> Result<bool, Error> {
    let Ok(id) = known_id(grant_id) else { return Ok(false) };
    let now = auth.ambient().now();
    auth.store().look_up(move |c| Box::pin(async move { grants::is_live(c, &id, now).await })).await
}

/// An id in the form in which ours are made. Others name nothing, and must not reach the database: it cannot take all of
/// them.
fn known_id(id: &str) -> Result<String, Error> {
    let fits = (1..=64).contains(&id.len());
    let plain = id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if fits && plain { Ok(id.to_owned()) } else { Err(nothing()) }
}

fn nothing() -> Error {
    Error::refused(Code::NotFound, "Record not found")
}
