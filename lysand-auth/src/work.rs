//! Counts what a piece of work asks of the database and of the processor.

use std::cell::Cell;
use std::future::Future;

tokio::task_local! {
    static WORK: Cell<Work>;
}

/// What a piece of work cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Look-ups and longer reading, each once.
    pub reads: u32,
    /// Transactions that may write, a single statement that is one by itself included.
    pub transactions: u32,
    /// Hashes of passwords.
    pub hashes: u32,
}

/// Does some work, and tells what it cost. What it leaves to other tasks is not counted.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, Work) {
    WORK.scope(Cell::default(), async {
        let done = work.await;
        (done, WORK.with(Cell::get))
    })
    .await
}

/// Adds to what the work of this task costs, if somebody counts.
pub(crate) fn count(add: impl FnOnce(&mut Work)) {
    let _ = WORK.try_with(|counter| {
        let mut work = counter.get();
        add(&mut work);
        counter.set(work);
    });
}
