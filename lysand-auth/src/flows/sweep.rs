//! Deletes what has expired, in small batches.

use std::time::Duration;

use crate::auth::{Auth, HousekeepingTurn};
use crate::error::Error;
use crate::model::rate_limit::Rule;
use crate::store::sweeps;

const BATCH: i64 = 500;
/// Ended things are kept a while, so that an answer can still say "revoked" rather than "unknown".
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// How many rows were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Codes that nobody used, or whose token has ended.
    pub authorizations: usize,
    /// Tokens that were revoked or have expired.
    pub tokens: usize,
    /// Families of refresh tokens that have ended, with their tokens.
    pub families: usize,
    /// Browser sessions that have ended.
    pub sessions: usize,
    /// Flows to identity providers that are over.
    pub sso_flows: usize,
    /// Counters of windows that are over.
    pub throttles: usize,
}

/// Sweeps again and again, for as long as the future is polled: what [`web::mount`](crate::web::mount) starts, and what a host
/// without it may spawn.
///
/// ```
/// # fn keep_house(auth: &lysand_auth::Auth) {
/// if let Some(turn) = auth.take_housekeeping_turn() {
///     tokio::spawn(lysand_auth::flows::sweep::regularly(turn));
/// }
/// # }
/// ```
pub async fn regularly(turn: HousekeepingTurn) {
    let mut interval = tokio::time::interval(turn.every().max(Duration::from_millis(1)));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval.tick().await;
    loop {
        interval.tick().await;
        match sweep(turn.auth()).await {
            Ok(swept) => tracing::debug!(?swept, "expired rows were deleted"),
            Err(error) => tracing::warn!(%error, "expired rows could not be deleted; it is tried again later"),
        }
    }
}

/// Deletes everything that ended a day ago or earlier. Codes outlive the tokens that they bought (security ONE-5).
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(auth: &Auth) -> Result<Swept, Error> {
    let before = auth.ambient().now().minus(KEPT);
    let store = auth.store();
    let mut swept = Swept::default();
    loop {
        let batch = store.write(move |c| Box::pin(sweeps::authorizations(c, before, BATCH))).await?;
        swept.authorizations += batch;
        if batch == 0 {
            break;
        }
    }
    loop {
        let batch = store.write(move |c| Box::pin(sweeps::tokens(c, before, BATCH))).await?;
        swept.tokens += batch;
        if batch == 0 {
            break;
        }
    }
    let idle = before.minus(auth.config().lifetimes.refresh_token_idle);
    loop {
        let batch = store.write(move |c| Box::pin(sweeps::families(c, before, idle, BATCH))).await?;
        swept.families += batch;
        if batch == 0 {
            break;
        }
    }
    loop {
        let batch = store.write(move |c| Box::pin(sweeps::sessions(c, before, BATCH))).await?;
        swept.sessions += batch;
        if batch == 0 {
            break;
        }
    }
    loop {
        let batch = store.write(move |c| Box::pin(sweeps::sso_flows(c, before, BATCH))).await?;
        swept.sso_flows += batch;
        if batch == 0 {
            break;
        }
    }
    let (limits, request_counters, now) = (&auth.config().rate_limits, auth.request_counters(), auth.ambient().now());
    for (rule, counter) in [
        (Rule::ApiUser, &request_counters.by_account),
        (Rule::ApiToken, &request_counters.by_token),
        (Rule::ApiAddress, &request_counters.by_address),
    ] {
        if let Some(limit) = limits.of(rule) {
            counter.sweep(limit, now);
        }
    }
    swept.throttles = store.write(move |c| Box::pin(sweeps::throttles(c, before))).await?;
    Ok(swept)
}
