//! Which topic is listened to next, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::estimate::Samples;
use super::{Gid, Sample, Topic, TopicRate};
use crate::domain::time::Monotonic;

/// How long nothing is listened to after each time: subscriptions that come and go are news for
/// everybody on the graph.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a topic is left alone after it was listened to.
const REST: Duration = Duration::from_secs(10);
/// The same after it could not be listened to.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// For how much of a second's budget is listened to a topic at once, a fraction.
const AT_ONCE: f64 = 0.25;

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Listen to this topic, until about so many bytes were sent because of it.
    Listen(Topic, u64),
    /// Nothing before this moment.
    NotBefore(Monotonic),
    /// Nothing, as long as nothing else is wanted and no listening ends.
    Nothing,
}

/// Has topics listened to, one at a time, so that all listening together costs no more than a budget:
/// the next time begins only when the budget would have paid for the last. So from the first
/// beginning on, no more is spent than the budget for the time until now and what listening once costs.
#[derive(Clone, Debug)]
pub struct Sampler {
    budget: f64,
    topics: BTreeMap<Topic, Known>,
    not_before: Monotonic,
    /// What is listened to now, with the publishers that were there at the beginning.
    open: Option<Open>,
}

#[derive(Clone, Debug)]
struct Known {
    publishers: BTreeSet<Gid>,
    samples: Samples,
    /// Since when it waits for its turn.
    since: Monotonic,
    due: Monotonic,
    failed: bool,
}

#[derive(Clone, Debug)]
struct Open {
    topic: Topic,
    publishers: BTreeSet<Gid>,
    since: Monotonic,
}

impl Sampler {
    /// One that may cost so many bytes a second; with 0 it listens to nothing.
    pub fn new(budget: f64) -> Self {
        Self {
            budget,
            topics: BTreeMap::new(),
            not_before: Monotonic::default(),
            open: None,
        }
    }

    /// These topics are wanted, with these publishers, and no others. Of the others everything is
    /// forgotten. Whether what is listened to now is not wanted any more.
    pub fn want(&mut self, wanted: BTreeMap<Topic, BTreeSet<Gid>>, now: Monotonic) -> bool {
        self.topics.retain(|topic, _| wanted.contains_key(topic));
        for (topic, publishers) in wanted {
            let known = self.topics.entry(topic).or_insert_with(|| Known {
                publishers: BTreeSet::new(),
                samples: Samples::default(),
                since: now,
                due: now,
                failed: false,
            });
            // A publisher that has come since is not left waiting, but others are before it.
            let came = publishers.difference(&known.publishers);
            if { came }.any(|publisher| !known.samples.knows(*publisher)) && !known.failed {
                known.due = known.due.min(now);
            }
            known.publishers = publishers;
        }
        let open = self.open.as_ref();
        open.is_some_and(|open| !self.topics.contains_key(&open.topic))
    }

    /// What to do now. After `Listen` the end of listening has to be told.
    pub fn next(&mut self, now: Monotonic) -> Turn {
        if self.open.is_some() || self.budget.is_nan() || self.budget <= 0.0 {
            return Turn::Nothing;
        }
        let due = self.topics.iter().filter(|(_, known)| known.due <= now);
        let Some((topic, known)) = due.min_by_key(|(_, known)| known.since) else {
            let next = self.topics.values().map(|known| known.due).min();
            return next.map_or(Turn::Nothing, |due| {
                Turn::NotBefore(due.max(self.not_before))
            });
        };
        if now < self.not_before {
            return Turn::NotBefore(self.not_before);
        }
        self.open = Some(Open {
            topic: topic.clone(),
            publishers: known.publishers.clone(),
            since: now,
        });
        let allotted = self.budget * AT_ONCE;
        // A number that is too large becomes the largest.
        Turn::Listen(topic.clone(), (allotted as u64).max(1))
    }

    /// Listening has ended; without a sample when it could not be listened.
    pub fn ended(&mut self, sample: Option<Sample>, now: Monotonic) {
        let Some(open) = self.open.take() else { return };
        let cost = sample.as_ref().map_or(0, |sample| sample.cost) as f64;
        let paid = Duration::try_from_secs_f64(cost / self.budget).unwrap_or(Duration::MAX);
        self.not_before = (now + PAUSE).max(open.since + paid);
        let Some(known) = self.topics.get_mut(&open.topic) else {
            return;
        };
        known.since = now;
        known.failed = sample.is_none();
        known.due = now + if known.failed { AFTER_FAILURE } else { REST };
        match sample {
            Some(sample) => {
                known.samples.add(sample, open.publishers);
                let mut there = known.publishers.iter();
                if there.any(|publisher| !known.samples.knows(*publisher)) {
                    known.due = now;
                }
            }
            None => known.samples = Samples::default(),
        }
    }

    /// What is known of each topic that is wanted.
    pub fn rates(&self) -> BTreeMap<Topic, TopicRate> {
        let known = self.topics.iter();
        known
            .filter_map(|(topic, known)| Some((topic.clone(), known.samples.rate()?)))
            .collect()
    }
}
