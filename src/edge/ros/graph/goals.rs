//! Listens to action servers, and tells when they have no goal under way.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::observer::Command;
use super::rcl::{MessageType, Node, RclError, Subscription, Waitable, Wanted};
use super::{ANSWER_WITHIN, Gone, GraphClient};
use crate::domain::graph::idle::{Statuses, Verdict};
use crate::domain::graph::rules::Own;
use crate::domain::graph::{Gid, GraphView, goal_status, status_topic};
use crate::domain::probe::Whereabouts;
use crate::domain::time::Monotonic;

/// What action servers say of their goals.
const TYPE: &str = "action_msgs/msg/GoalStatusArray";
/// How long an action is listened to after the last question, so that the next one is answered at once.
const KEPT: Duration = Duration::from_secs(30);
/// How many messages are taken before anything else is looked at.
const AT_ONCE: usize = 64;

/// The question when an action has no goal under way.
pub struct WaitIdle {
    /// The action.
    pub action: String,
    /// Whose servers.
    pub at: Whereabouts,
    /// How long it is waited for.
    pub until: Monotonic,
    /// Gets the answer; in words, when it is a no.
    pub reply: oneshot::Sender<Result<(), String>>,
}

impl GraphClient {
    /// Waits until no goal of an action of a container is accepted, executed or being cancelled. Where
    /// the container serves no such action, nothing is under way; that is said once it is certain.
    ///
    /// # Errors
    /// In words, when goals are still under way after `patience`, or when it cannot be known.
    pub async fn wait_idle(
        &self,
        action: &str,
        at: &Whereabouts,
        patience: Duration,
    ) -> Result<(), String> {
        let unseen = || {
            format!(
                "it cannot be known whether goals of action {action} are under way: the ROS graph cannot be seen"
            )
        };
        let link = self.link(at.domain).map_err(|Gone| unseen())?;
        let (reply, answer) = oneshot::channel();
        let wait = WaitIdle {
            action: action.to_owned(),
            at: at.clone(),
            until: (self.0.clock)() + patience,
            reply,
        };
        let within = patience.saturating_add(ANSWER_WITHIN);
        let asked = link.ask_within(Command::WaitIdle(wait), answer, within);
        asked.await.unwrap_or_else(|Gone| Err(unseen()))
    }
}

/// All actions of a domain that are listened to.
pub struct Goals {
    node: Rc<Node>,
    actions: HashMap<String, Action>,
    /// Each with the moment when it has to be looked at again.
    waiting: Vec<(Monotonic, WaitIdle)>,
}

struct Action {
    subscription: Subscription,
    statuses: Statuses,
    asked: Monotonic,
}

impl Goals {
    /// Through this node; of no action yet.
    pub fn new(node: Rc<Node>) -> Self {
        Self {
            node,
            actions: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Begins to listen, if need be. The answer comes by `step`.
    pub fn wait(&mut self, wait: WaitIdle, now: Monotonic) {
        match self.listen(&wait.action, now) {
            Ok(()) => self.waiting.push((now, wait)),
            Err(why) => {
                let why = unknown(&wait.action, &why);
                let _ = wait.reply.send(Err(why));
            }
        }
    }

    fn listen(&mut self, action: &str, now: Monotonic) -> Result<(), String> {
        if self.actions.contains_key(action) {
            return Ok(());
        }
        let of = MessageType::load(TYPE).map_err(|error| error.to_string())?;
        let topic = status_topic(action);
        let subscription = Subscription::new(&self.node, &topic, &of, Wanted::Kept)
            .map_err(|error| error.to_string())?;
        let listened = Action {
            subscription,
            statuses: Statuses::new(now),
            asked: now,
        };
        self.actions.insert(action.to_owned(), listened);
        Ok(())
    }

    /// Takes what has arrived, answers what can be answered, and lets go of what nobody asks about.
    pub fn step(&mut self, view: &GraphView, now: Monotonic) {
        for (name, action) in &mut self.actions {
            if let Err(error) = action.take(now) {
                tracing::debug!("status of action {name}: {error}");
            }
        }
        self.waiting = std::mem::take(&mut self.waiting)
            .into_iter()
            .filter_map(|(_, wait)| {
                if wait.reply.is_closed() {
                    return None;
                }
                // Dropping the question says that it was not asked.
                let action = self.actions.get_mut(&wait.action)?;
                action.asked = now;
                answer(wait, action, view, now)
            })
            .collect();
        self.actions
            .retain(|_, action| now.since(action.asked) < KEPT);
    }

    /// Whether somebody waits for an answer.
    pub fn are_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When `step` has to be done next, even if nothing arrives.
    pub fn due(&self) -> Option<Monotonic> {
        let answers = self.waiting.iter().map(|(due, _)| *due);
        let ends = self.actions.values().map(|action| action.asked + KEPT);
        answers.chain(ends).min()
    }

    /// For the wait set.
    pub fn waitables(&self) -> impl Iterator<Item = Waitable<'_>> {
        let subscriptions = self.actions.values().map(|action| &action.subscription);
        subscriptions.map(Waitable::Subscription)
    }
}

impl Action {
    fn take(&mut self, now: Monotonic) -> Result<(), RclError> {
        for _ in 0..AT_ONCE {
            let Some(message) = self.subscription.take()? else {
                return Ok(());
            };
            // Another kind of message says nothing about goals.
            if let Some(goals) = goal_status::read(message.bytes) {
                self.statuses.note(Gid(message.from), &goals, now);
            }
        }
        Ok(())
    }
}

/// Answers, or says when it has to be looked at again.
fn answer(
    wait: WaitIdle,
    action: &mut Action,
    view: &GraphView,
    now: Monotonic,
) -> Option<(Monotonic, WaitIdle)> {
    let name = &wait.action;
    let own = Own {
        view,
        at: &wait.at,
        now,
    };
    let answer = match action.statuses.verdict(name, own) {
        Verdict::Idle => Ok(()),
        Verdict::Untold => {
            let why = "its server does not say it to those who come later";
            Err(unknown(name, why))
        }
        Verdict::Busy(_) if now < wait.until => return Some((wait.until, wait)),
        Verdict::NotBefore(due) if now < wait.until => return Some((due.min(wait.until), wait)),
        Verdict::Busy(1) => Err(format!("a goal of action {name} is still under way")),
        Verdict::Busy(number) => Err(format!(
            "{number} goals of action {name} are still under way"
        )),
        Verdict::NotBefore(_) => Err(unknown(name, "there was no time to hear of it")),
    };
    let _ = wait.reply.send(answer);
    None
}

fn unknown(action: &str, why: &str) -> String {
    format!("it cannot be known whether goals of action {action} are under way: {why}")
}
