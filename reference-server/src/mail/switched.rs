//! The way that mail takes, which can be another while the server runs (people PPL-154).

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::{Letter, Mailer};

/// Sends by the mailer that it was last switched to. A mail under way stays with the former.
pub struct SwitchedMailer(RwLock<Arc<dyn Mailer>>);

impl SwitchedMailer {
    pub(crate) fn new(mailer: Arc<dyn Mailer>) -> Self {
        Self(RwLock::new(mailer))
    }

    pub(crate) fn switch_to(&self, mailer: Arc<dyn Mailer>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = mailer;
    }

    fn present(&self) -> Arc<dyn Mailer> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Mailer for SwitchedMailer {
    async fn send(&self, letter: &Letter) -> HostResult<()> {
        self.present().send(letter).await
    }

    async fn deliver(&self, letter: &Letter) -> HostResult<Option<String>> {
        self.present().deliver(letter).await
    }

    fn reaches_people(&self) -> bool {
        self.present().reaches_people()
    }
}
