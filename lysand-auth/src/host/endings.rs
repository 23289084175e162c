//! What ends in this process, for streams that are open in it: a host is told by [`Revocations`](super::revocations::Revocations), and
//! this is for those that the library watches itself.

use tokio::sync::broadcast::{self, Receiver, Sender};

use super::revocations::Revoked;

/// How many endings wait for a stream that is busy; one that misses some looks into the database.
const WAITING: usize = 256;

/// Tells everybody who watches.
pub(crate) struct Endings(Sender<Revoked>);

impl Default for Endings {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Endings {
    /// Whether anybody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Tells what is over.
    pub(crate) fn tell(&self, revoked: &Revoked) {
        // That nobody watches is no error.
        let _ = self.0.send(revoked.clone());
    }

    /// What is over from now on.
    #[cfg(feature = "native")]
    pub(crate) fn watch(&self) -> Receiver<Revoked> {
        self.0.subscribe()
    }
}
