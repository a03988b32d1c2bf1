//! Reads of a domain's graph what has changed, or all of it.

use std::rc::Rc;
use std::sync::Arc;

use super::Clock;
use super::rcl::{DiscoveryInfos, Node, RclError, Waker};
use super::read::{Asked, nodes, read};
use crate::domain::graph::changes::{Changes, Look, Moment};
use crate::domain::graph::{GraphView, Participants};
use crate::domain::time::Monotonic;

/// How many messages are taken before anything else is looked at.
const AT_ONCE: usize = 4096;

/// Follows a graph through a node.
pub struct Follow {
    changes: Changes,
    /// None when the middleware has nothing of that kind: then everything is read each time.
    infos: Option<DiscoveryInfos>,
    node: Rc<Node>,
    clock: Clock,
}

impl Follow {
    /// Nothing is read yet. `waker` is woken when participants tell of their nodes.
    pub fn new(node: &Rc<Node>, waker: &Waker, clock: Clock) -> Self {
        let infos = DiscoveryInfos::new(node, waker);
        if let Err(why) = &infos {
            tracing::info!("all of a ROS graph is read at each change, because {why}");
        }
        Self {
            changes: Changes::new(infos.is_ok()),
            infos: infos.ok(),
            node: Rc::clone(node),
            clock,
        }
    }

    /// Takes what participants have told; whether they have.
    pub fn hear(&mut self) -> bool {
        let Some(infos) = &mut self.infos else {
            return false;
        };
        for number in 0..AT_ONCE {
            match infos.take() {
                Ok(Some((from, message))) => self.changes.hear(from, message),
                Ok(None) => return number > 0,
                Err(error) => {
                    tracing::warn!("all of a ROS graph is read at each change, because {error}");
                    self.infos = None;
                    self.changes = Changes::new(false);
                    return true;
                }
            }
        }
        true
    }

    /// Takes who has announced itself.
    pub fn announced(&mut self, participants: &Participants, now: Monotonic) {
        self.changes.announced(participants, now);
    }

    /// When there is something to look at, even if nothing changes.
    pub fn due(&self) -> Option<Monotonic> {
        self.changes.due()
    }

    /// The graph as it is now; None when it is as it was before. With whether everything was read.
    pub fn look(
        &mut self,
        before: &GraphView,
        participants: &Arc<Participants>,
        now: Monotonic,
    ) -> Result<(Option<GraphView>, bool), RclError> {
        let looked = self.try_to_look(before, participants, now);
        if looked.is_err() {
            self.changes.begin_anew();
        }
        looked
    }

    fn try_to_look(
        &mut self,
        before: &GraphView,
        participants: &Arc<Participants>,
        now: Monotonic,
    ) -> Result<(Option<GraphView>, bool), RclError> {
        let asked = Asked {
            node: &self.node,
            now,
        };
        let nodes = nodes(&self.node, now)?;
        let moment = Moment {
            before,
            nodes: &nodes,
            now,
        };
        let look = self.changes.look(&asked, moment)?;
        let read_all = matches!(look, Look::ReadAll);
        let mut view = match look {
            Look::Changed(view) => view,
            Look::Same if before.participants == *participants => return Ok((None, false)),
            Look::Same => before.clone(),
            Look::ReadAll => {
                let view = read(&self.node, Arc::clone(participants), now)?;
                let mut view = view.after(before);
                let end = (self.clock)();
                self.changes.has_read_all(&asked, &mut view, (now, end))?;
                view
            }
        };
        view.participants = Arc::clone(participants);
        Ok((Some(view), read_all))
    }
}
