//! Bounded polling: a story waits for a fact, never for an amount of time.

use std::time::Duration;

/// How long a story waits for something that should happen soon, on a machine that is busy with other stories.
pub const TIMEOUT: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(25);

/// Calls `look` again and again until it yields a value, and panics with `what` once [`TIMEOUT`] is used up.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    within(TIMEOUT, look).await.unwrap_or_else(|| panic!("waited {TIMEOUT:?} in vain for {what}"))
}

/// As [`until`], but leaves the failure to the caller, who may have more to say about it.
pub async fn within<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let looking = async {
        let mut ticks = tokio::time::interval(PAUSE);
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(limit, looking).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wait_until_condition_holds_returns_its_value() {
        let mut looks = 0;
        let seen = within(TIMEOUT, async || {
            looks += 1;
            (looks == 3).then_some("there")
        });
        assert_eq!(seen.await, Some("there"));
    }

    #[tokio::test]
    async fn wait_for_condition_that_never_holds_times_out() {
        let seen: Option<()> = within(Duration::from_millis(60), async || None).await;
        assert_eq!(seen, None);
    }
}
