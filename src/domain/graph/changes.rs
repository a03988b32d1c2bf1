//! What of a graph has to be read again after it has changed.
//!
//! The middleware says that something has changed, but not what; and to read all of a graph takes a
//! time that grows with its square. Participants tell each other which readers and writers their nodes
//! have, though (`discovery_info.rs`). So only those are looked for that were told and are not in the
//! view yet, and only those places are read again where something is that nobody tells of. What cannot
//! be explained in this way, or not within a moment, is found by reading everything, as is what
//! somebody may have who does not tell at all.
//!
//! The settled view is the same as that of one who reads everything each time; `changes_tests.rs`
//! compares them.

#[path = "search.rs"]
mod search;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::discovery_info::{self, DiscoveryInfo};
use super::draft::Draft;
use super::entities::{Difference, End, Entities, NodeId, Place};
use super::{Endpoint, Ends, Gid, GraphView, ParticipantId, Participants};
use crate::domain::time::Monotonic;
use search::Reader;

/// How long it may take until what is told and what is found are the same.
const MOMENT: Duration = Duration::from_millis(500);
/// How long it may take from a participant's announcement until it tells of its nodes.
const TELLS_WITHIN: Duration = Duration::from_secs(3);
/// How much more time at least than reading everything takes lies before it is done again.
const REST: u32 = 9;
/// The same for a reading that only confirms.
const CONFIRMING: u32 = 200;
/// How much time lies between them at least.
const CONFIRM_AFTER: Duration = Duration::from_secs(30);

/// How many places may be read at once in any case.
const LEAST_READS: usize = 32;

/// What a look has shown.
#[derive(Debug)]
pub enum Look {
    /// Nothing that is in the view.
    Same,
    /// The view is another one.
    Changed(GraphView),
    /// Everything has to be read.
    ReadAll,
}

/// What the middleware can be asked.
pub trait Graph {
    /// How it refuses.
    type Error;

    /// The participants that can tell of their nodes now.
    ///
    /// # Errors
    /// When the middleware refuses.
    fn tellers(&self) -> Result<BTreeSet<ParticipantId>, Self::Error>;

    /// Where a node has endpoints; of several of the same name, where any one has.
    ///
    /// # Errors
    /// When the middleware refuses.
    fn places(&self, node: &str) -> Result<Vec<(End, String)>, Self::Error>;

    /// The endpoints at a place.
    ///
    /// # Errors
    /// When the middleware refuses.
    fn endpoints(&self, end: End, name: &str) -> Result<Vec<Endpoint>, Self::Error>;
}

/// What a look is about.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The view before it.
    pub before: &'a GraphView,
    /// The names of all nodes that the middleware knows now, each as often as it does.
    pub nodes: &'a BTreeMap<String, Vec<Monotonic>>,
    /// The present.
    pub now: Monotonic,
}

/// Follows the changes of a graph.
#[derive(Debug)]
pub struct Changes {
    entities: Entities,
    /// Where everything is that is in the view.
    found: HashMap<Gid, Place>,
    /// What is in the view and belongs to nobody's node, as far as is told.
    untold: BTreeSet<Gid>,
    /// What is in the view and belongs to a node of another name, or did.
    renamed: BTreeSet<Gid>,
    /// Nodes of which not all may have been found.
    open: BTreeSet<NodeId>,
    /// Participants that have told, and were there while they did.
    seen: BTreeSet<ParticipantId>,
    /// Participants that have announced themselves and never told, and since when that is known.
    silent: BTreeMap<ParticipantId, Monotonic>,
    /// Participants that have told, announced themselves, and are gone.
    past: HashSet<ParticipantId>,
    unsettled_since: Option<Monotonic>,
    /// Everything is to be read as soon as it may be.
    overdue: bool,
    /// Something cannot be followed at all.
    lost: bool,
    last: Option<Reading>,
}

/// A reading of everything.
#[derive(Clone, Copy, Debug)]
struct Reading {
    end: Monotonic,
    took: Duration,
    /// Something has changed since.
    is_old: bool,
}

impl Reading {
    /// When the next one may be done.
    fn next(&self) -> Monotonic {
        self.end + self.took * REST
    }

