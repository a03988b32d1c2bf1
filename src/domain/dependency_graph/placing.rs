//! Where everything on the ROS graph belongs: which node of the dependency graph each participant is
//! in, and which ROS nodes are there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashSet, HashSetExt};

use super::observation::{ContainerState, Observation, ObservedContainer, ObservedDomain};
use super::ownership::{Claim, Owner, Owners};
use super::{GraphNode, NodeKind, Remark, RemarkKind, RosNode};
use crate::domain::graph::{Endpoint, Participant, ParticipantId, Vendor};
use crate::domain::time::Monotonic;

/// The node of the dependency graph for nodes of which nothing but the name is known.
const NOWHERE: &str = "external:unknown";

/// When the first endpoint of each participant was seen.
pub type Since = BTreeMap<(u8, ParticipantId), Monotonic>;

/// Where a participant is.
pub struct Seat<'a> {
    /// The id of the node of the dependency graph.
    pub node: Arc<str>,
    /// Its container, when it has one.
    pub container: Option<&'a ObservedContainer>,
    /// What it says of itself, if it was heard.
    pub said: Option<&'a Participant>,
    /// Which DDS implementation it is; empty when unknown.
    pub middleware: &'static str,
    /// A ROS node without a name in it.
    nameless: RosNode,
}

/// Where each participant is; those that are gone are not in it.
pub struct Seats<'a> {
    seats: HashMap<(u8, ParticipantId), Seat<'a>>,
    /// When the first endpoint of each was seen, those that are gone among them.
    pub since: Since,
    /// Announcements that contradict each other.
    pub conflicts: Vec<Remark>,
    hidden: bool,
}

impl<'a> Seats<'a> {
    /// Finds a seat for each participant; `hidden` gives one to shipmate's own as well.
    pub fn new(observation: &'a Observation, hidden: bool) -> Self {
        let owners = Owners::new(observation);
        let mut seats = Self {
            seats: HashMap::default(),
            since: Since::new(),
            conflicts: Vec::new(),
            hidden,
        };
        for (domain_id, domain) in &observation.domains {
            for (id, since) in first_seen(domain) {
                let said = domain.view.participants.get(&id);
                let claim = owners.claim(id, said, since);
                seats.conflicts.extend(conflict(id, &claim, said, &owners));
                seats.since.insert((*domain_id, id), since);
                if let Some(seat) = seat(*domain_id, id, claim, said, &owners) {
                    seats.seats.insert((*domain_id, id), seat);
                }
            }
        }
        seats
    }

    /// Where an endpoint is; none when it is not to be shown.
    pub fn of(
        &self,
        domain_id: u8,
        domain: &ObservedDomain,
        endpoint: &Endpoint,
    ) -> Option<&Seat<'a>> {
        let seat = self.seats.get(&(domain_id, endpoint.gid.participant()))?;
        let name = endpoint.node.as_deref();
        let own = name.is_some_and(|name| domain.is_own(name, seat.said));
        (self.hidden || !own || seat.container.is_some()).then_some(seat)
    }

    /// Adds the ROS nodes to `nodes`, and nodes for what is external.
    pub fn fill(&self, observation: &Observation, nodes: &mut BTreeMap<Arc<str>, GraphNode>) {
        let nowhere_at_all = Arc::from(NOWHERE);
        let mut found: BTreeMap<&Arc<str>, BTreeSet<RosNode>> = BTreeMap::new();
        for (domain_id, domain) in &observation.domains {
            let mut placed = HashSet::new();
            // Few participants, many endpoints: each name of a participant is made once. Most endpoints of a node
            // share its name, and are told by where it is.
            let mut shared: HashSet<(ParticipantId, Option<*const str>)> = HashSet::new();
            let mut seen: HashSet<(ParticipantId, Option<&str>)> = HashSet::new();
            for endpoint in domain.view.endpoints() {
                let name = endpoint.node.as_deref();
                let participant = endpoint.gid.participant();
                if !shared.insert((participant, name.map(std::ptr::from_ref)))
                    || !seen.insert((participant, name))
                {
                    continue;
                }
                placed.extend(name);
                let Some(seat) = self.of(*domain_id, domain, endpoint) else {
                    continue;
                };
                let mut node = seat.nameless.clone();
                if let Some(name) = &endpoint.node {
                    node.name = Arc::clone(name);
                }
                found.entry(&seat.node).or_default().insert(node);
                if seat.container.is_none() && !nodes.contains_key(&seat.node) {
                    nodes.insert(seat.node.clone(), seat.external(participant));
                }
            }
            for node in without_endpoints(*domain_id, domain, &placed, self.hidden) {
                found.entry(&nowhere_at_all).or_default().insert(node);
                nodes
                    .entry(Arc::clone(&nowhere_at_all))
                    .or_insert_with(nowhere);
            }
        }
        for (id, ros_nodes) in found {
            if let Some(node) = nodes.get_mut(id) {
                node.ros_nodes = named(ros_nodes);
            }
        }
    }
}

/// Nodes of which nothing but the name is known: no endpoint says in which participant they are.
fn without_endpoints(
    domain_id: u8,
    domain: &ObservedDomain,
    placed: &HashSet<&str>,
    hidden: bool,
) -> impl Iterator<Item = RosNode> {
    let unplaced = domain.view.nodes.keys().filter(move |name| {
        !placed.contains(name.as_str()) && (hidden || !domain.is_own(name, None))
    });
    unplaced.map(move |name| RosNode {
        domain_id,
        name: name.as_str().into(),
        evidence: format!("{name} has no endpoint yet that would tell where it is").into(),
        ..RosNode::default()
    })
}

