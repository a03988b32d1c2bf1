//! From the dependency graph to shipmate's messages.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use byteorder::LittleEndian;
use cdr_encoding::to_writer;
use r2r::WrappedTypesupport;
use r2r::shipmate::msg;
use r2r::std_msgs::msg::Header;
use serde::{Serialize, Serializer};

use super::RosError;
use super::messages::{header, text};
use crate::domain::dependency_graph::{
    DependencyGraph, Flow, GraphEdge, GraphEndpoint, GraphNode, Loss, NodeKind, Problem, Remark,
    RemarkKind, RosNode,
};
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::status::Status;
use crate::domain::graph::Gid;
use crate::domain::time::WallTime;

/// What is not there, where a number has to be.
const NONE: f64 = -1.0;
/// What precedes a message in the plain encoding of DDS, with the least byte of a number first.
const PLAIN_LITTLE_ENDIAN: [u8; 4] = [0, 1, 0, 0];

/// The graph at a moment.
///
/// # Errors
/// When the middleware cannot read it.
pub fn dependency_graph(
    graph: &DependencyGraph,
    now: WallTime,
) -> Result<msg::DependencyGraph, RosError> {
    let refused = |cause| RosError::Refused {
        what: "the message of the dependency graph".to_owned(),
        cause,
    };
    msg::DependencyGraph::from_serialized_bytes(&encoded(graph, now)?).map_err(refused)
}

/// The graph at a moment as a message in the encoding of DDS. A large one has tens of thousands of
/// texts: they are written as they are, and none is copied before.
///
/// # Errors
/// When it cannot be written: when a text is longer than the encoding allows.
pub fn encoded(graph: &DependencyGraph, now: WallTime) -> Result<Vec<u8>, RosError> {
    let mut bytes = PLAIN_LITTLE_ENDIAN.to_vec();
    write(&mut bytes, &message(graph, now))?;
    Ok(bytes)
}

/// Writes one graph after another: each edge that the one before had too is copied as it was written.
#[derive(Default)]
pub struct Encoder {
    names: Vec<(Arc<str>, String)>,
    message: Vec<u8>,
    /// The one before it: edges are copied from there, and the next one takes its memory.
    spare: Vec<u8>,
    /// Where each edge is in the message. An edge that is kept here is at its address alone.
    edges: foldhash::HashMap<usize, (Arc<GraphEdge>, Range<usize>)>,
}

impl Encoder {
    /// As [`encoded`].
    ///
    /// # Errors
    /// As [`encoded`].
    pub fn encode(&mut self, graph: &DependencyGraph, now: WallTime) -> Result<&[u8], RosError> {
        let before = std::mem::take(self);
        let names = { graph.nodes.iter() }.map(|node| (Arc::clone(&node.id), node.name.clone()));
        self.names = names.collect();
        // It is written as the name of its two ends, too.
        let known = match self.names == before.names {
            true => before.edges,
            false => foldhash::HashMap::default(),
        };
        self.message = before.spare;
        self.message.clear();
        self.message.extend(PLAIN_LITTLE_ENDIAN);
        self.spare = before.message;
        let Some((first, others)) = graph.edges.split_first() else {
            write(&mut self.message, &message(graph, now))?;
            return Ok(&self.message);
        };
        let names = names_of(graph);
        let number = u32::try_from(graph.edges.len()).unwrap_or(u32::MAX);
        let nodes: As<'_, _, _> = Each(&graph.nodes, NodeMessage::of);
        let begin = (
            header(now),
            graph.ros_details,
            nodes,
            number,
            EdgeMessage::of(first, &names),
        );
        write(&mut self.message, &begin)?;
        // An edge ends with a number of eight bytes, so that whatever follows it begins as if it were the first.
        for edge in others {
            let from = self.message.len();
            let address = Arc::as_ptr(edge).addr();
            match known
                .get(&address)
                .and_then(|(_, at)| self.spare.get(at.clone()))
            {
                Some(written) => self.message.extend_from_slice(written),
                None => write(&mut self.message, &EdgeMessage::of(edge, &names))?,
            }
            let at = from..self.message.len();
            self.edges.insert(address, (Arc::clone(edge), at));
        }
        let remarks: As<'_, _, _> = Each(&graph.remarks, RemarkMessage::of);
        write(&mut self.message, &remarks)?;
        Ok(&self.message)
    }
}

fn write(bytes: &mut Vec<u8>, what: &impl Serialize) -> Result<(), RosError> {
    let written = to_writer::<_, LittleEndian, _>(bytes, what);
    written.map_err(|error| RosError::Encoding(error.to_string()))
}

