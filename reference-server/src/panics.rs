//! Panics: counted, and told in one line of the log (faults F16).

use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest message that is told: what a program says of its own mistake, which may quote what it was given.
const LONGEST: usize = 200;

/// How many panics there were in this process since [`count`].
#[derive(Clone, Debug, Default)]
pub struct Panics(Arc<AtomicU64>);

impl Panics {
    /// How many.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn note(&self, info: &PanicHookInfo<'_>) {
        let total = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let said = info.payload_as_str().unwrap_or("no message");
        let message: String = said.chars().take(LONGEST).collect();
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, total, ?message, "a task panicked, which is a bug");
    }
}

/// Counts panics from now on, in place of the backtraces on standard error.
pub fn count() -> Panics {
    let panics = Panics::default();
    let noted = panics.clone();
    panic::set_hook(Box::new(move |info| noted.note(info)));
    panics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_counted() {
        let before = panic::take_hook();
        let panics = count();
        let outcome = panic::catch_unwind(|| panic!("on purpose"));
        panic::set_hook(before);
        // Others may panic on purpose at the same time.
        assert!(outcome.is_err() && panics.total() >= 1);
    }
}
