//! The RSA keys of a running server: there from the start, or made while it runs (FAC-131).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::ambient::Ambient;
use crate::keys::{self, Rsa, RsaKey};

/// How long somebody waits for a key that is being made.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(60);

/// The keys, the signing one first.
pub(crate) type RsaKeySet = Arc<[RsaKey]>;

/// A key is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the RSA key is still being made")]
pub(crate) struct StillMade;

/// The keys as far as they are known by now.
pub(super) struct RsaKeys {
    known: watch::Sender<Known>,
    /// Where a missing key is made.
    missing: Option<PathBuf>,
    taken: AtomicBool,
}

#[derive(Clone)]
enum Known {
    /// The server has none and gets none.
    None,
    Awaited,
    Ready(RsaKeySet),
}

impl RsaKeys {
    /// The keys that the host gave; `None` when one of them is none.
    pub(super) fn read(given: &Rsa) -> Option<Self> {
        let (known, missing) = match given {
            Rsa::None => (Known::None, None),
            Rsa::Missing(path) => (Known::Awaited, Some(path.clone())),
            Rsa::Pems(pems) => (Known::Ready(pems.iter().map(RsaKey::read).collect::<Option<_>>()?), None),
        };
        Some(Self { known: watch::Sender::new(known), missing, taken: AtomicBool::new(false) })
    }

    /// Whether the server has such keys, or gets one.
    pub(super) fn are_wanted(&self) -> bool {
        !matches!(*self.known.borrow(), Known::None)
    }

    /// The keys, none where the server has none; waits for one that is being made, but not for long.
    pub(super) async fn get(&self) -> Result<Option<RsaKeySet>, StillMade> {
        let mut known = self.known.subscribe();
        let decided = known.wait_for(|known| !matches!(known, Known::Awaited));
        let decided = tokio::time::timeout(PATIENCE, decided).await.map_err(|_| StillMade)?.map_err(|_| StillMade)?;
        match &*decided {
            Known::Ready(keys) => Ok(Some(Arc::clone(keys))),
            Known::None | Known::Awaited => Ok(None),
        }
    }

    /// The keys that are there now.
    pub(super) fn now(&self) -> Option<RsaKeySet> {
        match &*self.known.borrow() {
            Known::Ready(keys) => Some(Arc::clone(keys)),
            Known::None | Known::Awaited => None,
        }
    }

    /// Makes a missing key on a thread of its own, once in a process; a process that was faster made it for all.
    pub(super) fn make_missing(self: &Arc<Self>, ambient: &Ambient) {
        let Some(path) = self.missing.clone().filter(|_| !self.taken.swap(true, Ordering::AcqRel)) else { return };
        let (all, ambient) = (Arc::clone(self), ambient.clone());
        let make = move || {
            loop {
                match keys::make_rsa_file(&path, &ambient) {
                    Ok(pem) => {
                        let keys: Option<RsaKeySet> = RsaKey::read(&pem).map(|key| Arc::from([key]));
                        all.known.send_replace(keys.map_or(Known::None, Known::Ready));
                        return;
                    }
                    Err(error) => {
                        tracing::error!(%error, "apps that want RS256 get no id token; it is tried again soon")
                    }
                }
                std::thread::park_timeout(AGAIN);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("rsa-key".to_owned()).spawn(make) {
            self.taken.store(false, Ordering::Release);
            tracing::error!(%error, "no thread can be begun that makes the RSA key");
        }
    }
}

#[cfg(all(test, feature = "rs256"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rsa_key_missing_is_made_once_for_all_processes_and_awaited() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rsa.pem");
        let given = Rsa::Missing(path.clone());
        let (one, two) = (Arc::new(RsaKeys::read(&given).unwrap()), Arc::new(RsaKeys::read(&given).unwrap()));
        assert!(one.are_wanted() && one.now().is_none());
        std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/keys/jwt-rsa.pem"), &path).unwrap();
        for keys in [&one, &two] {
            keys.make_missing(&Ambient::system());
            keys.make_missing(&Ambient::system());
        }
        let (one, two) = (one.get().await.unwrap().unwrap(), two.get().await.unwrap().unwrap());
        assert_eq!((one.len(), one[0].kid()), (1, two[0].kid()));
    }

    #[tokio::test]
    async fn rsa_keys_that_no_host_gives_are_none() {
        let keys = RsaKeys::read(&Rsa::None).unwrap();
        assert!(!keys.are_wanted() && keys.get().await.unwrap().is_none());
        assert!(RsaKeys::read(&Rsa::Pems(vec![crate::secret::Secret::new("no key")])).is_none());
    }
}
