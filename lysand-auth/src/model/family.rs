//! Families of refresh tokens: what one consent bought for an app whose tokens expire (security ONE-4, AS-8).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::scope::Scopes;
use crate::model::strength::Authentication;

/// A row of refresh tokens, each replacing the one before. It ends with its absolute lifetime, by revocation, or when a
/// refresh token comes back that was used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// Names it; not a secret.
    pub id: String,
    /// The app that holds its tokens.
    pub app_id: AppId,
    /// Whom they speak for.
    pub account_id: AccountId,
    /// What they may do at most.
    pub scopes: Scopes,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// How well its owner had proven who they are when it was granted (FAC-101).
    pub authentication: Option<Authentication>,
}

impl Family {
    /// Whether its tokens may still be replaced.
    #[must_use]
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// When a refresh token that is issued now ends if nobody uses it: never later than the family.
    #[must_use]
    pub(crate) fn idle_end(&self, now: Timestamp, idle: Duration) -> Timestamp {
        now.plus(idle).min(self.expires_at)
    }
}
