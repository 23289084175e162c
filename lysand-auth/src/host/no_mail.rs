//! A host without mail.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use crate::host::HostResult;
use crate::host::mailer::{Letter, Mailer};

/// Sends nothing, and says so in the log when something would have been sent for the first time: what a host has that
/// gives the builder no mailer.
#[derive(Debug, Default)]
pub struct NoMail(AtomicBool);

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, _: &Letter) -> HostResult<()> {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a mail would have been sent, but this server sends none: give AuthBuilder::mailer a host::mailer::Mailer"
            );
        }
        Ok(())
    }

    fn reaches_people(&self) -> bool {
        false
    }
}
