//! What the dependency graph is made from: deployments with their containers, and the ROS graph of
//! each domain.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::graph::{GraphView, Participant};
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
    /// What is seen of it.
    pub view: Arc<GraphView>,
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
    fn may_be_in(&self, said: Option<&Participant>) -> bool {
        let here = |told: &Option<String>, own: &str| told.as_deref().is_none_or(|it| it == own);
        said.is_none_or(|said| {
            here(&said.hostname, &self.hostname) && here(&said.process, &self.process)
        })
    }
}

impl ObservedDomain {
    /// Whether a node of this name in a participant that says this is shipmate's.
    pub(super) fn is_own(&self, name: &str, said: Option<&Participant>) -> bool {
        let is_own_node = |own: &OwnNode| own.name == name && own.may_be_in(said);
        self.own_nodes.contains(name) || self.own_node.as_ref().is_some_and(is_own_node)
    }
}
