//! Tells the task that sends mails that the outbox may have one.

/// What of the outbox is in this process.
#[derive(Default)]
pub(crate) struct OutboxSignal {
    woken: tokio::sync::Notify,
    sending: tokio::sync::Mutex<()>,
}

impl OutboxSignal {
    /// Says that there may be a mail.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Waits until somebody says so.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Waits until nobody else in this process sends, so that whoever asks for it finds everything sent afterwards.
    pub(crate) async fn lock(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.sending.lock().await
    }
}
