//! A world of processes whose news arrive at the middleware, and at the one who follows it, in a random order.

use std::cell::Cell;
use std::collections::VecDeque;
use std::convert::Infallible;

use proptest::prelude::*;

use super::super::super::discovery_info::NodeEntities;
use super::super::super::samples::endpoint;
use super::super::super::{Participant, Vendor};
use super::super::*;

/// Where a reader or writer is; None is the answers' topic of a service, at which nobody looks.
type At = Option<(End, String)>;

/// What the middleware knows.
#[derive(Debug, Default)]
pub struct Cache {
    nodes: BTreeMap<ParticipantId, Vec<NodeEntities>>,
    endpoints: BTreeMap<Gid, (bool, At)>,
    tellers: BTreeSet<ParticipantId>,
    pub reads: Cell<usize>,
}

impl Cache {
    fn node_of(&self, gid: Gid, reads: bool) -> Option<String> {
        let nodes = self.nodes.get(&gid.participant())?;
        let has = |node: &&NodeEntities| match reads {
            true => node.readers.contains(&gid),
            false => node.writers.contains(&gid),
        };
        nodes.iter().find(has)?.name.clone()
    }

    fn names(&self) -> BTreeMap<String, Vec<Monotonic>> {
        let mut names: BTreeMap<String, Vec<Monotonic>> = BTreeMap::new();
        for node in self.nodes.values().flatten() {
            let moments = names.entry(node.name.clone().unwrap()).or_default();
            moments.push(Monotonic::default());
        }
        names
    }

    /// Everything, without moments.
    pub fn view(&self) -> GraphView {
        let mut view = GraphView {
            nodes: self.names(),
            ..GraphView::default()
        };
        for (gid, (reads, at)) in &self.endpoints {
            let Some((end, name)) = at else { continue };
            let all = match end {
                End::Publishers | End::Subscriptions => &mut view.topics,
                End::Servers | End::Clients => &mut view.services,
                End::Listeners => continue,
            };
            let ends = Arc::make_mut(all.entry(name.as_str().into()).or_default());
            let endpoint = Endpoint {
                gid: *gid,
                node: self.node_of(*gid, *reads).map(Arc::from),
                ..endpoint(0, "", 0)
            };
            match end {
                End::Publishers | End::Servers => ends.offering.push(endpoint),
                _ => ends.using.push(endpoint),
            }
        }
        view
    }
}

impl Graph for Cache {
    type Error = Infallible;

    fn tellers(&self) -> Result<BTreeSet<ParticipantId>, Infallible> {
        Ok(self.tellers.clone())
    }

