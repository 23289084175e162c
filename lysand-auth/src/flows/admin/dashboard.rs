//! How the server is used, in numbers (people PPL-150).

use super::counts::{counts, waiting};
use super::rights::require_staff;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::steps::daily_numbers;
pub use crate::steps::daily_numbers::DayNumbers;
use crate::store::{apps, sessions};

/// How many days are told at most: as long as events live by default.
const MOST_DAYS: i64 = 400;

/// How the server is used.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Dashboard {
    /// The last days, today's last.
    pub days: Vec<DayNumbers>,
    /// Requests to join that wait.
    pub waiting: u64,
    /// Accounts, whatever their state.
    pub accounts: u64,
    /// Browsers that are signed in.
    pub sessions: u64,
    /// Registered apps.
    pub apps: u64,
}

/// How the server was used in the last days: so many, today's included.
///
/// # Errors
/// 403 for who is not staff; when host or database do not answer.
pub async fn dashboard(auth: &Auth, staff: &Account, days: i64) -> Result<Dashboard, Error> {
    require_staff(staff)?;
    let now = auth.ambient().now();
    let (sessions, apps) = auth
        .store()
        .read(move |c| Box::pin(async move { Ok((sessions::count_live(c, now).await?, apps::count(c).await?)) }))
        .await?;
    Ok(Dashboard {
        days: last_days(auth, staff, days).await?,
        waiting: waiting(auth).await?,
        accounts: counts(auth).await?.accounts,
        sessions: u64::try_from(sessions).unwrap_or_default(),
        apps: u64::try_from(apps).unwrap_or_default(),
    })
}

/// The numbers of the last days alone.
///
/// # Errors
/// As [`dashboard`].
pub async fn last_days(auth: &Auth, staff: &Account, days: i64) -> Result<Vec<DayNumbers>, Error> {
    require_staff(staff)?;
    daily_numbers::of_last(auth, days.clamp(1, MOST_DAYS)).await
}