/// What each node is called, by its id.
fn names_of(graph: &DependencyGraph) -> HashMap<&str, &str> {
    let names = { graph.nodes.iter() }.map(|node| (&*node.id, node.name.as_str()));
    names.collect()
}

/// The graph as it is written.
fn message(graph: &DependencyGraph, now: WallTime) -> impl Serialize {
    GraphMessage {
        header: header(now),
        ros_details: graph.ros_details,
        nodes: Each(&graph.nodes, NodeMessage::of),
        edges: Each(&graph.edges, edge_message(names_of(graph))),
        remarks: Each(&graph.remarks, RemarkMessage::of),
    }
}

fn edge_message<'a>(
    names: HashMap<&'a str, &'a str>,
) -> impl Fn(&'a Arc<GraphEdge>) -> EdgeMessage<'a> {
    move |edge| EdgeMessage::of(edge, &names)
}

/// Things of which each is written as something else.
struct Each<'a, T, F>(&'a [T], F);

impl<'a, T, M: Serialize, F: Fn(&'a T) -> M> Serialize for Each<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

/// A list of `T`, each written as `M`.
type As<'a, T, M> = Each<'a, T, fn(&'a T) -> M>;

/// A ROS string cannot hold a NUL.
struct Text<'a>(&'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.contains('\0') {
            true => serializer.serialize_str(&text(self.0)),
            false => serializer.serialize_str(self.0),
        }
    }
}

/// `shipmate/msg/DependencyGraph`; as are those below, field for field what they are called.
#[derive(Serialize)]
struct GraphMessage<N, E, R> {
    header: Header,
    ros_details: bool,
    nodes: N,
    edges: E,
    remarks: R,
}

#[derive(Serialize)]
struct NodeMessage<'a> {
    id: Text<'a>,
    kind: u8,
    kind_name: &'static str,
    name: Text<'a>,
    package: Text<'a>,
    version: Text<'a>,
    phase: u8,
    phase_name: Text<'a>,
    status: u8,
    status_name: Text<'a>,
    reason: Text<'a>,
    host: Text<'a>,
    process: Text<'a>,
    ros_nodes: As<'a, RosNode, RosNodeMessage<'a>>,
}

impl<'a> NodeMessage<'a> {
    fn of(node: &'a GraphNode) -> Self {
        const NOTHING: Text<'static> = Text("");
        let mut message = Self {
            id: Text(&node.id),
            kind: 0,
            kind_name: "",
            name: Text(&node.name),
            package: NOTHING,
            version: NOTHING,
            phase: 0,
            phase_name: NOTHING,
            status: 0,
            status_name: NOTHING,
            reason: NOTHING,
            host: NOTHING,
            process: NOTHING,
            ros_nodes: Each(&node.ros_nodes, RosNodeMessage::of),
        };
        match &node.kind {
            NodeKind::Deployment {
                package,
                version,
                phase,
                status,
                reason,
            } => {
                message.kind = msg::GraphNode::KIND_DEPLOYMENT as u8;
                message.kind_name = "deployment";
                message.package = Text(package);
                message.version = Text(version);
                let number = { Phase::ALL.into_iter() }.find(|it| it.name() == phase);
                message.phase = number.map_or(0, |phase| phase as u8);
                message.phase_name = Text(phase);
                let number = { Status::ALL.into_iter() }.find(|it| it.name() == status);
                message.status = number.map_or(0, |status| status as u8);
                message.status_name = Text(number.map_or("", Status::name));
                message.reason = Text(reason);
            }
            NodeKind::External { host, process } => {
                message.kind = msg::GraphNode::KIND_EXTERNAL as u8;
                message.kind_name = "external";
                message.host = Text(host);
                message.process = Text(process);
            }
        }
        message
    }
}

#[derive(Serialize)]
struct RosNodeMessage<'a> {
    name: Text<'a>,
    domain_id: u8,
    participant: Text<'a>,
    middleware: Text<'a>,
    component: Text<'a>,
    executable: Text<'a>,
    container_id: Text<'a>,
    state: &'static str,
    evidence: Text<'a>,
}

impl<'a> RosNodeMessage<'a> {
    fn of(node: &'a RosNode) -> Self {
        Self {
            name: Text(&node.name),
            domain_id: node.domain_id,
            participant: Text(&node.participant),
            middleware: Text(&node.middleware),
            component: Text(&node.component),
            executable: Text(&node.executable),
            container_id: Text(&node.container_id),
            state: if node.paused { "paused" } else { "alive" },
            evidence: Text(&node.evidence),
        }
    }
}

