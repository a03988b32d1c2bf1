//! What the dependency graph is made from: deployments with their containers, and the ROS graph of
//! each domain.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::QosWords;
use crate::domain::graph::{
    Durability, Endpoint, Ends, Gid, GraphView, History, Liveliness, ParticipantId, Reliability,
    Span, Vendor,
};
use crate::domain::time::Monotonic;

/// All that is known at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Every deployment that lives, and those that are over and may be needed.
    pub deployments: Vec<ObservedDeployment>,
    /// The ROS graph of each domain that is looked at.
    pub domains: BTreeMap<u8, ObservedDomain>,
}

/// A deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedDeployment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The package's name.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// The phase, in words.
    pub phase: String,
    /// The status, in words; empty when nothing of it is left that could have one.
    pub status: String,
    /// Why it is not Running.
    pub reason: String,
    /// Whether it is over: then it is shown only while another one depends on it.
    pub over: bool,
    /// What it depends on.
    pub dependencies: Vec<ObservedDependency>,
    /// What its package says that it puts on the ROS graph, parameters filled in.
    pub declared: Vec<Declared>,
    /// Its containers, also those that have ended while their traces may be on the graph.
    pub containers: Vec<ObservedContainer>,
}

/// A deployment that another one depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedDependency {
    /// What the dependent calls it.
    pub alias: String,
    /// The range of versions.
    pub range: String,
    /// Its id.
    pub deployment: String,
    /// Its name.
    pub name: String,
}

/// Something that a component is said to put on the ROS graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declared {
    /// What it does.
    pub kind: DeclaredKind,
    /// The topic, service or action, absolute.
    pub name: String,
    /// The component.
    pub component: String,
}

/// What a component is said to do with a topic, service or action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclaredKind {
    /// It publishes a topic.
    Publishes,
    /// It subscribes to a topic.
    Subscribes,
    /// It serves a service.
    Serves,
    /// It calls a service.
    Calls,
    /// It serves an action.
    ActionServer,
    /// It sends goals to an action.
    ActionClient,
}

/// A container of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedContainer {
    /// The component.
    pub component: String,
    /// The executable.
    pub executable: String,
    /// The id, 64 hex digits.
    pub container_id: String,
    /// Its host name; empty when it has none of its own, as on the host's network without one set.
    pub hostname: String,
    /// Whether it is on the machine's own network.
    pub host_network: bool,
    /// Its addresses; on the host's network the machine's. Empty when they are not known.
    pub addresses: Vec<IpAddr>,
    /// The names of the networks that it is on.
    pub networks: Vec<String>,
    /// With whom it shares memory.
    pub ipc: Ipc,
    /// The user that it runs as; None when it is not known.
    pub user: Option<String>,
    /// ROS_DOMAIN_ID.
    pub domain_id: u8,
    /// ROS_AUTOMATIC_DISCOVERY_RANGE.
    pub discovery_range: Option<String>,
    /// FASTDDS_BUILTIN_TRANSPORTS.
    pub builtin_transports: Option<String>,
    /// RMW_IMPLEMENTATION.
    pub rmw: Option<String>,
    /// Whether it runs.
    pub state: ContainerState,
    /// When it was started last: what was seen before is an earlier run's.
    pub started_at: Monotonic,
}

/// With whom a container shares memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ipc {
    /// With none.
    #[default]
    Private,
    /// With the machine.
    Host,
}

/// Whether a container runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerState {
    /// It does.
    #[default]
    Running,
    /// Its processes are frozen.
    Paused,
    /// It has ended.
    Ended,
}

/// The ROS graph of one domain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedDomain {
    /// Topics by name.
    pub topics: BTreeMap<String, ObservedEnds>,
    /// Services by name, those of actions among them.
    pub services: BTreeMap<String, ObservedEnds>,
    /// The full names of nodes.
    pub nodes: BTreeSet<String>,
    /// Participants that were heard announcing themselves.
    pub participants: BTreeMap<ParticipantId, ObservedParticipant>,
    /// The nodes that shipmates have beside their own, which are not shown.
    pub own_nodes: BTreeSet<String>,
    /// shipmate's own node, which is not shown either; that of another robot's shipmate is, although
    /// it may have the same name.
    pub own_node: Option<OwnNode>,
}

/// shipmate's own node, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnNode {
    /// Its full name.
    pub name: String,
    /// The name of its host, as its participant announces it.
    pub hostname: String,
    /// Its process, as its participant announces it.
    pub process: String,
}

impl OwnNode {
    /// Whether a participant can be its own: one that was not heard, or does not say where it is, may be.
    fn may_be_in(&self, said: Option<&ObservedParticipant>) -> bool {
        let here = |told: &Option<String>, own: &str| told.as_deref().is_none_or(|it| it == own);
        said.is_none_or(|said| {
            here(&said.hostname, &self.hostname) && here(&said.process, &self.process)
        })
    }
}

