//! Bounded polling: a story waits for a fact, never for an amount of time.

use std::time::Duration;

/// How long a story waits for something that should happen soon, on a machine that is busy with other stories.
pub const PATIENCE: Duration = Duration::from_secs(30);

const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Looks again and again until `look` yields a value, and panics with `what` once [`PATIENCE`] is used up.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, look).await.unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain for {what}"))
}

/// As [`until`], but reports the disappointment to the caller, who may have more to say about it.
pub async fn within<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let looking = async {
        let mut ticks = tokio::time::interval(BETWEEN_LOOKS);
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
    async fn a_fact_that_comes_true_ends_the_wait() {
        let mut looks = 0;
        let seen = within(PATIENCE, async || {
            looks += 1;
            (looks == 3).then_some("there")
        });
        assert_eq!(seen.await, Some("there"));
    }

    #[tokio::test]
    async fn a_fact_that_never_comes_true_is_given_up() {
        let seen: Option<()> = within(Duration::from_millis(60), async || None).await;
        assert_eq!(seen, None);
    }
}