    /// When one is to be done that only confirms.
    fn confirmed_at(&self) -> Monotonic {
        self.end + CONFIRM_AFTER.max(self.took * CONFIRMING)
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new(true)
    }
}

impl Changes {
    /// Nothing is known yet. Unless participants can be heard, everything is read each time.
    pub fn new(participants_are_heard: bool) -> Self {
        Self {
            entities: Entities::default(),
            found: HashMap::new(),
            untold: BTreeSet::new(),
            renamed: BTreeSet::new(),
            open: BTreeSet::new(),
            seen: BTreeSet::new(),
            silent: BTreeMap::new(),
            past: HashSet::new(),
            unsettled_since: None,
            overdue: false,
            lost: !participants_are_heard,
            last: None,
        }
    }

    /// The view is not what it was: everything has to be read.
    pub fn begin_anew(&mut self) {
        self.last = None;
    }

    /// Takes what a participant tells of its nodes.
    pub fn hear(&mut self, from: Gid, message: &[u8]) {
        match discovery_info::read(message) {
            Some(info) => self.take(info),
            // What it has told before may not be true any more.
            None => {
                let difference = self.entities.forget(from.participant());
                self.note(difference);
            }
        }
    }

    /// As `hear`, when it has been read.
    pub fn take(&mut self, info: DiscoveryInfo) {
        self.silent.remove(&info.participant);
        self.past.remove(&info.participant);
        let difference = self.entities.hear(info);
        self.lost |= self.entities.overflow;
        self.note(difference);
    }

    fn note(&mut self, difference: Difference) {
        self.open.extend(difference.nodes);
        for gid in difference.owned {
            self.untold.remove(&gid);
            if self.found.contains_key(&gid) {
                self.renamed.insert(gid);
            }
        }
        let disowned = difference.disowned.into_iter();
        let found = disowned.filter(|gid| self.found.contains_key(gid));
        self.untold.extend(found);
    }

    /// Takes who has announced itself.
    pub fn announced(&mut self, participants: &Participants, now: Monotonic) {
        let is_here = |id: &ParticipantId| participants.contains_key(id);
        self.silent.retain(|id, _| is_here(id));
        self.past.retain(is_here);
        for id in participants.keys() {
            if !self.entities.knows(*id) && !self.past.contains(id) {
                self.silent.entry(*id).or_insert(now);
            }
        }
    }

    /// When there is something to look at, even if nothing changes.
    pub fn due(&self) -> Option<Monotonic> {
        let last = self.last?;
        let overdue = self.overdue.then_some(last.end);
        let due = match self.lost {
            true => overdue,
            false => {
                let unsettled = self.unsettled_since.map(|since| since + MOMENT);
                let silent = self.silent.values().map(|since| *since + TELLS_WITHIN);
                // What was due before the last reading is done with it.
                let due = silent.chain(unsettled).filter(|due| *due > last.end);
                let confirm = last.is_old.then_some(last.confirmed_at());
                due.chain(confirm).chain(overdue).min()
            }
        };
        due.map(|due| due.max(last.next()))
    }

    /// Whether only reading everything shows what has changed.
    fn must_read_all(&self, now: Monotonic) -> bool {
        let over = |since: &Monotonic, within| *since + within <= now;
        let Some(last) = self.last.filter(|_| !self.lost) else {
            return true;
        };
        self.overdue
            || !self.entities.are_complete()
            || self.unsettled_since.is_some_and(|it| over(&it, MOMENT))
            || self.silent.values().any(|it| over(it, TELLS_WITHIN))
            || (last.is_old && last.confirmed_at() <= now)
    }

