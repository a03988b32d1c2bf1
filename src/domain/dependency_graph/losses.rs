//! Who would lose what if something stopped.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::{DependencyGraph, EdgeKind, Flow, GraphEdge, GraphNode, NodeKind};

/// What one node of the dependency graph would lose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Loss {
    /// The id of the node that loses.
    pub node: String,
    /// Its name.
    pub name: String,
    /// What it loses.
    pub kind: EdgeKind,
    /// What that is called.
    pub item: String,
    /// By way of which others it depends on it, by name; none when it does so itself.
    pub through: Vec<String>,
    /// In a sentence.
    pub text: String,
}

/// Nodes of the graph that stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// The ids of those that would stop together.
    pub ids: BTreeSet<String>,
    /// The ids of those that stop or have stopped anyway: they lose nothing by it, and nobody can rely
    /// on what they still offer.
    pub leaving: BTreeSet<String>,
}

impl Stopped {
    /// These stop together, and nobody else.
    pub fn only(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            ids: ids.into_iter().map(Into::into).collect(),
            leaving: BTreeSet::new(),
        }
    }

    fn stops(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    fn stays(&self, id: &str) -> bool {
        !self.stops(id) && !self.leaving.contains(id)
    }
}

/// What is the same for whoever gets it: the kind, the loser's id, the name and the domain.
type What<'a> = (EdgeKind, &'a str, &'a str, u8);

/// Who would lose what, in the order of the losers' ids.
pub fn losses(graph: &DependencyGraph, stopped: &Stopped) -> Vec<Loss> {
    let nodes: BTreeMap<&str, &GraphNode> =
        graph.nodes.iter().map(|node| (&*node.id, node)).collect();
    let mut losses = dependents(graph, stopped, &nodes);
    let others: BTreeSet<What<'_>> = talking(graph)
        .filter(|edge| stopped.stays(&edge.source))
        .map(what)
        .collect();
    let mut lost: BTreeMap<What<'_>, Vec<&GraphEdge>> = BTreeMap::new();
    let ends = talking(graph);
    for edge in ends.filter(|edge| stopped.stops(&edge.source) && stopped.stays(&edge.target)) {
        if !others.contains(&what(edge)) {
            lost.entry(what(edge)).or_default().push(edge);
        }
    }
    losses.extend(
        lost.into_iter()
            .map(|(what, edges)| talk(what, &edges, &nodes)),
    );
    losses.sort();
    losses.dedup();
    losses
}

/// The relationships through which something comes.
fn talking(graph: &DependencyGraph) -> impl Iterator<Item = &GraphEdge> {
    let edges = graph.edges.iter().map(|edge| &**edge);
    edges.filter(|edge| edge.kind != EdgeKind::Dependency && edge.flow != Flow::No)
}

fn what(edge: &GraphEdge) -> What<'_> {
    (edge.kind, &edge.target, &edge.name, edge.domain_id)
}

fn name(nodes: &BTreeMap<&str, &GraphNode>, id: &str) -> String {
    nodes
        .get(id)
        .map_or(id, |node| node.name.as_str())
        .to_owned()
}

/// What comes from those that stop alone, by these edges.
fn talk(
    (kind, target, item, _): What<'_>,
    edges: &[&GraphEdge],
    nodes: &BTreeMap<&str, &GraphNode>,
) -> Loss {
    let sources: BTreeSet<String> = { edges.iter() }
        .map(|edge| name(nodes, &edge.source))
        .collect();
    let sources: Vec<String> = sources.into_iter().collect();
    let only = sources.join(" and ");
    let who = loser(target, edges, nodes);
    let (serve, publish) = match sources.as_slice() {
        [_] => ("serves", "publishes"),
        _ => ("serve", "publish"),
    };
    Loss {
        node: target.to_owned(),
        name: name(nodes, target),
        kind,
        item: item.to_owned(),
        through: Vec::new(),
        text: match kind {
            EdgeKind::Service => {
                format!("{who} calls the service {item}, which only {only} {serve}")
            }
            EdgeKind::Action => {
                format!("{who} sends goals to {item}, which only {only} {serve}")
            }
            _ => format!("{who} subscribes to {item}, which only {only} {publish}"),
        },
    }
}

/// Whom a sentence is about. A process outside of deployments is known by its ROS nodes to people.
fn loser(target: &str, edges: &[&GraphEdge], nodes: &BTreeMap<&str, &GraphNode>) -> String {
    let called = name(nodes, target);
    let kind = nodes.get(target).map(|node| &node.kind);
    if !matches!(kind, Some(NodeKind::External { .. })) {
        return called;
    }
    let ends = edges.iter().flat_map(|edge| &edge.target_endpoints);
    let ros_nodes: BTreeSet<&str> = ends.map(|end| &*end.ros_node).collect();
    let known: Vec<&str> = ros_nodes
        .into_iter()
        .filter(|name| !name.is_empty())
        .collect();
    match known.as_slice() {
        [] => called,
        [one] => format!("{one} ({called})"),
        [one, more @ ..] => format!("{one} and {} more ({called})", more.len()),
    }
}

/// Those that depend on what stops, the nearest first; each once for each of its own dependencies that
/// is lost, by the shortest way.
fn dependents(
    graph: &DependencyGraph,
    stopped: &Stopped,
    nodes: &BTreeMap<&str, &GraphNode>,
) -> Vec<Loss> {
    let mut by_target: BTreeMap<&str, Vec<&GraphEdge>> = BTreeMap::new();
    let dependencies = graph.edges.iter();
    for edge in dependencies.filter(|edge| edge.kind == EdgeKind::Dependency) {
        by_target.entry(&edge.target).or_default().push(edge);
    }
    let mut losses = Vec::new();
    let mut reached: BTreeSet<&str> = stopped.ids.iter().map(String::as_str).collect();
    let from = reached.iter().map(|id| (*id, *id, Vec::<String>::new()));
    let mut queue: VecDeque<_> = from.collect();
    while let Some((lost, cause, through)) = queue.pop_front() {
        for edge in by_target.get(lost).into_iter().flatten() {
            if !stopped.stays(&edge.source) {
                continue;
            }
            losses.push(dependent(edge, nodes, cause, &through));
            if reached.insert(&edge.source) {
                let mut further = vec![name(nodes, &edge.source)];
                further.extend(through.iter().cloned());
                queue.push_back((&edge.source, cause, further));
            }
        }
    }
    losses
}

fn dependent(
    edge: &GraphEdge,
    nodes: &BTreeMap<&str, &GraphNode>,
    cause: &str,
    through: &[String],
) -> Loss {
    let (loser, stopped) = (name(nodes, &edge.source), name(nodes, cause));
    let text = if through.is_empty() {
        format!("{loser} depends on {stopped}, as {}", edge.name)
    } else {
        format!(
            "{loser} depends on {stopped} by way of {}",
            through.join(", then ")
        )
    };
    Loss {
        node: edge.source.to_string(),
        name: loser,
        kind: EdgeKind::Dependency,
        item: edge.name.to_string(),
        through: through.to_vec(),
        text,
    }
}
