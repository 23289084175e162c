//! What ends in this process, for streams that are open in it: a host is told by [`Revocations`](super::revocations::Revocations), and
//! this is for those that the library watches itself.

use std::sync::Arc;

use tokio::sync::broadcast::{self, Receiver, Sender};

use super::revocations::{Revocations, Revoked};

/// How many endings wait for a stream that is busy; one that misses some looks into the database.
const WAITING: usize = 256;

/// Tells everybody who watches.
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
    #[cfg(feature = "native")]
    pub(crate) fn watch(&self) -> Receiver<Revoked> {
        self.streams.subscribe()
    }
}
