//! Which reader and writer belongs to which node, as participants tell (`discovery_info.rs`), beside
//! where in the graph each was found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::discovery_info::{DiscoveryInfo, NodeEntities};
use super::{Gid, ParticipantId};
use crate::domain::time::Monotonic;

/// How many participants are followed.
const PARTICIPANTS: usize = 4096;
/// How many readers and writers are followed, those of all participants together.
const ENTITIES: usize = 1 << 20;

/// An end of a topic or of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Publishers of a topic.
    Publishers,
    /// Subscriptions of a topic.
    Subscriptions,
    /// Servers of a service: those who read its requests.
    Servers,
    /// Clients of a service: those who write its requests.
    Clients,
    /// Those who read what participants tell of their nodes; not a part of the graph that is shown.
    Listeners,
}

impl End {
    /// Whether readers are there.
    pub fn reads(self) -> bool {
        matches!(self, Self::Subscriptions | Self::Servers | Self::Listeners)
    }

    /// Whether it is a topic's.
    pub fn is_a_topics(self) -> bool {
        matches!(self, Self::Publishers | Self::Subscriptions)
    }
}

/// Where an endpoint is: the name of a topic or service, and at which end of it.
pub type Place = (End, Arc<str>);

/// A node: in which participant, and its name.
pub type NodeId = (ParticipantId, Option<String>);

/// What participants have told.
#[derive(Debug, Default)]
pub struct Entities {
    participants: BTreeMap<ParticipantId, BTreeMap<Option<String>, Told>>,
    owners: HashMap<Gid, Option<Arc<str>>>,
    /// How many nodes have each name.
    names: BTreeMap<String, usize>,
    number: usize,
    /// Participants that have told of several nodes of one name. When the first of them ends, the middleware
    /// tells nothing any more of what the others have.
    ambiguous: BTreeSet<ParticipantId>,
    /// There is more than can be followed.
    pub overflow: bool,
}

/// All nodes of one name in one participant. The middleware does not tell them apart either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    nodes: usize,
    readers: Vec<Gid>,
    writers: Vec<Gid>,
}

/// What is different from what was told before.
#[derive(Debug, Default)]
pub struct Difference {
    /// Nodes that have other readers and writers.
    pub nodes: BTreeSet<NodeId>,
    /// Readers and writers that have a node now.
    pub owned: Vec<Gid>,
    /// Readers and writers that nobody tells of any more.
    pub disowned: Vec<Gid>,
}

/// What a node has beyond what was found of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Readers were not found.
    pub readers: bool,
    /// Writers were not found.
    pub writers: bool,
    /// It has less than it needs for what was found of it.
    pub less: bool,
}

impl Missing {
    /// Whether all is found.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl Entities {
    /// Takes what a participant tells.
    pub fn hear(&mut self, info: DiscoveryInfo) -> Difference {
        let mut told: BTreeMap<Option<String>, Told> = BTreeMap::new();
        for node in info.nodes {
            told.entry(node.name.clone()).or_default().add(node);
        }
        if !self.participants.contains_key(&info.participant)
            && self.participants.len() >= PARTICIPANTS
        {
            self.overflow = true;
            return Difference::default();
        }
        if told.values().any(|told| told.nodes > 1) {
            self.ambiguous.insert(info.participant);
        }
        let before = self.participants.remove(&info.participant);
        let difference = self.change(info.participant, before.unwrap_or_default(), &told);
        self.participants.insert(info.participant, told);
        self.overflow |= self.number > ENTITIES;
        difference
    }

    /// A participant is gone.
    pub fn forget(&mut self, participant: ParticipantId) -> Difference {
        self.ambiguous.remove(&participant);
        let before = self.participants.remove(&participant);
        self.change(participant, before.unwrap_or_default(), &BTreeMap::new())
    }

