//! Publishers that are only thought of are listened to, case by case and by a property.
#![allow(clippy::unwrap_used)]

mod cases;
mod property;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::domain::time::Monotonic;

pub const A: Gid = Gid([1; 16]);
pub const B: Gid = Gid([2; 16]);
/// A publisher as Cyclone DDS tells it.
pub const UNNAMED: Gid = Gid([3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0]);

pub fn at(seconds: f64) -> Monotonic {
    Monotonic(Duration::from_secs_f64(seconds))
}

pub fn topic(number: usize) -> Topic {
    Topic {
        domain: 0,
        name: format!("/topic_{number}"),
        type_name: "std_msgs/msg/String".to_owned(),
    }
}

/// Publishes a message of `bytes` each `period`, the first at `phase` of one.
#[derive(Clone, Debug)]
pub struct Publisher {
    pub gid: Gid,
    pub period: f64,
    pub phase: f64,
    pub bytes: usize,
}

impl Publisher {
    pub fn new(gid: Gid, rate: f64, bytes: usize) -> Self {
        Self {
            gid,
            period: 1.0 / rate,
            phase: 0.0,
            bytes,
        }
    }

    /// The first message after a moment: number and time.
    pub fn after(&self, moment: f64) -> (u64, f64) {
        let number = (moment / self.period - self.phase + 1e-6).floor() + 1.0;
        (number.max(0.0) as u64, (number + self.phase) * self.period)
    }
}

/// Listens to publishers from a moment on; when it ended and what came of it.
pub fn listen(publishers: &[Publisher], opened: f64, allotted: u64) -> (f64, Sample) {
    let mut window = Window::new(at(opened), allotted, 1);
    let mut now = opened;
    loop {
        let next = publishers.iter().map(|it| (it.after(now), it));
        let next = next.min_by(|(a, _), (b, _)| a.1.total_cmp(&b.1));
        let closes = window.closes_at();
        match next {
            Some(((number, moment), it)) if at(moment) < closes => {
                now = moment;
                window.note(it.gid, it.bytes, Some(number), at(now));
            }
            _ => now = closes.0.as_secs_f64(),
        }
        if window.is_over(at(now)) {
            return (now, window.close(at(now)));
        }
    }
}

pub fn wanted(topics: &[Vec<Publisher>]) -> BTreeMap<Topic, BTreeSet<Gid>> {
    let gids = |it: &Vec<Publisher>| it.iter().map(|publisher| publisher.gid).collect();
    topics
        .iter()
        .enumerate()
        .map(|(number, it)| (topic(number), gids(it)))
        .collect()
}

/// How long it was listened to which topic, and what it cost.
pub struct Turned {
    pub from: f64,
    pub to: f64,
    pub topic: usize,
    pub cost: u64,
}

/// Has these topics measured for a time.
pub fn run(topics: &[Vec<Publisher>], budget: f64, until: f64) -> (Sampler, Vec<Turned>) {
    let mut sampler = Sampler::new(budget);
    let mut turns = Vec::new();
    let mut now = 0.0;
    sampler.want(wanted(topics), at(now));
    while now < until {
        match sampler.next(at(now)) {
            Turn::Nothing => break,
            Turn::NotBefore(due) => {
                assert!(due > at(now), "it is asked again at once");
                // Nanoseconds are cut off by the way.
                now = due.0.as_secs_f64() + 1e-6;
            }
            Turn::Listen(topic, allotted) => {
                let all = 0..topics.len();
                let number = { all }.find(|it| self::topic(*it) == topic).unwrap();
                let (to, sample) = listen(&topics[number], now, allotted);
                turns.push(Turned {
                    from: now,
                    to,
                    topic: number,
                    cost: sample.cost,
                });
                sampler.ended(Some(sample), at(to));
                now = to;
            }
        }
    }
    (sampler, turns)
}

pub fn rate(topics: &[Vec<Publisher>], number: usize, until: f64) -> Rate {
    let (sampler, _) = run(topics, 1e6, until);
    let publishers = topics[number].iter().map(|it| it.gid);
    sampler.rates()[&topic(number)]
        .of(publishers, true)
        .unwrap()
}

pub fn close(found: f64, right: f64, within: f64) {
    assert!(
        (found - right).abs() <= within * right,
        "{found} instead of {right}"
    );
}