    /// What has changed, with nothing read but what has to be. While everything may not be read again
    /// yet, what can be found without it is found.
    ///
    /// # Errors
    /// When the middleware refuses.
    pub fn look<G: Graph>(&mut self, graph: &G, moment: Moment<'_>) -> Result<Look, G::Error> {
        let may_read_all = self.last.is_none_or(|last| last.next() <= moment.now);
        if self.must_read_all(moment.now) && may_read_all {
            return Ok(Look::ReadAll);
        }
        self.overdue = self.lost;
        if self.lost {
            return Ok(Look::Same);
        }
        if let Some(last) = &mut self.last {
            last.is_old = true;
        }
        let mut draft = Draft::new(moment.before, moment.now);
        draft.set_nodes(moment.nodes);
        let nodes_fit = self.compare_nodes(graph, moment.nodes, &mut draft)?;
        for gid in std::mem::take(&mut self.renamed) {
            if let (Some(place), Some(owner)) = (self.found.get(&gid), self.entities.owner(gid)) {
                draft.rename(place, gid, owner);
            }
        }
        let untold = self.untold.iter().filter_map(|gid| self.found.get(gid));
        let untold: BTreeSet<Place> = untold.cloned().collect();
        // With more, nothing is saved.
        let places = moment.before.topics.len() + moment.before.services.len();
        let left = match may_read_all {
            true => places / 2 + LEAST_READS,
            false => usize::MAX,
        };
        let mut reader = Reader { graph, left };
        for place in untold {
            if !self.read(&mut reader, &place, &mut draft)? {
                return Ok(Look::ReadAll);
            }
        }
        for node in std::mem::take(&mut self.open) {
            if self.find(&mut reader, &node, &mut draft)? {
                continue;
            }
            if may_read_all {
                return Ok(Look::ReadAll);
            }
            self.overdue = true;
            self.open.insert(node);
        }
        self.settle(nodes_fit, moment.now);
        self.overdue |= self.must_read_all(moment.now);
        Ok(draft.into_view().map_or(Look::Same, Look::Changed))
    }

    /// Takes a view for which everything was read.
    ///
    /// # Errors
    /// When the middleware refuses.
    pub fn has_read_all<G: Graph>(
        &mut self,
        graph: &G,
        view: &mut GraphView,
        (begin, end): (Monotonic, Monotonic),
    ) -> Result<(), G::Error> {
        let nodes_fit = {
            let nothing = GraphView::default();
            self.compare_nodes(graph, &view.nodes, &mut Draft::new(&nothing, end))?
        };
        self.found.clear();
        self.untold.clear();
        self.renamed.clear();
        for (kind, all) in [(true, &mut view.topics), (false, &mut view.services)] {
            for (name, ends) in all {
                self.index(kind, name, ends);
            }
        }
        let listeners: Place = (End::Listeners, Arc::from(discovery_info::TOPIC));
        for listener in graph.endpoints(listeners.0, &listeners.1)? {
            self.found.insert(listener.gid, listeners.clone());
        }
        let nodes = self.entities.nodes();
        let is_open = |node: &NodeId| !self.entities.missing(node, &self.found).is_nothing();
        self.open = nodes.filter(is_open).collect();
        self.last = Some(Reading {
            end,
            took: end.since(begin),
            is_old: false,
        });
        self.overdue = false;
        self.settle(nodes_fit, end);
        Ok(())
    }

    /// Notes where everything of a topic or service is, and which node's it is.
    fn index(&mut self, is_a_topic: bool, name: &Arc<str>, ends: &mut Arc<Ends>) {
        let sides = match is_a_topic {
            true => [End::Publishers, End::Subscriptions],
            false => [End::Servers, End::Clients],
        };
        let mut renamed = Vec::new();
        for (end, endpoints) in sides.into_iter().zip([&ends.offering, &ends.using]) {
            for endpoint in endpoints {
                self.found.insert(endpoint.gid, (end, Arc::clone(name)));
                match self.entities.owner(endpoint.gid) {
                    None => {
                        self.untold.insert(endpoint.gid);
                    }
                    // All ends of a node share its name.
                    Some(owner) if !is_shared(owner, endpoint.node.as_ref()) => {
                        renamed.push((endpoint.gid, owner.cloned()));
                    }
                    Some(_) => {}
                }
            }
        }
        for (gid, owner) in renamed {
            let ends = Arc::make_mut(ends);
            let mut all = ends.offering.iter_mut().chain(&mut ends.using);
            if let Some(endpoint) = all.find(|endpoint| endpoint.gid == gid) {
                endpoint.node = owner;
            }
        }
    }

    fn settle(&mut self, nodes_fit: bool, now: Monotonic) {
        let is_settled = nodes_fit && self.untold.is_empty() && self.open.is_empty();
        self.unsettled_since = match is_settled {
            true => None,
            false => self.unsettled_since.or(Some(now)),
        };
    }
}

fn is_shared(one: Option<&Arc<str>>, other: Option<&Arc<str>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
