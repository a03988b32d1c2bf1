//! From the dependency graph to shipmate's messages.

use std::collections::BTreeMap;

use r2r::shipmate::msg;

use super::messages::{header, status, text};
use crate::domain::dependency_graph::{
    DependencyGraph, EdgeKind, Flow, GraphEdge, GraphEndpoint, GraphNode, Loss, NodeKind, Remark,
    RemarkKind, RosNode,
};
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::status::Status;
use crate::domain::time::WallTime;

/// What is not there, where a number has to be.
const NONE: f64 = -1.0;

/// The graph at a moment.
pub fn dependency_graph(graph: &DependencyGraph, now: WallTime) -> msg::DependencyGraph {
    let names = { graph.nodes.iter() }.map(|node| (node.id.as_str(), node.name.as_str()));
    let names: BTreeMap<&str, &str> = names.collect();
    msg::DependencyGraph {
        header: header(now),
        ros_details: graph.ros_details,
        nodes: graph.nodes.iter().map(node).collect(),
        edges: graph.edges.iter().map(|it| edge(it, &names)).collect(),
        remarks: graph.remarks.iter().map(remark).collect(),
    }
}

fn node(node: &GraphNode) -> msg::GraphNode {
    let mut message = msg::GraphNode {
        id: text(&node.id),
        name: text(&node.name),
        ros_nodes: node.ros_nodes.iter().map(ros_node).collect(),
        ..msg::GraphNode::default()
    };
    match &node.kind {
        NodeKind::Deployment {
            package,
            version,
            phase,
            status: said,
            reason,
        } => {
            message.kind = msg::GraphNode::KIND_DEPLOYMENT as u8;
            message.kind_name = "deployment".to_owned();
            message.package.clone_from(package);
            message.version.clone_from(version);
            let number = { Phase::ALL.into_iter() }.find(|it| it.name() == phase);
            message.phase = number.map_or(0, |phase| phase as u8);
            message.phase_name.clone_from(phase);
            let known = { Status::ALL.into_iter() }.find(|it| it.name() == said);
            (message.status, message.status_name) = status(known);
            message.reason = text(reason);
        }
        NodeKind::External { host, process } => {
            message.kind = msg::GraphNode::KIND_EXTERNAL as u8;
            message.kind_name = "external".to_owned();
            message.host = text(host);
            message.process = text(process);
        }
    }
    message
}

fn ros_node(node: &RosNode) -> msg::RosNode {
    let state = if node.paused { "paused" } else { "alive" };
    msg::RosNode {
        name: text(&node.name),
        domain_id: node.domain_id,
        participant: node.participant.clone(),
        middleware: node.middleware.clone(),
        component: node.component.clone(),
        executable: node.executable.clone(),
        container_id: node.container_id.clone(),
        state: state.to_owned(),
        evidence: text(&node.evidence),
    }
}

fn edge(edge: &GraphEdge, names: &BTreeMap<&str, &str>) -> msg::GraphEdge {
    let name = |id: &str| text(names.get(id).copied().unwrap_or_default());
    let flow = match edge.flow {
        Flow::Unknown => "unknown",
        Flow::Yes => "yes",
        Flow::Partly => "partly",
        Flow::No => "no",
    };
    msg::GraphEdge {
        kind: edge.kind as u8,
        kind_name: kind(edge.kind).to_owned(),
        source: text(&edge.source),
        source_name: name(&edge.source),
        target: text(&edge.target),
        target_name: name(&edge.target),
        name: text(&edge.name),
        domain_id: edge.domain_id,
        type_: text(&edge.type_name),
        source_endpoints: edge.source_endpoints.iter().map(endpoint).collect(),
        target_endpoints: edge.target_endpoints.iter().map(endpoint).collect(),
        flow: edge.flow as u8,
        flow_name: flow.to_owned(),
        problems: edge.problems.iter().map(|it| text(&it.text)).collect(),
        remedies: edge.problems.iter().map(|it| text(&it.remedy)).collect(),
        messages_per_second: edge.messages_per_second.unwrap_or(NONE),
        bytes_per_second: edge.bytes_per_second.unwrap_or(NONE),
    }
}

fn endpoint(endpoint: &GraphEndpoint) -> msg::GraphEndpoint {
    let qos = &endpoint.qos;
    msg::GraphEndpoint {
        ros_node: text(&endpoint.ros_node),
        gid: endpoint.gid.clone(),
        type_: text(&endpoint.type_name),
        type_hash: text(&endpoint.type_hash),
        reliability: qos.reliability.clone(),
        durability: qos.durability.clone(),
        history: qos.history.clone(),
        depth: qos.depth,
        liveliness: qos.liveliness.clone(),
        deadline: qos.deadline.unwrap_or(NONE),
        lifespan: qos.lifespan.unwrap_or(NONE),
        liveliness_lease: qos.liveliness_lease.unwrap_or(NONE),
    }
}

fn remark(remark: &Remark) -> msg::GraphRemark {
    let kind = match remark.kind {
        RemarkKind::Absent => "absent",
        RemarkKind::Undeclared => "undeclared",
        RemarkKind::NearMiss => "near_miss",
        RemarkKind::Conflict => "conflict",
    };
    msg::GraphRemark {
        kind: remark.kind as u8,
        kind_name: kind.to_owned(),
        nodes: remark.nodes.iter().map(|id| text(id)).collect(),
        name: text(&remark.name),
        text: text(&remark.text),
        remedy: text(&remark.remedy),
    }
}

/// What one node of the graph would lose.
pub fn loss(loss: &Loss) -> msg::Loss {
    msg::Loss {
        node: text(&loss.node),
        name: text(&loss.name),
        kind: loss.kind as u8,
        kind_name: kind(loss.kind).to_owned(),
        item: text(&loss.item),
        direct: loss.through.is_empty(),
        through: loss.through.iter().map(|name| text(name)).collect(),
        text: text(&loss.text),
    }
}

fn kind(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Dependency => "dependency",
        EdgeKind::Topic => "topic",
        EdgeKind::Service => "service",
        EdgeKind::Action => "action",
    }
}
