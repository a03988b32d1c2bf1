//! Subscriptions that only count what arrives.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::rcl::{MessageType, Node, Subscription, Waitable, Wanted};
use crate::domain::graph::rate::{Meter, Verdict};
use crate::domain::graph::rules::Own;
use crate::domain::graph::{Gid, GraphView};
use crate::domain::probe::Whereabouts;
use crate::domain::time::Monotonic;

/// How long a topic is listened to after the last question, so that the next one is answered at once.
const KEPT: Duration = Duration::from_secs(30);
/// How many messages are taken before anything else is looked at.
const AT_ONCE: usize = 256;

/// The question whether messages arrive often enough.
pub struct Measure {
    /// The topic.
    pub topic: String,
    /// The type of its messages.
    pub type_name: String,
    /// Messages a second.
    pub min_rate: f64,
    /// Whose messages.
    pub at: Whereabouts,
    /// Gets the answer; in words, when they do not.
    pub reply: oneshot::Sender<Result<(), String>>,
}

/// All topics of a domain that are listened to.
pub struct Listening {
    node: Rc<Node>,
    topics: HashMap<String, Topic>,
    waiting: Vec<(Monotonic, Measure)>,
}

struct Topic {
    subscription: Subscription,
    type_name: String,
    meter: Meter,
    asked: Monotonic,
}

impl Listening {
    /// Through this node; to nothing yet.
    pub fn new(node: Rc<Node>) -> Self {
        Self {
            node,
            topics: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Begins to listen, if need be. The answer comes by `step`.
    pub fn measure(&mut self, measure: Measure, now: Monotonic) {
        match self.listen(&measure, now) {
            Ok(()) => self.waiting.push((now, measure)),
            Err(why) => {
                let topic = &measure.topic;
                let why = format!("the rate of {topic} cannot be measured, because {why}");
                let _ = measure.reply.send(Err(why));
            }
        }
    }

    fn listen(&mut self, measure: &Measure, now: Monotonic) -> Result<(), String> {
        if let Some(topic) = self.topics.get_mut(&measure.topic)
            && topic.type_name == measure.type_name
        {
            topic.asked = now;
            return Ok(());
        }
        let of = MessageType::load(&measure.type_name).map_err(|error| error.to_string())?;
        let subscription = Subscription::new(&self.node, &measure.topic, &of, Wanted::New)
            .map_err(|error| error.to_string())?;
        let topic = Topic {
            subscription,
            type_name: measure.type_name.clone(),
            meter: Meter::new(now),
            asked: now,
        };
        self.topics.insert(measure.topic.clone(), topic);
        Ok(())
    }

    /// Takes what has arrived, answers what can be answered, and lets go of what nobody asks about.
    pub fn step(&mut self, view: &GraphView, now: Monotonic) {
        for topic in self.topics.values_mut() {
            topic.take(now);
        }
        let topics = &self.topics;
        self.waiting = std::mem::take(&mut self.waiting)
            .into_iter()
            .filter_map(|(due, measure)| {
                if due > now {
                    return (!measure.reply.is_closed()).then_some((due, measure));
                }
                // Dropping the question says that it was not asked.
                let topic = topics.get(&measure.topic)?;
                answer(measure, topic, view, now)
            })
            .collect();
        self.topics.retain(|_, topic| now.since(topic.asked) < KEPT);
    }

    /// When `step` has to be done next, even if nothing arrives.
    pub fn due(&self) -> Option<Monotonic> {
        let answers = self.waiting.iter().map(|(due, _)| *due);
        let ends = self.topics.values().map(|topic| topic.asked + KEPT);
        answers.chain(ends).min()
    }

    /// For the wait set.
    pub fn waitables(&self) -> impl Iterator<Item = Waitable<'_>> {
        let subscriptions = self.topics.values().map(|topic| &topic.subscription);
        subscriptions.map(Waitable::Subscription)
    }
}

impl Topic {
    fn take(&mut self, now: Monotonic) {
        for _ in 0..AT_ONCE {
            match self.subscription.take() {
                Ok(Some(message)) => self.meter.note(Gid(message.from), now),
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!("{error}");
                    return;
                }
            }
        }
    }
}

/// Answers, or says when it can be answered.
fn answer(
    measure: Measure,
    topic: &Topic,
    view: &GraphView,
    now: Monotonic,
) -> Option<(Monotonic, Measure)> {
    let publishers = view.topics.get(measure.topic.as_str());
    let eyes = Own {
        view,
        at: &measure.at,
        now,
    };
    let own: Vec<_> = publishers
        .map_or(&[][..], |ends| &ends.offering)
        .iter()
        .filter(|publisher| eyes.is_own(publisher))
        .collect();
    let since = own.iter().map(|publisher| publisher.first_seen).min();
    let is_own = |gid: Gid| own.iter().any(|publisher| publisher.gid == gid);
    let counts = |gid: Gid| is_own(gid) || !gid.is_an_endpoints();
    let meter = &topic.meter;
    let answer = match meter.verdict(measure.min_rate, now, since.unwrap_or_default(), counts) {
        Verdict::NotBefore(due) => return Some((due, measure)),
        Verdict::Enough => Ok(()),
        Verdict::TooFew(number, time) => Err(format!(
            "topic {}: {number} messages in {:.1} s are less than {} a second",
            measure.topic,
            time.as_secs_f64(),
            measure.min_rate
        )),
    };
    let _ = measure.reply.send(answer);
    None
}