fn nowhere() -> GraphNode {
    GraphNode {
        id: NOWHERE.into(),
        name: "not known where".to_owned(),
        kind: NodeKind::External {
            host: String::new(),
            process: String::new(),
        },
        ros_nodes: Vec::new(),
    }
}

/// A participant whose nodes are known by name is not shown once more without one.
fn named(all: BTreeSet<RosNode>) -> Vec<RosNode> {
    let with_name: BTreeSet<(u8, Arc<str>)> = all
        .iter()
        .filter(|node| !node.name.is_empty())
        .map(|node| (node.domain_id, node.participant.clone()))
        .collect();
    let keep = |node: &RosNode| {
        !node.name.is_empty() || !with_name.contains(&(node.domain_id, node.participant.clone()))
    };
    all.into_iter().filter(keep).collect()
}

impl Seat<'_> {
    fn external(&self, participant: ParticipantId) -> GraphNode {
        let host = self.said.and_then(|said| said.hostname.clone());
        let process = self.said.and_then(|said| said.process.clone());
        let name = match (&host, &process) {
            (Some(host), Some(process)) => format!("{host}, process {process}"),
            (Some(host), None) => host.clone(),
            (None, _) => format!("participant {}", hex::encode(participant.0)),
        };
        GraphNode {
            id: self.node.clone(),
            name,
            kind: NodeKind::External {
                host: host.unwrap_or_default(),
                process: process.unwrap_or_default(),
            },
            ros_nodes: Vec::new(),
        }
    }
}

/// Each participant, and when the first of its endpoints was seen.
fn first_seen(domain: &ObservedDomain) -> HashMap<ParticipantId, Monotonic> {
    let mut all: HashMap<ParticipantId, Monotonic> = HashMap::default();
    for endpoint in domain.view.endpoints() {
        let first = all
            .entry(endpoint.gid.participant())
            .or_insert(endpoint.first_seen);
        *first = endpoint.first_seen.min(*first);
    }
    all
}

fn seat<'a>(
    domain_id: u8,
    id: ParticipantId,
    claim: Claim,
    said: Option<&'a Participant>,
    owners: &Owners<'a>,
) -> Option<Seat<'a>> {
    let (node, container) = match claim.owner {
        Owner::Gone => return None,
        Owner::External => (external_id(id, said).into(), None),
        Owner::Container(number) => {
            let (deployment, container) = owners.get(number)?;
            (deployment.id.as_str().into(), Some(container))
        }
    };
    let middleware = middleware(id, said);
    let mut nameless = RosNode {
        domain_id,
        participant: hex::encode(id.0).into(),
        middleware: middleware.into(),
        evidence: claim.evidence.into(),
        ..RosNode::default()
    };
    if let Some(container) = container {
        nameless.component = container.component.as_str().into();
        nameless.executable = container.executable.as_str().into();
        nameless.container_id = container.container_id.as_str().into();
        nameless.paused = container.state == ContainerState::Paused;
    }
    Some(Seat {
        node,
        container,
        said,
        middleware,
        nameless,
    })
}

/// Two robots may have one host name, and processes of one number: the address tells them apart.
fn external_id(id: ParticipantId, said: Option<&Participant>) -> String {
    let Some((said, host)) = said.and_then(|said| Some((said, said.hostname.as_ref()?))) else {
        return format!("external:{}", hex::encode(id.0));
    };
    let process = said.process.as_deref().unwrap_or_default();
    match said.addresses.iter().min() {
        Some(address) => format!("external:{host}:{process}@{address}"),
        None => format!("external:{host}:{process}"),
    }
}

/// The DDS implementation, which the identifier tells; a participant whose does not may say it.
fn middleware(id: ParticipantId, said: Option<&Participant>) -> &'static str {
    let by_id = match id.vendor() {
        Vendor::Unknown => said.map_or(Vendor::Unknown, |said| said.vendor),
        told => told,
    };
    match by_id {
        Vendor::FastDds => "Fast DDS",
        Vendor::CycloneDds => "Cyclone DDS",
        Vendor::RtiConnext => "RTI Connext DDS",
        Vendor::Other(_) | Vendor::Unknown => "",
    }
}

fn conflict(
    id: ParticipantId,
    claim: &Claim,
    said: Option<&Participant>,
    owners: &Owners<'_>,
) -> Option<Remark> {
    let announced = said.is_some_and(|said| said.conflict.is_some());
    if claim.owner != Owner::External || (claim.conflict.is_empty() && !announced) {
        return None;
    }
    let concerned = claim
        .conflict
        .iter()
        .filter_map(|number| owners.get(*number));
    let mut nodes: Vec<String> = concerned
        .map(|(deployment, _)| deployment.id.clone())
        .chain([external_id(id, said)])
        .collect();
    nodes.sort();
    nodes.dedup();
    Some(Remark {
        kind: RemarkKind::Conflict,
        nodes,
        name: String::new(),
        text: format!("{}: it is shown as external", claim.evidence),
        remedy: "give each container a host name of its own, and look for a process that answers \
                 for another one"
            .to_owned(),
    })
}
