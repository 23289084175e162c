//! Deletes what has expired, in writes so short that others do not notice (faults F4).

use std::time::Duration;

use tokio::time::Instant;

use crate::ambient::Timestamp;
use crate::auth::{Auth, Turn};
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::rate_limit::Rule;
use crate::model::sign_up::SignUpRecord;
use crate::steps::daily_numbers;
use crate::steps::erasure::{self, When};
use crate::steps::removal::{self, Removal};
use crate::steps::throttle::KNOWN;
use crate::steps::{events, review_notice, token_notice, way_back_notice};
use crate::store::sweeps::{self, Found, Kind, Row};
use crate::store::{self, credentials, sign_ups};

/// Rows that a reader looks at in one go.
const PAGE: i64 = 500;
/// How many rows one write deletes: as many as fit into [`SHORT`], within these bounds.
const SMALLEST_BATCH: usize = 10;
const LARGEST_BATCH: usize = 500;
/// How long a write of the clean-up may take. Others wait for it, on SQLite at least.
const SHORT: Duration = Duration::from_millis(8);
/// How long others have the database to themselves after each write, at least.
const PAUSE: Duration = Duration::from_millis(2);
/// Ended things are kept a while, so that an answer can still say "revoked" rather than "unknown".
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// A sign-in that lacked something is known this long after its end, so that its browser can start again (FAC-15), and a code of a
/// device, so that its program can be told.
const PENDING_KEPT: Duration = Duration::from_secs(3600);

/// So long a request for a way back counts, however it ended (FAC-115).
const WAYS_BACK_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long it can be seen what became of a mail.
const MAILS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// How many rows were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Browsers that were not seen for 400 days.
    pub known_browsers: usize,
    /// Sign-ups that nobody confirmed or decided in time, with their accounts.
    pub sign_ups: usize,
    /// Events that are too old, browsers that wait no more, and what else counts for a while.
    pub others: usize,
    /// Mails that ended 90 days ago, and tokens of mails.
    pub mails: usize,
    /// Accounts that their owners had closed, with all that was kept of them.
    pub closed: usize,
    /// Apps that nobody used for [`Lifetimes::unused_app`](crate::config::Lifetimes::unused_app).
    pub apps: usize,
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
pub async fn regularly(turn: Turn) {
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

/// Deletes everything that ended a day ago or earlier. Codes outlive the tokens that they bought (security ONE-5). What
/// cannot be deleted from one table does not keep it from the others.
///
/// # Errors
/// The first thing that went wrong, after everything was tried.
pub async fn sweep(auth: &Auth) -> Result<Swept, Error> {
    let before = auth.ambient().now().minus(KEPT);
    let idle = auth.config().lifetimes.refresh_token_idle.max(auth.config().native.longest_idle());
    let idle = before.minus(idle);
    let mut swept = Swept::default();
    let mut sweeper = Sweeper { auth, batch: SMALLEST_BATCH, failed: None };
    // Before events go that are counted.
    if let Err(error) = daily_numbers::keep(auth).await {
        tracing::warn!(%error, "the numbers of the last days cannot be kept");
        sweeper.failed.get_or_insert(error);
    }
    // Before tokens go that have ended.
    if let Err(error) = token_notice::tell(auth).await {
        tracing::warn!(%error, "people cannot be told that their personal tokens end");
        sweeper.failed.get_or_insert(error);
    }
    // Whatever the outbox has not told yet.
    if let Err(error) = way_back_notice::tell(auth).await {
        tracing::warn!(%error, "people cannot be told of requests to remove second factors");
        sweeper.failed.get_or_insert(error);
    }
    swept.closed = sweeper.closed().await;
    swept.authorizations = sweeper.kind(Kind::Authorizations, before).await;
    swept.tokens = sweeper.kind(Kind::ExpiredTokens, before).await;
    swept.tokens += sweeper.kind(Kind::RevokedTokens, before).await;
    swept.families = sweeper.kind(Kind::ExpiredFamilies, before).await;
    swept.families += sweeper.kind(Kind::EndedFamilies, before).await;
    swept.families += sweeper.kind(Kind::IdleFamilies, idle).await;
    swept.sessions = sweeper.kind(Kind::ExpiredSessions, before).await;
    swept.sessions += sweeper.kind(Kind::EndedSessions, before).await;
    swept.sso_flows = sweeper.kind(Kind::SsoFlows, before).await;
    swept.throttles = sweeper.kind(Kind::Throttles, before).await;
    let unseen = auth.ambient().now().minus(KNOWN);
    swept.known_browsers = sweeper.kind(Kind::KnownBrowsers, unseen).await;
    let ended = auth.ambient().now().minus(MAILS_KEPT);
    swept.mails = sweeper.kind(Kind::Mails, ended).await;
    swept.mails += sweeper.kind(Kind::MailTokens, ended).await;
    // A client keeps its registration for good, so one that was ever used stays.
    let unused = auth.ambient().now().minus(auth.config().lifetimes.unused_app);
    swept.apps = sweeper.kind(Kind::UnusedApps, unused).await;
    swept.sign_ups = sweeper.sign_ups().await;
    swept.others = sweeper.others().await;
    if let Err(error) = review_notice::tell(auth).await {
        tracing::warn!(%error, "staff cannot be told of requests to join");
        sweeper.failed.get_or_insert(error);
    }
    forget_requests(auth);
    sweeper.failed.map_or(Ok(swept), Err)
}

/// Forgets counted requests of windows that are over.
fn forget_requests(auth: &Auth) {
    let (limits, request_counters, now) = (&auth.config().rate_limits, auth.request_counters(), auth.ambient().now());
    for (rule, counter) in [
        (Rule::ApiUser, &request_counters.by_account),
        (Rule::ApiToken, &request_counters.by_token),
        (Rule::ApiAddress, &request_counters.by_address),
        (Rule::OauthAddress, &request_counters.oauth_by_address),
    ] {
        if let Some(limit) = limits.of(rule) {
            counter.sweep(limit, now);
        }
    }
    request_counters.device_polls.sweep(now);
}

/// One clean-up.
struct Sweeper<'a> {
    auth: &'a Auth,
    /// How many rows the next write deletes.
    batch: usize,
    failed: Option<Error>,
}