    fn places(&self, node: &str) -> Result<Vec<(End, String)>, Infallible> {
        let mut nodes = self.nodes.values().flatten();
        let Some(node) = nodes.find(|it| it.name.as_deref() == Some(node)) else {
            return Ok(Vec::new());
        };
        let gids = node.readers.iter().chain(&node.writers);
        let at = gids.filter_map(|gid| self.endpoints.get(gid)?.1.clone());
        let shown = at.filter(|(end, _)| *end != End::Listeners);
        Ok(shown.collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn endpoints(&self, end: End, name: &str) -> Result<Vec<Endpoint>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        let here = self
            .endpoints
            .iter()
            .filter(|(_, (_, at))| at.as_ref().is_some_and(|(e, n)| *e == end && n == name));
        let endpoint = |(gid, (reads, _)): (&Gid, &(bool, At))| Endpoint {
            gid: *gid,
            node: self.node_of(*gid, *reads).map(Arc::from),
            ..endpoint(0, "", 0)
        };
        Ok(here.map(endpoint).collect())
    }
}

/// What travels from a participant to the middleware.
#[derive(Clone, Debug)]
pub enum News {
    Teller,
    Endpoint(Gid, bool, At),
    NoEndpoint(Gid),
    End,
}

#[derive(Debug, Default)]
pub struct Process {
    tells: bool,
    nodes: Vec<(NodeEntities, Vec<Vec<Gid>>)>,
    last: u8,
    pub news: VecDeque<News>,
    to_cache: VecDeque<DiscoveryInfo>,
    to_us: VecDeque<DiscoveryInfo>,
}

#[derive(Debug, Default)]
pub struct World {
    pub processes: BTreeMap<ParticipantId, Process>,
    pub cache: Cache,
    changes: Changes,
    pub view: GraphView,
    pub now: Monotonic,
    due: bool,
    pub read_all: usize,
    /// How long it takes to read everything.
    pub takes: Duration,
    created: u8,
}

#[derive(Clone, Debug)]
pub enum Act {
    Process {
        tells: bool,
    },
    Node {
        process: usize,
        name: u8,
    },
    Thing {
        process: usize,
        node: usize,
        kind: u8,
        name: u8,
    },
    NoThing {
        process: usize,
        node: usize,
        which: usize,
    },
    NoNode {
        process: usize,
        node: usize,
    },
    Kill {
        process: usize,
    },
    Arrive {
        process: usize,
        channel: u8,
    },
    Look {
        after: u64,
    },
}

pub fn act() -> impl Strategy<Value = Act> {
    let any = || 0..64_usize;
    prop_oneof![
        1 => prop::bool::weighted(0.9).prop_map(|tells| Act::Process { tells }),
        2 => (any(), 0..9_u8).prop_map(|(process, name)| Act::Node { process, name }),
        5 => (any(), any(), 0..4_u8, 0..3_u8)
            .prop_map(|(process, node, kind, name)| Act::Thing { process, node, kind, name }),
        2 => (any(), any(), any())
            .prop_map(|(process, node, which)| Act::NoThing { process, node, which }),
        1 => (any(), any()).prop_map(|(process, node)| Act::NoNode { process, node }),
        1 => any().prop_map(|process| Act::Kill { process }),
        12 => (any(), 0..3_u8).prop_map(|(process, channel)| Act::Arrive { process, channel }),
        5 => (1..400_u64).prop_map(|after| Act::Look { after }),
    ]
}

impl World {
    pub fn act(&mut self, act: &Act) {
        match *act {
            Act::Process { tells } => self.begin(tells),
            Act::Node { process, name } => self.with(process, |id, it| {
                let node = NodeEntities {
                    name: Some(format!("/{}", char::from(b'a' + name))),
                    ..NodeEntities::default()
                };
                it.nodes.push((node, Vec::new()));
                it.tell(id);
            }),
            Act::Thing {
                process,
                node,
                kind,
                name,
            } => self.with(process, |id, it| {
                it.create(id, node, kind, name);
            }),
            Act::NoThing {
                process,
                node,
                which,
            } => self.with(process, |id, it| {
                let Some(number) = node.checked_rem(it.nodes.len()) else {
                    return;
                };
                let things = &mut it.nodes[number].1;
                let Some(which) = which.checked_rem(things.len()) else {
                    return;
                };
                let gids = things.remove(which);
                it.remove(id, &gids);
            }),
            Act::NoNode { process, node } => self.with(process, |id, it| {
                let Some(number) = node.checked_rem(it.nodes.len()) else {
                    return;
                };
                let (_, things) = it.nodes.remove(number);
                it.remove(id, &things.concat());
            }),
            Act::Kill { process } => self.with(process, |_, it| {
                it.news.clear();
                it.to_us.clear();
                it.to_cache.clear();
                it.news.push_back(News::End);
            }),
            Act::Arrive { process, channel } => {
                if let Some(id) = self.id(process) {
                    self.arrive(id, channel);
                }
            }
            Act::Look { after } => {
                self.now = self.now + Duration::from_millis(after);
                self.look();
            }
        }
    }

    pub fn begin(&mut self, tells: bool) {
        if self.processes.len() >= 6 {
            return;
        }
        self.created += 1;
        let id = ParticipantId([self.created; 12]);
        let mut process = Process {
            tells,
            ..Process::default()
        };
        if tells {
            process.news.push_back(News::Teller);
            // All middlewares of ROS listen to what the others tell.
            let at = Some((End::Listeners, discovery_info::TOPIC.to_owned()));
            let gid = process.gid(id);
            process.news.push_back(News::Endpoint(gid, true, at));
        }
        self.processes.insert(id, process);
        self.announce();
    }

    fn announce(&mut self) {
        let said = Participant {
            vendor: Vendor::FastDds,
            ..Participant::default()
        };
        let here = self.processes.keys().map(|id| (*id, said.clone()));
        self.changes.announced(&here.collect(), self.now);
    }

    pub fn id(&self, process: usize) -> Option<ParticipantId> {
        let number = process.checked_rem(self.processes.len())?;
        self.processes.keys().nth(number).copied()
    }

    fn with(&mut self, process: usize, act: impl FnOnce(ParticipantId, &mut Process)) {
        let Some(id) = self.id(process) else { return };
        let process = self.processes.get_mut(&id).unwrap();
        if !matches!(process.news.back(), Some(News::End)) {
            act(id, process);
        }
    }