#[derive(Serialize)]
struct EdgeMessage<'a> {
    kind: u8,
    kind_name: &'static str,
    source: Text<'a>,
    source_name: Text<'a>,
    target: Text<'a>,
    target_name: Text<'a>,
    name: Text<'a>,
    domain_id: u8,
    #[serde(rename = "type")]
    type_name: Text<'a>,
    source_endpoints: As<'a, GraphEndpoint, EndpointMessage<'a>>,
    target_endpoints: As<'a, GraphEndpoint, EndpointMessage<'a>>,
    flow: u8,
    flow_name: &'static str,
    problems: As<'a, Problem, Text<'a>>,
    remedies: As<'a, Problem, Text<'a>>,
    messages_per_second: f64,
    bytes_per_second: f64,
}

impl<'a> EdgeMessage<'a> {
    fn of(edge: &'a GraphEdge, names: &HashMap<&str, &'a str>) -> Self {
        let name = |id: &str| Text(names.get(id).copied().unwrap_or_default());
        Self {
            kind: edge.kind as u8,
            kind_name: edge.kind.name(),
            source: Text(&edge.source),
            source_name: name(&edge.source),
            target: Text(&edge.target),
            target_name: name(&edge.target),
            name: Text(&edge.name),
            domain_id: edge.domain_id,
            type_name: Text(&edge.type_name),
            source_endpoints: Each(&edge.source_endpoints, EndpointMessage::of),
            target_endpoints: Each(&edge.target_endpoints, EndpointMessage::of),
            flow: edge.flow as u8,
            flow_name: match edge.flow {
                Flow::Unknown => "unknown",
                Flow::Yes => "yes",
                Flow::Partly => "partly",
                Flow::No => "no",
            },
            problems: Each(&edge.problems, |it| Text(&it.text)),
            remedies: Each(&edge.problems, |it| Text(&it.remedy)),
            messages_per_second: edge.messages_per_second.unwrap_or(NONE),
            bytes_per_second: edge.bytes_per_second.unwrap_or(NONE),
        }
    }
}

#[derive(Serialize)]
struct EndpointMessage<'a> {
    ros_node: Text<'a>,
    gid: Gid,
    #[serde(rename = "type")]
    type_name: Text<'a>,
    type_hash: Text<'a>,
    reliability: Text<'a>,
    durability: Text<'a>,
    history: Text<'a>,
    depth: u32,
    liveliness: Text<'a>,
    deadline: f64,
    lifespan: f64,
    liveliness_lease: f64,
}

impl<'a> EndpointMessage<'a> {
    fn of(endpoint: &'a GraphEndpoint) -> Self {
        let qos = &endpoint.qos;
        Self {
            ros_node: Text(&endpoint.ros_node),
            gid: endpoint.gid,
            type_name: Text(&endpoint.type_name),
            type_hash: Text(&endpoint.type_hash),
            reliability: Text(&qos.reliability),
            durability: Text(&qos.durability),
            history: Text(&qos.history),
            depth: qos.depth,
            liveliness: Text(&qos.liveliness),
            deadline: qos.deadline.unwrap_or(NONE),
            lifespan: qos.lifespan.unwrap_or(NONE),
            liveliness_lease: qos.liveliness_lease.unwrap_or(NONE),
        }
    }
}

#[derive(Serialize)]
struct RemarkMessage<'a> {
    kind: u8,
    kind_name: &'static str,
    nodes: As<'a, String, Text<'a>>,
    name: Text<'a>,
    text: Text<'a>,
    remedy: Text<'a>,
}

impl<'a> RemarkMessage<'a> {
    fn of(remark: &'a Remark) -> Self {
        Self {
            kind: remark.kind as u8,
            kind_name: match remark.kind {
                RemarkKind::Absent => "absent",
                RemarkKind::Undeclared => "undeclared",
                RemarkKind::NearMiss => "near_miss",
                RemarkKind::Conflict => "conflict",
            },
            nodes: Each(&remark.nodes, |id| Text(id)),
            name: Text(&remark.name),
            text: Text(&remark.text),
            remedy: Text(&remark.remedy),
        }
    }
}

/// What one node of the graph would lose.
pub fn loss(loss: &Loss) -> msg::Loss {
    msg::Loss {
        node: text(&loss.node),
        name: text(&loss.name),
        kind: loss.kind as u8,
        kind_name: loss.kind.name().to_owned(),
        item: text(&loss.item),
        direct: loss.through.is_empty(),
        through: loss.through.iter().map(|name| text(name)).collect(),
        text: text(&loss.text),
    }
}

#[cfg(test)]
#[path = "messages_graph_tests.rs"]
mod tests;
