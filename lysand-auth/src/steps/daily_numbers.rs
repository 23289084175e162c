//! What happened on each day, in numbers (people PPL-150, PPL-161).

use std::collections::HashMap;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::event::EventKind;
use crate::store::Conn;
use crate::store::days::{self, DayNumber};

const MICROS_OF_A_DAY: i64 = 86_400_000_000;
/// How long after its end a day is counted for good: what began before midnight is written by then.
const SETTLED: i64 = MICROS_OF_A_DAY / 24;
/// How many days one clean-up counts: an older database has many.
const AT_ONCE: i64 = 31;

/// The numbers of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DayNumbers {
    /// The day, in days since the epoch in UTC.
    pub day: i64,
    /// Sign-ins.
    pub sign_ins: i64,
    /// Sign-ins that were refused.
    pub failures: i64,
    /// Sign-ups.
    pub sign_ups: i64,
    /// Addresses of sign-ups that were confirmed.
    pub confirmed: i64,
    /// Mails that were given up.
    pub mails_failed: i64,
}

impl DayNumbers {
    fn of(day: i64) -> Self {
        Self { day, ..Self::default() }
    }

    fn number(&mut self, kind: EventKind) -> &mut i64 {
        match kind {
            EventKind::SignIn => &mut self.sign_ins,
            EventKind::SignInFailed => &mut self.failures,
            EventKind::SignedUp => &mut self.sign_ups,
            EventKind::Confirmed => &mut self.confirmed,
            _ => &mut self.mails_failed,
        }
    }

    /// The day as in ISO 8601: `2026-11-29`.
    #[must_use]
    pub fn date(&self) -> String {
        Timestamp::from_micros(self.day.saturating_mul(MICROS_OF_A_DAY)).to_day()
    }
}

/// What is counted.
const COUNTED: [EventKind; 5] =
    [EventKind::SignIn, EventKind::SignInFailed, EventKind::SignedUp, EventKind::Confirmed, EventKind::MailFailed];

/// The numbers of the last days, today's last. Days that were not counted yet are counted from the events.
pub(crate) async fn of_last(auth: &Auth, number: i64) -> Result<Vec<DayNumbers>, Error> {
    let now = auth.ambient().now();
    let today = now.micros().div_euclid(MICROS_OF_A_DAY);
    let first = today - number + 1;
    auth.store()
        .read(move |c| {
            Box::pin(async move {
                let kept = days::since(c, first).await?;
                let uncounted = kept.iter().map(|(day, ..)| day + 1).max().unwrap_or(first);
                let late = counted(c, uncounted, today + 1).await?;
                Ok(by_day(first, today, kept.into_iter().chain(late)))
            })
        })
        .await
}

/// Counts the days that are over, and forgets those whose events are forgotten.
pub(crate) async fn keep(auth: &Auth) -> Result<(), Error> {
    let now = auth.ambient().now();
    let over = (now.micros() - SETTLED).div_euclid(MICROS_OF_A_DAY);
    let oldest = now.minus(auth.config().lifetimes.event).micros().div_euclid(MICROS_OF_A_DAY);
    let last = auth.store().read(move |c| Box::pin(days::last(c))).await?;
    let from = last.map_or(oldest, |last| last + 1).max(oldest);
    let to = over.min(from + AT_ONCE);
    if from >= to {
        return Ok(());
    }
    auth.store()
        .write(move |c| {
            Box::pin(async move {
                let numbers = by_day(from, to - 1, counted(c, from, to).await?.into_iter());
                let named = numbers.into_iter().flat_map(|mut numbers| {
                    COUNTED.map(|kind| (numbers.day, kind.name().to_owned(), *numbers.number(kind)))
                });
                days::keep(c, &named.collect::<Vec<_>>()).await?;
                days::sweep(c, oldest).await.map(drop)
            })
        })
        .await
}

async fn counted(conn: &mut Conn, from: i64, to: i64) -> Result<Vec<DayNumber>, Error> {
    let moment = |day: i64| Timestamp::from_micros(day.saturating_mul(MICROS_OF_A_DAY));
    days::counted(conn, (moment(from), moment(to)), &COUNTED.map(EventKind::name)).await
}

/// The days between two, each with its numbers.
fn by_day(first: i64, last: i64, numbers: impl Iterator<Item = DayNumber>) -> Vec<DayNumbers> {
    let mut days: HashMap<i64, DayNumbers> = HashMap::new();
    for (day, name, number) in numbers {
        let Some(kind) = COUNTED.into_iter().find(|kind| kind.name() == name) else { continue };
        *days.entry(day).or_insert_with(|| DayNumbers::of(day)).number(kind) += number;
    }
    (first..=last).map(|day| days.get(&day).copied().unwrap_or_else(|| DayNumbers::of(day))).collect()
}