/// What goes by itself, a few rows at a time.
#[derive(Clone, Copy, Debug)]
enum Few {
    Events,
    EventNetworks,
    AppNetworks,
    Waiting,
    Spent,
    Pending,
    DeviceCodes,
    Factors,
    TrustedBrowsers,
    WaysBack,
    LogoutHosts,
    DeviceRecords,
    Tickets,
}

impl Sweeper<'_> {
    /// Removes the accounts that were closed, and whose owners did not come back; how many there were.
    async fn closed(&mut self) -> usize {
        let (now, mut removed, mut after) = (self.auth.ambient().now(), 0, (i64::MIN, String::new()));
        loop {
            let from = after.clone();
            let page = self.auth.store().read(move |c| Box::pin(credentials::closed(c, now, from, PAGE))).await;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    self.failed.get_or_insert(error);
                    return removed;
                }
            };
            let Some(last) = page.last() else { return removed };
            after = last.clone();
            for (_, id) in page {
                match self.closed_one(AccountId::new(id.clone())).await {
                    Ok(is_gone) => removed += usize::from(is_gone),
                    Err(error) => {
                        tracing::warn!(account = %id, %error, "a closed account cannot be removed");
                        self.failed.get_or_insert(error);
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn closed_one(&self, id: AccountId) -> Result<bool, Error> {
        let auth = self.auth;
        let Some(account) = auth.account(&id).await? else {
            return erasure::forget(auth, id).await.map(|()| true);
        };
        let event = events::event(auth, EventKind::Deleted, &Caller::default()).by(Actor::System);
        Ok(erasure::erase(auth, &account, When::Closed, event).await?)
    }

    /// Removes the accounts of sign-ups whose time is over; how many there were.
    async fn sign_ups(&mut self) -> usize {
        let (now, mut removed, mut after) = (self.auth.ambient().now(), 0, (i64::MIN, String::new()));
        loop {
            let from = after.clone();
            let page = self.auth.store().read(move |c| Box::pin(sign_ups::open(c, now, from, PAGE))).await;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    self.failed.get_or_insert(error);
                    return removed;
                }
            };
            let Some(last) = page.last() else { return removed };
            after = (last.expires_at.micros(), last.account.as_str().to_owned());
            for record in &page {
                match self.sign_up(record).await {
                    Ok(true) => removed += 1,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(account = %record.account, %error, "a sign-up that is over cannot be removed");
                        self.failed.get_or_insert(error);
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn sign_up(&self, record: &SignUpRecord) -> Result<bool, Error> {
        let auth = self.auth;
        let Some(account) = auth.account(&record.account).await? else {
            let id = record.account.clone();
            auth.store().write(move |c| Box::pin(async move { sign_ups::delete(c, &id).await })).await?;
            return Ok(false);
        };
        let kind = if record.confirmed_at.is_some() { EventKind::RequestExpired } else { EventKind::Swept };
        let event = events::event(auth, kind, &Caller::default()).by(Actor::System);
        removal::remove(auth, &account, Removal::Expired, event).await
    }

    /// Deletes what goes by itself; how much there was.
    async fn others(&mut self) -> usize {
        let (now, lifetimes) = (self.auth.ambient().now(), self.auth.config().lifetimes);
        let mut deleted = 0;
        for (few, before) in [
            (Few::Events, now.minus(lifetimes.event)),
            (Few::EventNetworks, now.minus(lifetimes.event_network)),
            (Few::AppNetworks, now.minus(lifetimes.event_network)),
            (Few::Waiting, now),
            (Few::Spent, now),
            (Few::Pending, now.minus(PENDING_KEPT)),
            (Few::DeviceCodes, now.minus(PENDING_KEPT)),
            (Few::Factors, now),
            (Few::TrustedBrowsers, now),
            (Few::WaysBack, now.minus(WAYS_BACK_KEPT)),
            (Few::LogoutHosts, now.minus(KEPT)),
            (Few::DeviceRecords, now.minus(KNOWN)),
            (Few::Tickets, now),
        ] {
            loop {
                let (begun, most) = (Instant::now(), i64::try_from(self.batch).unwrap_or(PAGE));
                let write = self.auth.store().write(move |c| {
                    Box::pin(async move {
                        match few {
                            Few::Events => store::events::sweep(c, before, most).await,
                            Few::EventNetworks => store::events::sweep_networks(c, before, most).await,
                            Few::AppNetworks => store::apps::sweep_networks(c, before, most).await,
                            Few::Waiting => store::waiting::sweep(c, before, most).await,
                            Few::Spent => store::spent::sweep(c, before, most).await,
                            Few::Pending => store::pending::sweep(c, before, most).await,
                            Few::DeviceCodes => store::device_codes::sweep(c, before, most).await,
                            Few::Factors => store::factors::sweep(c, before, most).await,
                            Few::TrustedBrowsers => store::trusted_browsers::sweep(c, before, most).await,
                            Few::WaysBack => store::way_back::sweep(c, before, most).await,
                            Few::LogoutHosts => store::logouts::sweep_hosts(c, before, most).await,
                            Few::DeviceRecords => store::device_records::sweep(c, before, most).await,
                            Few::Tickets => store::tickets::sweep(c, before, most).await,
                        }
                    })
                });
                match write.await {
                    Ok(0) => break,
                    Ok(some) => deleted += some,
                    Err(error) => {
                        tracing::warn!(?few, %error, "rows that are over cannot be deleted");
                        self.failed.get_or_insert(error);
                        break;
                    }
                }
                self.rest(begun).await;
            }
        }
        deleted
    }

    /// Deletes what is over of one kind; how many rows there were.
    async fn kind(&mut self, kind: Kind, before: Timestamp) -> usize {
        let mut deleted = 0;
        if let Err(error) = self.pages(kind, before, &mut deleted).await {
            tracing::warn!(?kind, %error, "expired rows cannot be deleted");
            self.failed.get_or_insert(error);
        }
        deleted
    }

    async fn pages(&mut self, kind: Kind, before: Timestamp, deleted: &mut usize) -> Result<(), Error> {
        let mut after = Row::first();
        loop {
            let page = self.auth.store().read(move |c| Box::pin(sweeps::find(c, kind, before, after, PAGE)));
            let Found { rows, last } = page.await?;
            let Some(last) = last else { return Ok(()) };
            after = last;
            if matches!(kind, Kind::ExpiredFamilies | Kind::EndedFamilies | Kind::IdleFamilies) {
                self.refresh_tokens(&rows).await?;
            }
            let mut rest = rows.as_slice();
            while !rest.is_empty() {
                let (batch, others) = rest.split_at(self.batch.min(rest.len()));
                let batch = batch.to_vec();
                rest = others;
                let begun = Instant::now();
                let write = self.auth.store().write(move |c| Box::pin(sweeps::delete(c, kind, before, batch)));
                *deleted += write.await?;
                self.rest(begun).await;
            }
        }
    }

    /// Deletes the refresh tokens of families that are over.
    async fn refresh_tokens(&mut self, families: &[Row]) -> Result<(), Error> {
        loop {
            let (families, page) = (families.to_vec(), i64::try_from(self.batch).unwrap_or(PAGE));
            let digests = self.auth.store().read(move |c| Box::pin(sweeps::refresh_tokens(c, families, page))).await?;
            if digests.is_empty() {
                return Ok(());
            }
            let begun = Instant::now();
            self.auth.store().write(move |c| Box::pin(sweeps::delete_refresh_tokens(c, digests))).await?;
            self.rest(begun).await;
        }
    }

    /// Leaves the database to others for as long as the last write had it, and makes the next one fit.
    async fn rest(&mut self, begun: Instant) {
        let took = begun.elapsed();
        self.batch = match took {
            long if long > SHORT => (self.batch / 2).max(SMALLEST_BATCH),
            short if short < SHORT / 2 => (self.batch * 2).min(LARGEST_BATCH),
            _ => self.batch,
        };
        tokio::time::sleep(took.max(PAUSE)).await;
    }
}
