//! What is over: for a host that keeps something of its own for as long as an app has access (Mastodon §7, §11.4, §16).

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::host::HostResult;
use crate::model::account::AccountId;
use crate::model::app::AppId;

/// What is over, in terms that a host can key its rows on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revoked {
    /// One grant, by the name that [`Bearer::grant_id`](crate::web::Bearer::grant_id) tells: a token was given back or
    /// invalidated, or a code or refresh token came back that was used before.
    Grant(String),
    /// All that an account gave to one app: the person removed the app.
    Access {
        /// The app.
        app: AppId,
        /// The account.
        account: AccountId,
    },
    /// All that an account gave to anybody, and its sessions: a new password, signed out everywhere, or deleted.
    Account(AccountId),
    /// All that anybody gave to an app: it is no longer registered.
    App(AppId),
}

/// Is told what is over. A host that keeps push subscriptions or open streams deletes and closes them here; one that keeps
/// nothing needs none of this.
///
/// It is told once, by the process that ended something, after that is committed and before the answer goes out. What
/// ends by itself is not told: a token or a family of refresh tokens that expires. Neither is anything told twice, so a
/// process that dies between the two leaves a host with rows of something that is over; whoever uses such a row asks
/// [`grants::is_live`](crate::flows::authorized_applications::is_live) first.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Something is over. Be quick: the person or app that ended it waits for the answer, and after ten seconds it is
    /// given without this. An error is logged, and changes nothing.
    async fn revoked(&self, revoked: &Revoked) -> HostResult<()>;
}

/// How many endings wait for a stream that is busy; one that misses some looks into the database.
const WAITING: usize = 256;

/// Tells the host, and the streams that the library watches itself.
pub(crate) struct Endings {
    host: Option<Arc<dyn Revocations>>,
    streams: Sender<Revoked>,
}

impl Endings {
    /// With a host that wants to know, or none.
    pub(crate) fn new(host: Option<Arc<dyn Revocations>>) -> Self {
        Self { host, streams: broadcast::channel(WAITING).0 }
    }

    /// The host, if it wants to know.
    pub(crate) fn host(&self) -> Option<&Arc<dyn Revocations>> {
        self.host.as_ref()
    }

    /// Whether anybody is told anything.
    pub(crate) fn is_watched(&self) -> bool {
        self.host.is_some() || self.streams.receiver_count() > 0
    }

    /// Tells the streams what is over.
    pub(crate) fn tell(&self, revoked: &Revoked) {
        // That nobody watches is no error.
        let _ = self.streams.send(revoked.clone());
    }

    /// What is over from now on.
    pub(crate) fn watch(&self) -> Receiver<Revoked> {
        self.streams.subscribe()
    }
}