/// What a participant says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedParticipant {
    /// The name of its host.
    pub hostname: Option<String>,
    /// Its process.
    pub process: Option<String>,
    /// Whose DDS it uses.
    pub vendor: Vendor,
    /// Where it is to be reached.
    pub addresses: Vec<IpAddr>,
    /// Where its announcements came from, but for this machine's loopback.
    pub senders: BTreeSet<IpAddr>,
    /// How its announcements contradict each other, in words, if they do.
    pub conflict: Option<String>,
}

/// Who is at the ends of a topic or of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedEnds {
    /// Publishers of a topic, servers of a service.
    pub offering: Vec<ObservedEndpoint>,
    /// Subscriptions of a topic, clients of a service.
    pub using: Vec<ObservedEndpoint>,
}

/// One end of a topic or of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedEndpoint {
    /// What DDS knows it by.
    pub gid: Gid,
    /// The node's full name; None while the middleware does not know it.
    pub node: Option<String>,
    /// The interface type.
    pub type_name: String,
    /// The hash of the type's definition; empty when the middleware does not tell.
    pub type_hash: String,
    /// The quality of service; of a service's end that of the requests.
    pub qos: QosWords,
    /// When it was seen first.
    pub first_seen: Monotonic,
}

impl ObservedDomain {
    /// A domain as the ROS edge sees it; `own_nodes` and `own_node` are shipmate's.
    pub fn new(view: &GraphView, own_nodes: BTreeSet<String>, own_node: Option<OwnNode>) -> Self {
        let participants = view.participants.iter().map(|(id, said)| {
            let participant = ObservedParticipant {
                hostname: said.hostname.clone(),
                process: said.process.clone(),
                vendor: said.vendor,
                addresses: said.addresses.clone(),
                senders: said.senders.clone(),
                conflict: said.conflict.clone(),
            };
            (*id, participant)
        });
        Self {
            topics: all_ends(&view.topics),
            services: all_ends(&view.services),
            nodes: view.nodes.keys().cloned().collect(),
            participants: participants.collect(),
            own_nodes,
            own_node,
        }
    }

    /// Whether a node of this name in a participant that says this is shipmate's.
    pub(super) fn is_own(&self, name: &str, said: Option<&ObservedParticipant>) -> bool {
        let is_own_node = |own: &OwnNode| own.name == name && own.may_be_in(said);
        self.own_nodes.contains(name) || self.own_node.as_ref().is_some_and(is_own_node)
    }
}

fn all_ends(all: &BTreeMap<String, Arc<Ends>>) -> BTreeMap<String, ObservedEnds> {
    let each = |ends: &[Endpoint]| ends.iter().map(ObservedEndpoint::from).collect();
    all.iter()
        .map(|(name, ends)| {
            let ends = ObservedEnds {
                offering: each(&ends.offering),
                using: each(&ends.using),
            };
            (name.clone(), ends)
        })
        .collect()
}

impl From<&Endpoint> for ObservedEndpoint {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            gid: endpoint.gid,
            node: endpoint.node.clone(),
            type_name: endpoint.type_name.clone(),
            type_hash: endpoint.type_hash.clone().unwrap_or_default(),
            qos: QosWords::from(endpoint),
            first_seen: endpoint.first_seen,
        }
    }
}

impl From<&Endpoint> for QosWords {
    fn from(endpoint: &Endpoint) -> Self {
        const UNKNOWN: &str = "unknown";
        let reliability = match endpoint.reliability {
            Reliability::Reliable => "reliable",
            Reliability::BestEffort => "best_effort",
            Reliability::Unknown => UNKNOWN,
        };
        let durability = match endpoint.durability {
            Durability::TransientLocal => "transient_local",
            Durability::Volatile => "volatile",
            Durability::Unknown => UNKNOWN,
        };
        let (history, depth) = match endpoint.history {
            History::KeepLast(depth) => ("keep_last", u32::try_from(depth).unwrap_or(u32::MAX)),
            History::KeepAll => ("keep_all", 0),
            History::Unknown => (UNKNOWN, 0),
        };
        let liveliness = match endpoint.liveliness {
            Liveliness::Automatic => "automatic",
            Liveliness::ManualByTopic => "manual_by_topic",
            Liveliness::Unknown => UNKNOWN,
        };
        Self {
            reliability: reliability.to_owned(),
            durability: durability.to_owned(),
            history: history.to_owned(),
            depth,
            liveliness: liveliness.to_owned(),
            deadline: seconds(endpoint.deadline),
            lifespan: seconds(endpoint.lifespan),
            liveliness_lease: seconds(endpoint.lease),
        }
    }
}

/// None for ever, and for what was never set, which means the same.
fn seconds(span: Span) -> Option<f64> {
    match span {
        Span::Of(time) => Some(time.as_secs_f64()),
        Span::Infinite | Span::Unknown => None,
    }
}
