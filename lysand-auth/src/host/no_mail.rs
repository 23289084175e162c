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

    fn keeps_mails(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;
    use crate::host::mailer::Mail;

    /// Counts warnings.
    #[derive(Clone, Default)]
    struct Warnings(Arc<AtomicUsize>);

    impl Subscriber for Warnings {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            if *event.metadata().level() == Level::WARN {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[tokio::test]
    async fn no_mail_warns_once_however_many_mails_would_have_been_sent() {
        let warnings = Warnings::default();
        let _guard = tracing::subscriber::set_default(warnings.clone());
        let (mailer, letter) = (NoMail::default(), Letter::new("ada@example.com", Mail::SignedOutEverywhere));
        assert_eq!(warnings.0.load(Ordering::Relaxed), 0, "not before there is a mail");
        for _ in 0..3 {
            mailer.send(&letter).await.unwrap();
        }
        assert_eq!(warnings.0.load(Ordering::Relaxed), 1);
        assert!(!mailer.reaches_people());
    }
}
