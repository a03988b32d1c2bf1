//! What follows from a few moments of listening.

use std::collections::{BTreeMap, VecDeque};

use super::window::AT_LEAST;
use super::{Gid, Sample};

/// How many moments of listening are remembered, so that what comes rarely is told rightly: together
/// they are a minute.
const REMEMBERED: usize = 20;
/// By how much a rate has to change to be told anew.
const NOTABLE: f64 = 0.1;

/// How much comes in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Messages.
    pub messages: f64,
    /// Their bytes, as they are serialized, without the headers of the network.
    pub bytes: f64,
}

/// How much comes on a topic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicRate {
    /// By publisher. One that is not in it was not listened to yet.
    publishers: BTreeMap<Gid, Rate>,
    /// From publishers that the middleware does not name.
    unnamed: Option<Rate>,
}

impl Rate {
    fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            bytes: self.bytes + other.bytes,
        }
    }

    /// The same with two digits of each number: more is not known.
    pub fn rounded(self) -> Self {
        Self {
            messages: two_digits(self.messages),
            bytes: two_digits(self.bytes),
        }
    }

    fn differs_from(self, other: Self) -> bool {
        let differ = |a: f64, b: f64| (a - b).abs() > NOTABLE * a.abs().max(b.abs());
        differ(self.messages, other.messages) || differ(self.bytes, other.bytes)
    }
}

/// A number with two digits that are not 0.
pub fn two_digits(number: f64) -> f64 {
    format!("{number:.1e}").parse().unwrap_or(number)
}

#[cfg(test)]
impl TopicRate {
    /// That of one publisher, with messages of one byte.
    pub fn of_one(publisher: Gid, messages: f64) -> Self {
        let rate = Rate {
            messages,
            bytes: messages,
        };
        let named = publisher.is_an_endpoints();
        Self {
            publishers: named.then_some((publisher, rate)).into_iter().collect(),
            unnamed: (!named).then_some(rate),
        }
    }
}

impl TopicRate {
    /// How much these publishers send together; None when one of them was not listened to yet.
    /// `alone` says that the topic has no other publishers.
    pub fn of(&self, publishers: impl IntoIterator<Item = Gid>, alone: bool) -> Option<Rate> {
        if let Some(unnamed) = self.unnamed {
            let named = self.publishers.values().copied();
            return alone.then(|| named.fold(unnamed, Rate::plus));
        }
        let mut sum = Rate::default();
        for publisher in publishers {
            sum = sum.plus(*self.publishers.get(&publisher)?);
        }
        Some(sum)
    }

    /// Whether it is another one, by more than what measuring makes of the same.
    pub fn differs_from(&self, other: &Self) -> bool {
        let differ = |a: Option<&Rate>, b: Option<&Rate>| match (a, b) {
            (Some(a), Some(b)) => a.differs_from(*b),
            (None, None) => false,
            _ => true,
        };
        let mut gids = self.publishers.keys().chain(other.publishers.keys());
        differ(self.unnamed.as_ref(), other.unnamed.as_ref())
            || gids.any(|gid| differ(self.publishers.get(gid), other.publishers.get(gid)))
    }
}

/// The last moments of listening to a topic, the latest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples(VecDeque<Sample>);

impl Samples {
    /// One more. `publishers` were there, whether they were heard or not.
    pub fn add(&mut self, mut sample: Sample, publishers: impl IntoIterator<Item = Gid>) {
        for publisher in publishers {
            sample.publishers.entry(publisher).or_default();
        }
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front(sample);
    }

    /// Whether so much is known that a publisher can be told about.
    pub fn knows(&self, publisher: Gid) -> bool {
        let latest = self.0.front();
        latest.is_some_and(|sample| sample.publishers.contains_key(&publisher))
    }

    /// What follows; None before anything was listened to.
    pub fn rate(&self) -> Option<TopicRate> {
        let latest = self.0.front()?;
        let mut rate = TopicRate::default();
        for gid in latest.publishers.keys() {
            let found = self.of(*gid);
            if gid.is_an_endpoints() {
                rate.publishers.insert(*gid, found);
            } else {
                rate.unnamed = Some(rate.unnamed.unwrap_or_default().plus(found));
            }
        }
        Some(rate)
    }

    /// Where several messages were heard, the time between them says it. Where there were few, it is
    /// how many there were in all the time of late.
    fn of(&self, publisher: Gid) -> Rate {
        let (mut messages, mut bytes, mut seconds) = (0.0, 0.0, 0.0);
        for (age, sample) in self.0.iter().enumerate() {
            let Some(heard) = sample.publishers.get(&publisher) else {
                break;
            };
            let (count, size) = (heard.messages as f64, heard.bytes as f64);
            if heard.messages >= AT_LEAST && !heard.span.is_zero() {
                if age > 0 {
                    break;
                }
                let often = (count - 1.0) / heard.span.as_secs_f64();
                return Rate {
                    messages: often,
                    bytes: often * size / count,
                };
            }
            messages += count;
            bytes += size;
            seconds += sample.listened.as_secs_f64();
        }
        let per_second = |sum: f64| if seconds > 0.0 { sum / seconds } else { 0.0 };
        Rate {
            messages: per_second(messages),
            bytes: per_second(bytes),
        }
    }
}
