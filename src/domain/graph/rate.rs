//! How often messages of a topic arrive.

use std::collections::VecDeque;
use std::time::Duration;

use super::Gid;
use crate::domain::time::Monotonic;

/// How many arrivals are kept; of a topic with 1000 messages a second, four seconds.
const KEPT: usize = 4096;
/// How long they are kept.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// How long the first answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a rate came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing can be said before this moment.
    NotBefore(Monotonic),
    /// They arrive often enough.
    Enough,
    /// They do not: so many messages within that time.
    TooFew(usize, Duration),
}

/// Notes the arrivals of a topic's messages.
#[derive(Debug)]
pub struct Meter {
    begun: Monotonic,
    /// A subscription needs a moment until publishers know of it. Time counts from what arrives first.
    first: Option<Monotonic>,
    arrivals: VecDeque<(Monotonic, Gid)>,
}

impl Meter {
    /// One that listens since now.
    pub fn new(now: Monotonic) -> Self {
        Self {
            begun: now,
            first: None,
            arrivals: VecDeque::new(),
        }
    }

    /// A message has arrived from this publisher.
    pub fn note(&mut self, from: Gid, now: Monotonic) {
        self.first.get_or_insert(now);
        if self.arrivals.len() == KEPT {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back((now, from));
        let old = |(moment, _): &(Monotonic, Gid)| now.since(*moment) > KEPT_FOR;
        while self.arrivals.front().is_some_and(old) {
            self.arrivals.pop_front();
        }
    }

    /// Whether at least so many messages a second arrive from publishers that `count` and are there
    /// since a moment. One message less and 5 % are forgiven: an interval has no sharp ends, and
    /// networks lose messages.
    pub fn verdict(
        &self,
        min_rate: f64,
        now: Monotonic,
        since: Monotonic,
        counts: impl Fn(Gid) -> bool,
    ) -> Verdict {
        let begun = self.begun.max(since);
        let first = self.first.filter(|first| *first >= since);
        let first_answer = messages_take(3.0, min_rate).clamp(Duration::from_secs(1), PATIENCE);
        let ready = match first {
            Some(first) => (begun + PATIENCE).min(first + first_answer),
            None => begun + first_answer,
        };
        if now < ready {
            return Verdict::NotBefore(ready);
        }
        let window = messages_take(6.0, min_rate).clamp(Duration::from_secs(2), KEPT_FOR);
        let start = self.forgotten().unwrap_or(first.unwrap_or(begun));
        let from = start.max(Monotonic(now.0.saturating_sub(window)));
        let number = self.since(from).filter(|gid| counts(*gid)).count();
        // When the window begins with a message, that one ends no interval in it.
        let begins_with_one = first == Some(from);
        let intervals = number.saturating_sub(usize::from(begins_with_one));
        let time = now.since(from);
        let expected = min_rate * time.as_secs_f64();
        if number > 0 && intervals as f64 + 1.0 >= expected * 0.95 {
            Verdict::Enough
        } else {
            Verdict::TooFew(number, time)
        }
    }

    /// The moment before which arrivals were let go because there were too many.
    fn forgotten(&self) -> Option<Monotonic> {
        let full = self.arrivals.len() == KEPT;
        self.arrivals
            .front()
            .filter(|_| full)
            .map(|(oldest, _)| *oldest)
    }

    /// The publishers of all messages since then, the latest first.
    fn since(&self, from: Monotonic) -> impl Iterator<Item = Gid> {
        let arrivals = self.arrivals.iter().rev();
        arrivals
            .take_while(move |(moment, _)| *moment >= from)
            .map(|(_, gid)| *gid)
    }
}

/// How long so many messages take at a rate.
fn messages_take(number: f64, rate: f64) -> Duration {
    Duration::try_from_secs_f64(number / rate).unwrap_or(Duration::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HERE: Gid = Gid([1; 16]);
    const ELSEWHERE: Gid = Gid([2; 16]);

    fn at(milliseconds: u64) -> Monotonic {
        Monotonic(Duration::from_millis(milliseconds))
    }

    /// Listens since 0; messages come from 100 ms on, one each `period` ms, until `end`.
    fn meter(period: u64, end: u64) -> Meter {
        let mut meter = Meter::new(at(0));
        (100..=end)
            .step_by(usize::try_from(period).unwrap())
            .for_each(|moment| meter.note(HERE, at(moment)));
        meter
    }

    fn asked(meter: &Meter, rate: f64, now: u64) -> Verdict {
        meter.verdict(rate, at(now), at(0), |gid| gid == HERE)
    }

    #[test]
    fn the_first_answer_takes_a_second() {
        let meter = meter(100, 1000);
        assert_eq!(asked(&meter, 10.0, 300), Verdict::NotBefore(at(1100)));
        assert_eq!(asked(&meter, 10.0, 1100), Verdict::Enough);
    }

    #[test]
    fn half_of_the_rate_is_too_little_at_once_and_later() {
        for moment in (2100..20_000).step_by(370) {
            let verdict = asked(&meter(1000, moment), 2.0, moment);
            assert!(matches!(verdict, Verdict::TooFew(..)), "{moment}");
        }
    }

    #[test]
    fn the_exact_rate_is_enough_whenever_it_is_asked() {
        for moment in (1100..20_000).step_by(37) {
            let verdict = asked(&meter(100, moment), 10.0, moment);
            assert_eq!(verdict, Verdict::Enough, "{moment}");
        }
        for moment in (3100..20_000).step_by(370) {
            let verdict = asked(&meter(1000, moment), 1.0, moment);
            assert_eq!(verdict, Verdict::Enough, "{moment}");
        }
    }

    #[test]
    fn silence_is_too_little_even_for_a_slow_topic() {
        let silent = Meter::new(at(0));
        assert_eq!(asked(&silent, 0.01, 4_999), Verdict::NotBefore(at(5000)));
        assert_eq!(
            asked(&silent, 0.01, 5_000),
            Verdict::TooFew(0, Duration::from_secs(5))
        );
    }

    #[test]
    fn a_publisher_that_stopped_is_noticed_soon() {
        let meter = meter(100, 10_000);
        assert_eq!(asked(&meter, 10.0, 10_100), Verdict::Enough);
        assert!(matches!(
            asked(&meter, 10.0, 10_500),
            Verdict::TooFew(16, _)
        ));
    }

    #[test]
    fn messages_from_elsewhere_do_not_count() {
        let mut meter = Meter::new(at(0));
        (0..50).for_each(|i| meter.note(ELSEWHERE, at(i * 100)));
        assert!(matches!(asked(&meter, 10.0, 5_000), Verdict::TooFew(0, _)));
    }

    #[test]
    fn a_publisher_that_came_late_is_measured_from_its_coming() {
        let mut meter = Meter::new(at(0));
        (0..60).for_each(|i| meter.note(ELSEWHERE, at(i * 1000)));
        let here = |meter: &Meter, now| meter.verdict(0.5, at(now), at(60_000), |gid| gid == HERE);
        assert_eq!(here(&meter, 60_000), Verdict::NotBefore(at(65_000)));
        assert!(matches!(here(&meter, 65_000), Verdict::TooFew(0, _)));
        for arrival in [61_000, 63_000, 65_000] {
            meter.note(HERE, at(arrival));
        }
        assert_eq!(here(&meter, 65_000), Verdict::Enough);
    }

    #[test]
    fn one_message_after_a_long_silence_is_not_a_rate() {
        let mut meter = meter(100, 1_000);
        meter.note(HERE, at(100_000));
        assert!(matches!(
            asked(&meter, 10.0, 100_001),
            Verdict::TooFew(1, _)
        ));
    }

    #[test]
    fn a_fast_topic_is_measured_over_what_is_kept() {
        let mut meter = Meter::new(at(0));
        (0..60_000).for_each(|i| meter.note(HERE, Monotonic(Duration::from_micros(i * 100))));
        assert_eq!(meter.arrivals.len(), KEPT);
        assert_eq!(asked(&meter, 9_000.0, 6_000), Verdict::Enough);
        assert!(matches!(
            asked(&meter, 12_000.0, 6_000),
            Verdict::TooFew(..)
        ));
    }

    #[test]
    fn senseless_rates_do_no_harm() {
        let meter = meter(100, 10_000);
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
            asked(&meter, rate, 10_000);
        }
    }
}
