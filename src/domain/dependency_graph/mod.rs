//! The dependency graph as it is shown: deployments and what is outside of any, and their
//! relationships. Field for field the message `shipmate/msg/DependencyGraph`.
//!
//! `observation.rs` is what it is made from; `ownership.rs` says which container a participant is in,
//! `placing.rs` who has which endpoint; `edges.rs` relates them, with `names.rs` for what nobody looks
//! for; `matching.rs` and `reach.rs` say whether data can flow, by what both ends promise and by where
//! they run; `declared.rs` reads what packages say, `drift.rs` and `near_miss.rs` find what was not meant;
//! `losses.rs` says who would miss what, `cost.rs` in words; `build.rs` puts it together, and `builder.rs` one after another; `rates.rs` adds
//! what is measured to it.

mod build;
mod builder;
mod cost;
mod declared;
mod drift;
mod edges;
mod losses;
mod matching;
mod names;
mod near_miss;
mod observation;
mod ownership;
mod placing;
mod qos_words;
mod rates;
mod reach;

#[cfg(test)]
mod tests;

pub use build::{Options, build};
pub use builder::Builder;
pub use cost::Cost;
pub use losses::{Loss, Stopped, losses};
pub use observation::{
    ContainerState, Declared, DeclaredKind, Ipc, Observation, ObservedContainer,
    ObservedDependency, ObservedDeployment, ObservedDomain, OwnNode,
};
pub use qos_words::QosWords;
pub use rates::{Rates, measured_deployments, measured_topics};

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::graph::Gid;

/// Who depends on whom, and who talks to whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DependencyGraph {
    /// Whether it has topics, services and actions, or deployments and what they depend on alone.
    pub ros_details: bool,
    /// In the order of their ids.
    pub nodes: Vec<GraphNode>,
    /// In the order of kind, source, target and name. Each is shared with the graph before, where that has it too.
    pub edges: Vec<Arc<GraphEdge>>,
    /// What seems not to be as it was meant.
    pub remarks: Vec<Remark>,
}

/// A deployment, running or not; or a process outside of any that takes part in the ROS graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphNode {
    /// A deployment's id, or `external:` and what tells the process from others.
    pub id: Arc<str>,
    /// The deployment's name; or the host and the process as far as they are known.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: NodeKind,
    /// The ROS nodes in it, in the order of domain, name and participant.
    pub ros_nodes: Vec<RosNode>,
}

/// What a node of the graph is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum NodeKind {
    /// A deployment. Phase and status are in the seed text's words; the status is empty when nothing
    /// of it is left that could have one.
    Deployment {
        /// The package's name.
        package: String,
        /// The package's version.
        version: String,
        /// The phase.
        phase: String,
        /// The status.
        status: String,
        /// Why it is not Running.
        reason: String,
    },
    /// A process that belongs to no deployment, as it announces itself; empty where it does not.
    External {
        /// Its host.
        host: String,
        /// Its process.
        process: String,
    },
}

/// A node of the ROS graph, and how it is known whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RosNode {
    /// The ROS domain.
    pub domain_id: u8,
    /// The full name; empty while the middleware does not know it.
    pub name: Arc<str>,
    /// The DDS participant that it is in, 24 hex digits.
    pub participant: Arc<str>,
    /// The DDS implementation; empty when unknown.
    pub middleware: Arc<str>,
    /// The component that it is in; empty when it belongs to no deployment, as the next two.
    pub component: Arc<str>,
    /// The executable that it is in.
    pub executable: Arc<str>,
    /// The container that it is in.
    pub container_id: Arc<str>,
    /// Whether its container is paused.
    pub paused: bool,
    /// How it is known whose it is, in a sentence.
    pub evidence: Arc<str>,
}

/// What relates two nodes of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EdgeKind {
    /// From a deployment to the one that it depends on.
    Dependency = 1,
    /// From the publisher to the subscriber.
    Topic = 2,
    /// From the server to the client.
    Service = 3,
    /// From the server to the client.
    Action = 4,
}

impl EdgeKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dependency => "dependency",
            Self::Topic => "topic",
            Self::Service => "service",
            Self::Action => "action",
        }
    }
}

/// Whether data can flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Flow {
    /// It cannot be told.
    #[default]
    Unknown = 0,
    /// It can.
    Yes = 1,
    /// It can between some of the ends.
    Partly = 2,
    /// It cannot.
    No = 3,
}

/// One relationship between two nodes of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphEdge {
    /// Of which kind.
    pub kind: EdgeKind,
    /// The id of the node that it starts from.
    pub source: Arc<str>,
    /// The id of the node that it points to.
    pub target: Arc<str>,
    /// What the topic, service or action is called; of a dependency its alias.
    pub name: Arc<str>,
    /// The ROS domain; 0 for a dependency.
    pub domain_id: u8,
    /// The interface type; of a dependency the range of versions.
    #[serde(rename = "type")]
    pub type_name: Arc<str>,
    /// The ends at the source.
    pub source_endpoints: Vec<GraphEndpoint>,
    /// The ends at the target.
    pub target_endpoints: Vec<GraphEndpoint>,
    /// Whether data can flow.
    pub flow: Flow,
    /// Why it cannot, and what to do about it.
    pub problems: Vec<Problem>,
    /// Messages a second, when it is measured.
    pub messages_per_second: Option<f64>,
    /// Bytes a second, when it is measured.
    pub bytes_per_second: Option<f64>,
}

/// Why data cannot flow between two ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// What is so, in a sentence.
    pub text: String,
    /// What to do about it, in a sentence.
    pub remedy: String,
}

/// One end of a topic, service or action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GraphEndpoint {
    /// The ROS node that it belongs to; empty while the middleware does not know it.
    pub ros_node: Arc<str>,
    /// The DDS identifier; written as 32 hex digits.
    pub gid: Gid,
    /// The interface type.
    #[serde(rename = "type")]
    pub type_name: Arc<str>,
    /// The hash of the type's definition; empty when the middleware does not tell.
    pub type_hash: Arc<str>,
    /// The quality of service that it offers or asks for.
    #[serde(flatten)]
    pub qos: QosWords,
}

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RemarkKind {
    /// The package declares it, and it is not there.
    Absent = 1,
    /// It is there, and the package does not declare it.
    Undeclared = 2,
    /// Two names that nearly match, and nothing at the other end of either.
    NearMiss = 3,
    /// Announcements that contradict each other.
    Conflict = 4,
}

/// Something about the graph that seems not to be as it was meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remark {
    /// What kind of thing.
    pub kind: RemarkKind,
    /// The ids of the nodes that it is about.
    pub nodes: Vec<String>,
    /// The topic, service or action.
    pub name: String,
    /// What is so, in a sentence.
    pub text: String,
    /// What to do about it, in a sentence.
    pub remedy: String,
}
