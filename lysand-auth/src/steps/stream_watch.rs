//! A stream lives as long as the sign-in that opened it, and no longer (native NAT-9, NAT-25).

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::store::native_sign_ins;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(500);
/// How often the database is asked whether another process has ended the sign-in.
const LOOK: Duration = Duration::from_secs(20);
/// How long a stream goes on while the database does not answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Watches whether a sign-in is over.
pub(crate) struct StreamWatch {
    auth: Auth,
    sign_in: String,
    account: AccountId,
    endings: Receiver<Revoked>,
}

impl StreamWatch {
    /// Watches from now on: what ends between this and the first look is not missed.
    pub(crate) fn of(auth: &Auth, sign_in: &str, account: &AccountId) -> Self {
        let endings = auth.revocations().watch();
        Self { auth: auth.clone(), sign_in: sign_in.to_owned(), account: account.clone(), endings }
    }

    /// Waits until the sign-in is over: revoked here, or elsewhere, expired, or of an account that may act no more.
    pub(crate) async fn ended(mut self) {
        let (mut end, mut seen) = (self.end().await.ok().flatten(), Instant::now());
        let mut looked = Instant::now();
        while let Some(until) = end {
            let is_told = self.is_told().await;
            let is_over = self.auth.ambient().now() >= until;
            if !is_told && !is_over && looked.elapsed() < LOOK {
                continue;
            }
            looked = Instant::now();
            match self.end().await {
                Ok(next) => (end, seen) = (next, Instant::now()),
                Err(error) if is_over || seen.elapsed() >= PATIENCE => {
                    tracing::warn!(%error, sign_in = %self.sign_in, "a stream ends, because nobody knows whether its sign-in does");
                    return;
                }
                Err(_) => {}
            }
        }
    }

    /// Waits for a moment; whether something ended that the stream may hang on.
    async fn is_told(&mut self) -> bool {
        match tokio::time::timeout(TICK, self.endings.recv()).await {
            Ok(Ok(revoked)) => self.is_concerned(&revoked),
            Ok(Err(RecvError::Lagged(_))) => true,
            Ok(Err(RecvError::Closed)) => {
                tokio::time::sleep(TICK).await;
                false
            }
            Err(_) => false,
        }
    }

    fn is_concerned(&self, revoked: &Revoked) -> bool {
        match revoked {
            Revoked::Grant(grant) => *grant == self.sign_in,
            Revoked::Account(account) | Revoked::Access { account, .. } => *account == self.account,
            Revoked::App(_) => true,
        }
    }

    /// When the sign-in ends by itself; none when it is over.
    async fn end(&self) -> Result<Option<Timestamp>, Error> {
        let (family, now) = (self.sign_in.clone(), self.auth.ambient().now());
        let found =
            self.auth.store().look_up(move |c| Box::pin(async move { native_sign_ins::of_family(c, &family).await }));
        let live = found.await?.filter(|sign_in| sign_in.as_session().is_live(now));
        let Some(sign_in) = live else { return Ok(None) };
        let account = self.auth.account(&self.account).await?;
        let may_act = account.is_some_and(|account| account.inactive_reason().is_none());
        Ok(may_act.then(|| sign_in.expires_at.min(sign_in.idle_at)))
    }
}
