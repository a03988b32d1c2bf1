//! Whether an action server of a container has a goal under way.
//!
//! Servers say which goals they have whenever that changes, and to everyone who comes later once more.
//! One that never had a goal says nothing, so silence counts as «none» after a while.

use std::collections::BTreeMap;
use std::time::Duration;

use super::goal_status::Goal;
use super::rules::{Own, Whose};
use super::{Durability, Gid, Reliability, status_topic};
use crate::domain::time::Monotonic;

/// How long it takes until what is on the graph has been heard of, at most; and until a server has
/// said again to a newcomer how its goals are. Much longer than usual: a machine may be busy, and a
/// goal that was not heard of would be interrupted.
const SETTLED_AFTER: Duration = Duration::from_secs(5);
/// How long after its end a goal's client has to fetch its result.
const RESULT_AFTER: Duration = Duration::from_secs(1);
/// Of how many servers is remembered what they said; no action has so many.
const KNOWN: usize = 256;

/// What there is to say of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No goal is under way.
    Idle,
    /// So many goals are.
    Busy(usize),
    /// Nothing can be said before this moment, unless the graph changes or somebody says something.
    NotBefore(Monotonic),
    /// The server does not tell it to those who come later.
    Untold,
}

/// What the servers of an action have said.
#[derive(Debug)]
pub struct Statuses {
    begun: Monotonic,
    said: BTreeMap<Gid, Said>,
    /// When a goal was last said to be under way that is not any more.
    ended: Option<Monotonic>,
}

/// What a server has said last.
#[derive(Clone, Copy, Debug)]
struct Said {
    under_way: usize,
    at: Monotonic,
    /// It is in the view, or was.
    seen: bool,
}

impl Statuses {
    /// Listens since now.
    pub fn new(now: Monotonic) -> Self {
        Self {
            begun: now,
            said: BTreeMap::new(),
            ended: None,
        }
    }

    /// A server has said which goals it has.
    pub fn note(&mut self, from: Gid, goals: &[Goal], now: Monotonic) {
        if self.said.len() >= KNOWN && !self.said.contains_key(&from) {
            return;
        }
        let goals = goals.iter().filter(|goal| goal.status.is_under_way());
        let under_way = goals.count();
        let before = self.said.get(&from).copied();
        let said = Said {
            under_way,
            at: now,
            seen: before.is_some_and(|before| before.seen),
        };
        self.said.insert(from, said);
        if before.is_some_and(|before| before.under_way > under_way) {
            self.ended = Some(now);
        }
    }

    /// What the container's servers of an action have under way.
    pub fn verdict(&mut self, action: &str, own: Own<'_>) -> Verdict {
        let topic = own.view.topics.get(status_topic(action).as_str());
        let servers = topic.map_or(&[][..], |ends| &ends.offering);
        // Who has gone has nothing under way any more, but a server can be heard before it is in the
        // view, and does not say it again. Of whom the middleware does not tell which endpoint it is,
        // that is not known as long as any server is there.
        let mut wait = own.view.begun + SETTLED_AFTER;
        self.said.retain(|gid, said| {
            let is_there = match gid.is_an_endpoints() {
                true => servers.iter().any(|server| server.gid == *gid),
                false => !servers.is_empty(),
            };
            said.seen |= is_there;
            let is_new = !said.seen && own.now < said.at + SETTLED_AFTER;
            if is_new && said.under_way > 0 {
                wait = wait.max(said.at + SETTLED_AFTER);
            }
            is_there || is_new
        });
        if let Some(ended) = self.ended {
            wait = wait.max(ended + RESULT_AFTER);
        }
        let (mut busy, mut untold) = (0, false);
        let mut has_own = false;
        for server in servers {
            match own.whose(server) {
                Whose::Foreign => continue,
                Whose::NotKnownBefore(moment) => {
                    wait = wait.max(moment);
                    continue;
                }
                Whose::Own => has_own = true,
            }
            match self.said.get(&server.gid) {
                Some(said) => busy += said.under_way,
                None if server.reliability == Reliability::BestEffort
                    || server.durability == Durability::Volatile =>
                {
                    untold = true;
                }
                None => wait = wait.max(self.begun.max(server.first_seen) + SETTLED_AFTER),
            }
        }
        let nameless = self.said.iter().filter(|(g, _)| !g.is_an_endpoints());
        if has_own {
            busy += nameless.map(|(_, said)| said.under_way).sum::<usize>();
        }
        match busy {
            0 if own.now < wait => Verdict::NotBefore(wait),
            0 if untold => Verdict::Untold,
            0 => Verdict::Idle,
            number => Verdict::Busy(number),
        }
    }
}

#[cfg(test)]
#[path = "idle_tests.rs"]
mod tests;
