//! Apps as staff sees them, and their end (people PPL-147).

use std::collections::BTreeSet;

use super::rights::{require_admin, require_staff};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::account::Account;
use crate::model::app::{App, AppId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, Target};
use crate::model::list_page::{ListPage, ListSpan, RowSpan};
use crate::steps::{events, revocation, uses};
use crate::store::{self, Conn, apps, grants};
use crate::texts;

/// Of how many tokens an app in a list is counted, and of how many one that is opened: nobody waits for a whole table.
const COUNTED_IN_LISTS: usize = 1_000;
const COUNTED: usize = 10_000;

/// An app, and how it is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppForStaff {
    /// The app.
    pub app: App,
    /// From which network it was registered, as far as that is remembered.
    pub network: Option<String>,
    /// How many tokens of it live.
    pub live_tokens: usize,
    /// How many people let it act for them.
    pub people: usize,
    /// Whether there are more than were counted.
    pub has_more: bool,
    /// When it last used one of them, to within a day.
    pub last_used: Option<Timestamp>,
}

/// A page of the apps, the newest first; those with this in their name or website, if it is given.
///
/// # Errors
/// 403 for who is not staff; when the database does not answer.
pub async fn apps(
    auth: &Auth,
    staff: &Account,
    searched: Option<String>,
    span: ListSpan,
) -> Result<ListPage<AppForStaff>, Error> {
    require_staff(staff)?;
    uses::write_tokens(auth).await?;
    let (rows, now) = (RowSpan::from(span), auth.ambient().now());
    let wanted = rows.clone();
    let found = auth.store().read(move |c| {
        Box::pin(async move {
            let mut found = Vec::new();
            let all = apps::some(c, searched.as_deref(), &wanted).await?;
            for known in all {
                found.push(counted(c, known, COUNTED_IN_LISTS, now).await?);
            }
            Ok(found)
        })
    });
    Ok(rows.page(found.await?))
}

/// One app.
///
/// # Errors
/// 403 for who is not staff; 404; when the database does not answer.
pub async fn see_app(auth: &Auth, staff: &Account, id: &str) -> Result<AppForStaff, Error> {
    require_staff(staff)?;
    uses::write_tokens(auth).await?;
    let (id, now) = (AppId::new(id), auth.ambient().now());
    let found = auth.store().read(move |c| {
        Box::pin(async move {
            match apps::one(c, &id).await? {
                Some(known) => counted(c, known, COUNTED, now).await.map(Some),
                None => Ok(None),
            }
        })
    });
    found.await?.ok_or_else(not_found)
}

async fn counted(
    c: &mut Conn,
    (app, network): (App, Option<String>),
    most: usize,
    now: Timestamp,
) -> Result<AppForStaff, Error> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX) + 1;
    let (mut tokens, mut families) = grants::of_app(c, &app.id, now, limit).await?;
    let has_more = tokens.len() > most || families.len() > most;
    tokens.truncate(most);
    families.truncate(most);
    let live_tokens = tokens.len();
    let all = tokens.into_iter().chain(families);
    let (mut people, mut last_used) = (BTreeSet::new(), None);
    for (account, used) in all {
        people.extend(account);
        last_used = used.max(last_used);
    }
    Ok(AppForStaff { app, network, live_tokens, people: people.len(), has_more, last_used })
}

/// Demands that this member of the staff may remove the app, and that the app is none of the server's own: those are the command
/// line's to remove.
///
/// # Errors
/// 403 for who is no admin; 404; 409 for the server's own.
pub async fn removable_app(auth: &Auth, staff: &Account, id: &str) -> Result<App, Error> {
    require_admin(staff)?;
    let id = AppId::new(id);
    let found = auth.store().look_up(move |c| Box::pin(async move { apps::one(c, &id).await })).await?;
    let (app, _) = found.ok_or_else(not_found)?;
    match app.first_party {
        true => Err(Error::refused(Code::Conflict, texts::OWN_APP_STAYS)),
        false => Ok(app),
    }
}

/// Removes an app with its codes and tokens, which end at once. Who may, and whether it is there, is asked here again.
///
/// # Errors
/// As [`removable_app`].
pub async fn remove_app(auth: &Auth, staff: &Account, id: &str, caller: &Caller) -> Result<App, Error> {
    let app = removable_app(auth, staff, id).await?;
    let event = events::event(auth, EventKind::AppDeleted, caller).by(Actor::Account(staff.id.clone()));
    let event = event.of(Target::App(app.id.clone(), app.name.clone()));
    let (wanted, over) = (app.id.clone(), Revoked::App(app.id.clone()));
    let removed = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                let is_removed = apps::delete(c, &wanted).await?;
                if is_removed {
                    store::events::add(c, event).await?;
                }
                Ok(is_removed)
            })
        },
        |removed| removed.then_some(over),
    );
    match removed.await? {
        true => {
            tracing::info!(app = %app.id, name = ?app.name, "app removed by staff");
            Ok(app)
        }
        false => Err(not_found()),
    }
}

fn not_found() -> Error {
    Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND)
}