    /// Lets something arrive; whether there was anything.
    fn arrive(&mut self, id: ParticipantId, channel: u8) -> bool {
        let process = self.processes.get_mut(&id).unwrap();
        let heard = self.cache.tellers.contains(&id);
        match channel {
            0 => match process.news.pop_front() {
                None => return false,
                Some(News::Teller) => drop(self.cache.tellers.insert(id)),
                Some(News::Endpoint(gid, reads, at)) => {
                    self.cache.endpoints.insert(gid, (reads, at));
                }
                Some(News::NoEndpoint(gid)) => drop(self.cache.endpoints.remove(&gid)),
                Some(News::End) => {
                    self.cache.tellers.remove(&id);
                    self.cache.nodes.remove(&id);
                    self.cache
                        .endpoints
                        .retain(|gid, _| gid.participant() != id);
                    self.processes.remove(&id);
                    self.announce();
                }
            },
            1 if heard => match process.to_cache.pop_front() {
                None => return false,
                Some(info) => drop(self.cache.nodes.insert(id, info.nodes)),
            },
            2 if heard => match process.to_us.pop_front() {
                None => return false,
                Some(info) => self.changes.take(info),
            },
            _ => return false,
        }
        self.due = true;
        true
    }

    fn look(&mut self) {
        let is_due = self.changes.due().is_some_and(|due| due <= self.now);
        if !std::mem::take(&mut self.due) && !is_due {
            return;
        }
        let nodes = self.cache.names();
        let moment = Moment {
            before: &self.view,
            nodes: &nodes,
            now: self.now,
        };
        match self.changes.look(&self.cache, moment).unwrap() {
            Look::Same => {}
            Look::Changed(view) => self.view = view,
            Look::ReadAll => {
                let mut view = self.cache.view().after(&self.view);
                let began = self.now;
                self.now = began + self.takes;
                let times = (began, self.now);
                self.changes
                    .has_read_all(&self.cache, &mut view, times)
                    .unwrap();
                self.view = view;
                self.read_all += 1;
            }
        }
    }

    /// As if nothing was known before.
    pub fn read_everything(&mut self) {
        self.changes.begin_anew();
        self.due = true;
        self.look();
    }

    /// Lets everything arrive, and waits for a while.
    pub fn settle(&mut self) {
        self.settle_until(self.now + Duration::from_secs(10) + self.takes * 20);
    }

    /// Lets everything arrive, and waits so long.
    pub fn settle_until(&mut self, until: Monotonic) {
        for id in self.processes.keys().copied().collect::<Vec<_>>() {
            while self.processes.contains_key(&id) && (0..3).any(|channel| self.arrive(id, channel))
            {
            }
        }
        self.look();
        while let Some(due) = self.changes.due().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.look();
        }
    }

    /// The view, without moments.
    pub fn seen(&self) -> GraphView {
        let mut view = self.view.clone();
        for moment in view.nodes.values_mut().flatten() {
            *moment = Monotonic::default();
        }
        for ends in view.topics.values_mut().chain(view.services.values_mut()) {
            let ends = Arc::make_mut(ends);
            for endpoint in ends.offering.iter_mut().chain(&mut ends.using) {
                endpoint.first_seen = Monotonic::default();
            }
        }
        view
    }
}

impl Process {
    pub fn gid(&mut self, id: ParticipantId) -> Gid {
        self.last += 1;
        let mut gid = [self.last; 16];
        gid[..12].copy_from_slice(&id.0);
        Gid(gid)
    }

    fn tell(&mut self, id: ParticipantId) {
        if self.tells {
            let nodes = self.nodes.iter().map(|(node, _)| node.clone()).collect();
            let info = DiscoveryInfo {
                participant: id,
                nodes,
            };
            self.to_cache.push_back(info.clone());
            self.to_us.push_back(info);
        }
    }

    fn create(&mut self, id: ParticipantId, node: usize, kind: u8, name: u8) {
        let Some(number) = node.checked_rem(self.nodes.len()) else {
            return;
        };
        if self.last > 200 {
            return;
        }
        let name = format!("/{name}");
        let parts: &[(bool, At)] = &match kind {
            0 => vec![(false, Some((End::Publishers, name)))],
            1 => vec![(true, Some((End::Subscriptions, name)))],
            2 => vec![(true, Some((End::Servers, name))), (false, None)],
            _ => vec![(true, None), (false, Some((End::Clients, name)))],
        };
        let mut gids = Vec::new();
        for (reads, at) in parts {
            let gid = self.gid(id);
            gids.push(gid);
            self.news.push_back(News::Endpoint(gid, *reads, at.clone()));
            // The middleware keeps what is new with the first node of this name.
            let name = self.nodes[number].0.name.clone();
            let first = self
                .nodes
                .iter()
                .position(|(it, _)| it.name == name)
                .unwrap();
            let node = &mut self.nodes[first].0;
            match reads {
                true => node.readers.push(gid),
                false => node.writers.push(gid),
            }
        }
        self.nodes[number].1.push(gids);
        self.tell(id);
    }

    fn remove(&mut self, id: ParticipantId, gids: &[Gid]) {
        for (node, _) in &mut self.nodes {
            node.readers.retain(|gid| !gids.contains(gid));
            node.writers.retain(|gid| !gids.contains(gid));
        }
        self.news
            .extend(gids.iter().map(|gid| News::NoEndpoint(*gid)));
        self.tell(id);
    }
}