    fn change(
        &mut self,
        participant: ParticipantId,
        before: BTreeMap<Option<String>, Told>,
        now: &BTreeMap<Option<String>, Told>,
    ) -> Difference {
        let mut difference = Difference::default();
        let old = before
            .iter()
            .filter(|(name, told)| now.get(*name) != Some(told));
        let new: Vec<_> = now
            .iter()
            .filter(|(name, told)| before.get(*name) != Some(told))
            .collect();
        let mut gids_before = Vec::new();
        for (name, told) in old {
            difference.nodes.insert((participant, name.clone()));
            self.number -= told.gids().count();
            // Nobody speaks for others.
            for gid in told.gids().filter(|gid| gid.participant() == participant) {
                self.owners.remove(&gid);
                gids_before.push(gid);
            }
            self.count(name.as_ref(), |number| number.saturating_sub(told.nodes));
        }
        for (name, told) in new {
            difference.nodes.insert((participant, name.clone()));
            self.number += told.gids().count();
            let owner: Option<Arc<str>> = name.as_deref().map(Arc::from);
            for gid in told.gids().filter(|gid| gid.participant() == participant) {
                self.owners.insert(gid, owner.clone());
                difference.owned.push(gid);
            }
            self.count(name.as_ref(), |number| number + told.nodes);
        }
        let is_disowned = |gid: &Gid| !self.owners.contains_key(gid);
        difference.disowned = gids_before.into_iter().filter(is_disowned).collect();
        difference
    }

    fn count(&mut self, name: Option<&String>, change: impl Fn(usize) -> usize) {
        let Some(name) = name else { return };
        let number = self.names.entry(name.clone()).or_default();
        *number = change(*number);
        if *number == 0 {
            self.names.remove(name);
        }
    }

    /// The node that a reader or writer belongs to, its name if it has one; None when nobody has told.
    pub fn owner(&self, gid: Gid) -> Option<Option<&Arc<str>>> {
        self.owners.get(&gid).map(Option::as_ref)
    }

    /// Whether a participant has told what its nodes consist of.
    pub fn knows(&self, participant: ParticipantId) -> bool {
        self.participants.contains_key(&participant)
    }

    /// The participants that have told.
    pub fn participants(&self) -> impl Iterator<Item = ParticipantId> {
        self.participants.keys().copied()
    }

    /// How many those are.
    pub fn number_of_participants(&self) -> usize {
        self.participants.len()
    }

    /// Whether these are the nodes that participants tell of.
    pub fn are(&self, nodes: &BTreeMap<String, Vec<Monotonic>>) -> bool {
        let number = |(name, moments): (&String, &Vec<Monotonic>)| {
            self.names.get(name).copied().unwrap_or_default() == moments.len()
        };
        self.names.len() == nodes.len() && nodes.iter().all(number)
    }

    /// Whether all that participants have is told, as far as they do tell.
    pub fn are_complete(&self) -> bool {
        self.ambiguous.is_empty()
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.participants.iter().flat_map(|(id, nodes)| {
            let names = nodes.keys();
            names.map(|name| (*id, name.clone()))
        })
    }

    /// How many nodes have each name.
    pub fn names(&self) -> &BTreeMap<String, usize> {
        &self.names
    }

    /// What a node has beyond what was found of it.
    ///
    /// Of a server only the reader of the requests is looked for, and of a client only their writer:
    /// each has one writer or reader more, of the answers.
    pub fn missing(&self, node: &NodeId, found: &HashMap<Gid, Place>) -> Missing {
        let told = self
            .participants
            .get(&node.0)
            .and_then(|nodes| nodes.get(&node.1));
        let Some(told) = told else {
            return Missing::default();
        };
        let number = |gids: &[Gid], at: Option<End>| {
            let place = |gid: &&Gid| found.get(*gid).map(|(end, _)| *end) == at;
            gids.iter().filter(place).count()
        };
        let (readers, clients) = (
            number(&told.readers, None),
            number(&told.writers, Some(End::Clients)),
        );
        let (writers, servers) = (
            number(&told.writers, None),
            number(&told.readers, Some(End::Servers)),
        );
        Missing {
            readers: readers > clients,
            writers: writers > servers,
            less: readers < clients || writers < servers,
        }
    }

    /// The places at which a reader or writer of a node was found.
    pub fn places<'a>(
        &'a self,
        node: &NodeId,
        found: &'a HashMap<Gid, Place>,
    ) -> impl Iterator<Item = &'a Place> {
        let nodes = self.participants.get(&node.0);
        let told = nodes.and_then(|nodes| nodes.get(&node.1));
        let gids = told.into_iter().flat_map(Told::gids);
        gids.filter_map(|gid| found.get(&gid))
    }
}

impl Told {
    fn add(&mut self, node: NodeEntities) {
        self.nodes += 1;
        self.readers.extend(node.readers);
        self.writers.extend(node.writers);
    }

    fn gids(&self) -> impl Iterator<Item = Gid> {
        self.readers.iter().chain(&self.writers).copied()
    }
}
