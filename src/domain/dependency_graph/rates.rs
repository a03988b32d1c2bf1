//! What flows along the edges of topics, where it is measured.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{DependencyGraph, EdgeKind, Flow, GraphEdge, NodeKind};
use crate::domain::graph::Gid;
use crate::domain::graph::sampling::{Topic, TopicRate};

/// What is known of what flows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// The ids of the deployments that are measured.
    pub deployments: BTreeSet<String>,
    /// What was found out so far.
    pub topics: BTreeMap<Topic, TopicRate>,
}

impl Rates {
    /// Whether something is other than before, by more than what measuring makes of the same.
    pub fn differ_from(&self, before: &Self) -> bool {
        self.deployments != before.deployments || !self.topics.keys().eq(before.topics.keys()) || {
            self.topics.iter().zip(before.topics.values())
        }
        .any(|((_, now), then)| now.differs_from(then))
    }

    /// Writes to each edge of a measured deployment what flows along it.
    pub fn fill(&self, graph: &mut DependencyGraph) {
        if self.deployments.is_empty() {
            return;
        }
        let sources = sources(graph);
        for edge in &mut graph.edges {
            let Some(topic) = measured(edge, &self.deployments) else {
                continue;
            };
            let edge = Arc::make_mut(edge);
            let alone = sources.get(&topic).is_some_and(|them| them.len() == 1);
            let rate = self.topics.get(&topic);
            let rate = rate.and_then(|rate| rate.of(publishers(edge), alone));
            let rate = rate.map(|rate| rate.rounded());
            edge.messages_per_second = rate.map(|rate| rate.messages);
            edge.bytes_per_second = rate.map(|rate| rate.bytes);
        }
    }
}

/// The ids of the deployments in the graph that were asked for, or that are always measured.
pub fn measured_deployments(
    graph: &DependencyGraph,
    asked: &BTreeSet<String>,
    always: &BTreeSet<String>,
) -> BTreeSet<String> {
    let nodes = graph.nodes.iter();
    let chosen = nodes.filter(|node| {
        let is_deployment = matches!(node.kind, NodeKind::Deployment { .. });
        is_deployment && (asked.contains(&*node.id) || always.contains(&node.name))
    });
    chosen.map(|node| node.id.to_string()).collect()
}

/// The topics on the edges of these deployments, each with all of its publishers that are at an edge.
pub fn measured_topics(
    graph: &DependencyGraph,
    deployments: &BTreeSet<String>,
) -> BTreeMap<Topic, BTreeSet<Gid>> {
    let mut topics: BTreeMap<Topic, BTreeSet<Gid>> = BTreeMap::new();
    for edge in &graph.edges {
        if let Some(topic) = measured(edge, deployments) {
            topics.entry(topic).or_default();
        }
    }
    // Who publishes to others is heard as well, and is not to be taken for one that came just now.
    let edges = if topics.is_empty() {
        &[][..]
    } else {
        &graph.edges
    };
    for edge in edges {
        if let Some(known) = topic(edge).and_then(|topic| topics.get_mut(&topic)) {
            known.extend(publishers(edge));
        }
    }
    topics
}

/// The ids of the nodes that publish on each topic.
fn sources(graph: &DependencyGraph) -> BTreeMap<Topic, BTreeSet<String>> {
    let mut sources: BTreeMap<Topic, BTreeSet<String>> = BTreeMap::new();
    for edge in &graph.edges {
        if let Some(topic) = topic(edge) {
            let them = sources.entry(topic).or_default();
            them.insert(edge.source.to_string());
        }
    }
    sources
}

/// The topic of an edge, when it is measured. Where no data can flow, there is nothing to measure.
fn measured(edge: &GraphEdge, deployments: &BTreeSet<String>) -> Option<Topic> {
    let is_wanted = deployments.contains(&*edge.source) || deployments.contains(&*edge.target);
    let flows = edge.flow != Flow::No;
    if is_wanted && flows {
        topic(edge)
    } else {
        None
    }
}

fn topic(edge: &GraphEdge) -> Option<Topic> {
    (edge.kind == EdgeKind::Topic).then(|| Topic {
        domain: edge.domain_id,
        name: edge.name.to_string(),
        type_name: edge.type_name.to_string(),
    })
}

fn publishers(edge: &GraphEdge) -> impl Iterator<Item = Gid> {
    edge.source_endpoints.iter().map(|end| end.gid)
}
