//! Pairs of a name and a network that are closed for a while after wrong passwords (native NAT-10).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::config::Lockout;
use crate::secret::Digest;

/// A name as it is looked up, or what stands for one, and the network that it is tried from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Which dialect counts.
    pub(crate) rule: &'static str,
    pub(crate) subject: Digest,
}

impl Pair {
    /// A pair of a dialect or a service; the same however often it is made.
    pub(crate) fn new(rule: &'static str, name: &str, network: &str) -> Self {
        // Neither a name nor a network has a line break.
        Self { rule, subject: Digest::of(format!("{name}\n{network}").as_bytes()) }
    }
}

/// The tries of a pair that came to nothing, and when the last was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) number: i64,
    pub(crate) last: Timestamp,
}

impl Default for Failures {
    fn default() -> Self {
        Self { number: 0, last: Timestamp::from_micros(0) }
    }
}

impl Failures {
    /// One more try at this moment, or how long the pair is closed still. After a while of silence the others are forgotten.
    pub(crate) fn and_one(self, rules: &Lockout, now: Timestamp) -> Result<Self, Duration> {
        if let Some(left) = self.closed_for(rules, now) {
            return Err(left);
        }
        let is_silent = now.since(self.last) > rules.window;
        let number = if is_silent { 1 } else { self.number.saturating_add(1) };
        Ok(Self { number, last: now })
    }

    /// How long the pair is closed still: the failure that reached a step closed it, and beyond the last step each does.
    pub(crate) fn closed_for(self, rules: &Lockout, now: Timestamp) -> Option<Duration> {
        let closed = |&&(failures, _): &&(u32, Duration)| self.number == i64::from(failures);
        let beyond = rules.steps.last().filter(|(failures, _)| self.number > i64::from(*failures));
        let (_, closed_for) = rules.steps.iter().find(closed).or(beyond)?;
        let end = self.last.plus(*closed_for);
        (end > now).then(|| end.since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn lockout_closes_by_its_steps_and_forgets_after_silence() {
        let rules = Lockout { steps: vec![(2, MINUTE), (4, MINUTE * 5)], window: MINUTE * 3 };
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let one = Failures::default().and_one(&rules, at(1_000)).unwrap();
        let two = one.and_one(&rules, at(1_001)).unwrap();
        assert_eq!(two.and_one(&rules, at(1_011)), Err(Duration::from_secs(50)));
        let three = two.and_one(&rules, at(1_061)).unwrap();
        let four = three.and_one(&rules, at(1_062)).unwrap();
        assert_eq!(four.number, 4);
        assert_eq!(four.closed_for(&rules, at(1_361)), Some(Duration::from_secs(1)));
        // Its silence was longer than the window.
        assert_eq!(four.and_one(&rules, at(1_362)).unwrap().number, 1);
        let five = Failures { number: 5, last: at(1_362) };
        assert_eq!(five.closed_for(&rules, at(1_363)), Some(Duration::from_secs(299)));
        assert_eq!(Failures { number: 3, last: at(1_362) }.closed_for(&rules, at(1_363)), None);
    }

    #[test]
    fn lockout_pair_differs_by_rule_name_and_network() {
        let pair = Pair::new("native_toki", "ada", "10.0.0.1");
        assert_eq!(pair, Pair::new("native_toki", "ada", "10.0.0.1"));
        for other in
            [("native_toki", "eve", "10.0.0.1"), ("native_toki", "ada", "10.0.0.2"), ("service", "ada", "10.0.0.1")]
        {
            assert_ne!(pair, Pair::new(other.0, other.1, other.2));
        }
    }
}
