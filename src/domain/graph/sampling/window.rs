//! What is heard on one topic in a moment of listening.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Gid;
use crate::domain::time::Monotonic;

/// How long is listened after the first message, when messages come often.
const LISTENED: Duration = Duration::from_secs(1);
/// How many messages are waited for; fewer say little about how often they come.
const ENOUGH: u64 = 5;
/// How long is listened at most.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many messages are heard even when they cost more than what was allotted: with fewer of them
/// nothing could be said at all.
pub(super) const AT_LEAST: u64 = 3;
/// What a message costs beside its bytes: the headers of RTPS, UDP and IP.
const HEADERS: u64 = 128;
/// A datagram is sent in pieces, each with headers again; the share of these.
const PIECES: u64 = 32;
/// More messages than this are not taken for missed: then the numbers do not mean what they should.
const MOST_MISSED: u64 = 100_000;

/// A moment of listening to a topic.
#[derive(Clone, Debug)]
pub struct Window {
    opened: Monotonic,
    allotted: u64,
    copies: u64,
    first: Option<Monotonic>,
    last: Monotonic,
    messages: u64,
    cost: u64,
    publishers: BTreeMap<Gid, Publisher>,
}

#[derive(Clone, Copy, Debug)]
struct Publisher {
    heard: Heard,
    first: Monotonic,
    last: Monotonic,
    number: Option<u64>,
}

/// What was heard of one publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heard {
    /// How many messages.
    pub messages: u64,
    /// How large they were together.
    pub bytes: u64,
    /// From its first to its last message.
    pub span: Duration,
}

/// What came of a moment of listening.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// How long was listened.
    pub listened: Duration,
    /// How many bytes were sent because of it, headers included.
    pub cost: u64,
    /// Who was heard. Some middleware does not tell; see [`Gid::is_an_endpoints`].
    pub publishers: BTreeMap<Gid, Heard>,
}

impl Window {
    /// Listens from now on, until about so many bytes were sent because of it. Publishers send so many
    /// copies of each message: one to each address at which the listener says that it is.
    pub fn new(opened: Monotonic, allotted: u64, copies: usize) -> Self {
        Self {
            opened,
            allotted,
            copies: u64::try_from(copies).unwrap_or(u64::MAX).max(1),
            first: None,
            last: opened,
            messages: 0,
            cost: 0,
            publishers: BTreeMap::new(),
        }
    }

    /// A message of so many bytes has arrived. Publishers count theirs: what is missing between two
    /// numbers was sent as well, and did not reach us.
    pub fn note(&mut self, from: Gid, bytes: usize, number: Option<u64>, now: Monotonic) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let known = self.publishers.get(&from);
        let before = known.and_then(|publisher| publisher.number);
        let missed = match (before, number) {
            (Some(before), Some(number)) => number.saturating_sub(before).saturating_sub(1),
            _ => 0,
        };
        let missed = if missed > MOST_MISSED { 0 } else { missed };
        let messages = 1 + missed;
        let cost = bytes.saturating_add(bytes / PIECES).saturating_add(HEADERS);
        let cost = cost.saturating_mul(self.copies);
        self.first.get_or_insert(now);
        self.last = now;
        self.messages = self.messages.saturating_add(messages);
        self.cost = self.cost.saturating_add(cost.saturating_mul(messages));
        let publisher = self.publishers.entry(from).or_insert(Publisher {
            heard: Heard::default(),
            first: now,
            last: now,
            number,
        });
        let heard = &mut publisher.heard;
        heard.messages = heard.messages.saturating_add(messages);
        heard.bytes = heard.bytes.saturating_add(bytes.saturating_mul(messages));
        publisher.last = now;
        publisher.number = number;
    }

    /// Whether enough was heard.
    pub fn is_over(&self, now: Monotonic) -> bool {
        self.is_used_up() || self.closes_at() <= now
    }

    /// Whether it has cost what was allotted.
    fn is_used_up(&self) -> bool {
        self.cost >= self.allotted && self.messages >= AT_LEAST
    }

    /// When enough will have been heard, if nothing else arrives until then.
    pub fn closes_at(&self) -> Monotonic {
        let patience = self.opened + PATIENCE;
        match self.first {
            Some(first) if self.messages >= ENOUGH => patience.min(first + LISTENED),
            _ => patience,
        }
    }

    /// What came of it.
    pub fn close(self, now: Monotonic) -> Sample {
        // A subscription needs a moment until publishers know of it. Where little time was listened
        // that matters, and time counts from what arrived first; of the intervals between messages
        // there is one less than messages.
        let between = self
            .first
            .map_or(Duration::ZERO, |first| self.last.since(first));
        let listened = if self.is_used_up() && !between.is_zero() {
            let messages = self.messages as f64;
            between.mul_f64(messages / (messages - 1.0))
        } else {
            now.since(self.opened)
        };
        let heard = |(gid, it): (&Gid, &Publisher)| {
            let span = it.last.since(it.first);
            (*gid, Heard { span, ..it.heard })
        };
        Sample {
            listened,
            cost: self.cost,
            publishers: self.publishers.iter().map(heard).collect(),
        }
    }
}
