//! A request of somebody who lost their second factors: asked, then ripe, and claimed, stopped or lapsed at last (factors section 11).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::model::account::AccountId;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// An open request of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WayBackTimes {
    /// When it was asked.
    pub asked_at: Timestamp,
    /// From when on it can be claimed.
    pub ripe_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl WayBackTimes {
    /// Whether it can be claimed.
    #[must_use]
    pub fn is_ripe(&self, now: Timestamp) -> bool {
        self.ripe_at <= now && now < self.until
    }
}

/// How far its owner and the host were told of an open request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// That it was asked.
    Asked,
    /// At half time.
    Half,
    /// A day before.
    Day,
    /// That it can be claimed now.
    Ripe,
}

impl Told {
    const ALL: [Self; 4] = [Self::Asked, Self::Half, Self::Day, Self::Ripe];

    /// The number that the database keeps.
    pub(crate) fn number(self) -> i16 {
        match self {
            Self::Asked => 1,
            Self::Half => 2,
            Self::Day => 3,
            Self::Ripe => 4,
        }
    }

    /// What this number stands for; what this program never writes is told again.
    pub(crate) fn stored(number: i16) -> Self {
        Self::ALL.into_iter().find(|told| told.number() == number).unwrap_or(Self::Asked)
    }
}

/// A request as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct WayBack {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) times: WayBackTimes,
    pub(crate) told: Told,
    pub(crate) end: Option<End>,
    /// What asked for it says about itself.
    pub(crate) agent: Option<String>,
    /// From where it was asked, as much of it as is kept.
    pub(crate) network: Option<String>,
}

/// The end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    pub(crate) how: Ending,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was stopped.
    Stopped(Stop),
    /// The factors are gone.
    Claimed,
    /// It was not claimed in time.
    Lapsed,
}

impl Ending {
    /// The words that the database keeps.
    pub(crate) fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Stopped(stop) => ("stopped", Some(stop.name())),
            Self::Claimed => ("claimed", None),
            Self::Lapsed => ("lapsed", None),
        }
    }

    /// The ending of these words.
    pub(crate) fn stored(how: &str, why: Option<&str>) -> Self {
        match how {
            "claimed" => Self::Claimed,
            "lapsed" => Self::Lapsed,
            _ => Self::Stopped(Stop::ALL.into_iter().find(|stop| Some(stop.name()) == why).unwrap_or(Stop::Staff)),
        }
    }
}

/// What stops a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its owner, in a living session or with a token.
    Owner,
    /// The link of a mail.
    Mail,
    /// A sign-in that passed a factor.
    Factor,
    /// A new password, or a new address.
    Credentials,
    /// The people who run the server.
    Staff,
}

impl Stop {
    const ALL: [Self; 5] = [Self::Owner, Self::Mail, Self::Factor, Self::Credentials, Self::Staff];

    /// The word that the database keeps, and events have.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Mail => "mail",
            Self::Factor => "factor",
            Self::Credentials => "credentials",
            Self::Staff => "staff",
        }
    }
}

impl WayBack {
    /// How far its owner should be told by now.
    pub(crate) fn due(&self, now: Timestamp) -> Told {
        let is_due = |told: &Told| *told == Told::Asked || self.moment(*told) <= now;
        Told::ALL.into_iter().rev().find(is_due).unwrap_or(Told::Asked)
    }

    /// When there is something to do about it next, once this is told.
    pub(crate) fn next_after(&self, told: Told) -> Timestamp {
        match told {
            Told::Asked => self.moment(Told::Half),
            Told::Half => self.moment(Told::Day),
            Told::Day => self.moment(Told::Ripe),
            Told::Ripe => self.times.until,
        }
    }

    fn moment(&self, told: Told) -> Timestamp {
        let WayBackTimes { asked_at, ripe_at, .. } = self.times;
        match told {
            Told::Asked => asked_at,
            Told::Half => asked_at.plus(ripe_at.since(asked_at) / 2),
            Told::Day => ripe_at.minus(DAY),
            Told::Ripe => ripe_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn way_back_is_told_at_half_time_a_day_before_and_when_it_is_ripe() {
        let at = |days: u64| Timestamp::from_micros(0).plus(DAY * u32::try_from(days).unwrap());
        let times = WayBackTimes { asked_at: at(10), ripe_at: at(16), until: at(20) };
        let row = WayBack {
            id: "1".into(),
            account: AccountId::new("1"),
            times,
            told: Told::Asked,
            end: None,
            agent: None,
            network: None,
        };
        for (day, told) in [(10, Told::Asked), (12, Told::Asked), (13, Told::Half), (15, Told::Day), (16, Told::Ripe)] {
            assert_eq!(row.due(at(day)), told, "{day}");
        }
        let next = Told::ALL.map(|told| row.next_after(told));
        assert_eq!(next, [at(13), at(15), at(16), at(20)]);
        assert!(!times.is_ripe(at(15)) && times.is_ripe(at(16)) && !times.is_ripe(at(20)));
    }

    #[test]
    fn end_of_a_way_back_has_words_that_lead_back() {
        let stops = Stop::ALL.map(Ending::Stopped);
        for ending in stops.into_iter().chain([Ending::Claimed, Ending::Lapsed]) {
            let (how, why) = ending.words();
            assert_eq!(Ending::stored(how, why), ending);
        }
        for told in Told::ALL {
            assert_eq!(Told::stored(told.number()), told);
        }
    }
}
