//! Time and randomness: the only file that reads the system clock or the operating system's random source.
//!
//! Everything else asks [`Ambient`], so that a test can freeze time and repeat a run. `clippy.toml` forbids the
//! direct calls elsewhere and says why.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment as microseconds since the Unix epoch, in UTC: the form in which the database keeps time.
///
/// Arithmetic saturates, so a clock that jumps can neither panic nor wrap (security LOAD-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as OAuth and JWT want them.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment plus `duration`, or the last representable one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros_of(duration)))
    }

    /// This moment minus `duration`, or the first representable one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros_of(duration)))
    }

    /// Time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day in UTC, as people write it: `21 November 2026`.
    #[must_use]
    pub fn to_day(self) -> String {
        let format = time::macros::format_description!("[day padding:none] [month repr:long] [year]");
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|moment| moment.format(&format).ok())
            .unwrap_or_default()
    }

    /// ISO 8601 in UTC with microseconds, `2026-11-21T21:20:00.000000Z`, as the headers of limits carry it.
    #[must_use]
    pub fn to_iso8601_micros(self) -> String {
        let format =
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|moment| moment.format(&format).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00.000000Z".to_owned())
    }

    /// RFC 3339 in UTC with whole seconds, `2016-11-24T00:00:00Z`.
    #[must_use]
    pub fn to_rfc3339_seconds(self) -> String {
        let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        time::OffsetDateTime::from_unix_timestamp(self.seconds())
            .ok()
            .and_then(|moment| moment.format(&format).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }

    /// ISO 8601 in UTC with milliseconds, `2016-11-24T00:00:00.000Z`, as Mastodon's entities carry it.
    #[must_use]
    pub fn to_iso8601(self) -> String {
        let format =
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|moment| moment.format(&format).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00.000Z".to_owned())
    }

    /// The moment that a text says: a day, `2026-11-21`, which begins in UTC, or a moment, `2026-11-21T08:00:00Z`, of 1970 or
    /// later.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
        let moment = time::OffsetDateTime::parse(&whole, &time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok().filter(|micros| *micros >= 0).map(Self)
    }

    /// A UUID of version 7 of this moment, unique by the `rest` of it.
    pub(crate) fn id(self, rest: &[u8; 10]) -> String {
        let millis = u64::try_from(self.micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, rest).into_uuid().to_string()
    }
}

fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from.
pub trait Random: Send + Sync {
    /// Fills `bytes` with values that nobody can predict.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock and the random source of one [`Auth`](crate::Auth); cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ambient {
    /// The system clock and the operating system's random source.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(SystemRandom))
    }

    /// A clock and a random source of the caller's choice: for tests.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random }
    }

    /// The same random source with another clock: for tests.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An array of unpredictable bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A UUID of version 7: sorts by the moment of its making.
    #[must_use]
    pub fn id(&self) -> String {
        self.now().id(&self.bytes())
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(micros_of(since_epoch))
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks for randomness")]
    #[expect(clippy::expect_used, reason = "a machine without randomness must not hand out secrets")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_arithmetic_out_of_range_saturates() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        let start = Timestamp::from_micros(i64::MIN);
        assert_eq!(start.minus(Duration::from_secs(1)), start);
        assert_eq!(start.since(end), Duration::ZERO);
    }

    #[test]
    fn timestamp_formats_as_iso8601_and_english_day() {
        let moment = Timestamp::from_micros(1_479_945_600_000_000);
        assert_eq!(moment.to_iso8601(), "2016-11-24T00:00:00.000Z");
        assert_eq!(moment.to_iso8601_micros(), "2016-11-24T00:00:00.000000Z");
        assert_eq!(moment.to_day(), "24 November 2016");
        assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
        assert_eq!(Timestamp::from_micros(i64::MAX).to_day(), "");
    }
}
