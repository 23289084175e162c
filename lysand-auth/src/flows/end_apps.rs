//! The access of many apps is ended at once: of all, or of those that nobody used for long (people PPL-115, PPL-116).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::app::{App, AppId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::secret::Secret;
pub use crate::steps::viewer::Viewer;
use crate::steps::{events, revocation, uses};
use crate::store::{self, Conn, grants};

/// Which apps lose their access. The server's own stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhichApps {
    /// All.
    All,
    /// Those that were neither used nor granted anything for so many days.
    UnusedFor(u32),
}

impl WhichApps {
    /// Those that nobody used for so many days; `None` for a number that is none of 1 to 3650.
    #[must_use]
    pub fn unused_for(days: &str) -> Option<Self> {
        let days = days.parse().ok().filter(|days| (1..=3650).contains(days))?;
        Some(Self::UnusedFor(days))
    }

    fn has(self, app: &App, last: Timestamp, now: Timestamp) -> bool {
        let is_old = match self {
            Self::All => true,
            Self::UnusedFor(days) => last < now.minus(DAY * days),
        };
        is_old && !app.skips_consent()
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The apps that would lose their access now, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn would_end(auth: &Auth, viewer: &Viewer, which: WhichApps) -> Result<Vec<App>, Error> {
    uses::write_tokens(auth).await?;
    let (account, now) = (viewer.account.id.clone(), auth.ambient().now());
    auth.store().read(move |c| Box::pin(async move { affected(c, &account, which, now).await })).await
}

/// Takes their access away from all these apps, and answers which they were: judged in the transaction that does it, so that an
/// app that was used meanwhile stays.
///
/// # Errors
/// For all apps: `ProofRequired` and `WrongPassword`; 429 after too many guesses.
pub async fn end(
    auth: &Auth,
    viewer: &Viewer,
    which: WhichApps,
    password: Option<&Secret>,
    caller: &Caller,
) -> Result<Vec<App>, Error> {
    if which == WhichApps::All {
        viewer.present.require(auth, &viewer.account, password).await?;
    }
    uses::write_tokens(auth).await?;
    let (account, now) = (viewer.account.id.clone(), auth.ambient().now());
    let event = events::event(auth, EventKind::AppsRemoved, caller).by(Actor::Account(account.clone()));
    let event = event.about(&account, &viewer.account.username);
    let event = match which {
        WhichApps::All => event,
        WhichApps::UnusedFor(days) => event.with("unused_for", days),
    };
    let of = account.clone();
    let ended = revocation::revoke_all(
        auth,
        move |c| {
            Box::pin(async move {
                grants::lock(c, &account, now).await?;
                let apps = affected(c, &account, which, now).await?;
                for app in &apps {
                    grants::end(c, &account, &app.id, now).await?;
                }
                if !apps.is_empty() {
                    store::events::add(c, event.with("apps", apps.len())).await?;
                }
                Ok(apps)
            })
        },
        move |apps| apps.iter().map(|app| access(&app.id, &of)).collect(),
    );
    let ended = ended.await?;
    tracing::info!(account = %viewer.account.id, apps = ended.len(), "access of several apps removed by their person");
    Ok(ended)
}

fn access(app: &AppId, account: &AccountId) -> Revoked {
    Revoked::Access { app: app.clone(), account: account.clone() }
}

async fn affected(c: &mut Conn, account: &AccountId, which: WhichApps, now: Timestamp) -> Result<Vec<App>, Error> {
    let last: BTreeMap<String, Timestamp> = grants::last_uses(c, account, now).await?;
    let (_, mut apps) = grants::all(c, account, now).await?;
    apps.retain(|app| last.get(app.id.as_str()).is_some_and(|last| which.has(app, *last, now)));
    apps.sort_by_key(|app| (app.name.to_lowercase(), app.id.to_string()));
    Ok(apps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_apps_are_asked_for_by_1_to_3650_days() {
        for (days, wanted) in [("1", Some(1)), ("90", Some(90)), ("3650", Some(3650)), ("+7", Some(7))] {
            assert_eq!(WhichApps::unused_for(days), wanted.map(WhichApps::UnusedFor), "{days}");
        }
        for days in ["0", "-1", "3651", "", " 90", "90.5", "1e2", "99999999999", "all", "９０"] {
            assert_eq!(WhichApps::unused_for(days), None, "{days}");
        }
    }
}
