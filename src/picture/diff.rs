//! What changed between two graphs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::bundle::lines;
use super::look::Mark;
use super::sheet::{EdgeKey, Marks, edge_key};
use super::svg::draw;
use super::text::plain;
use crate::domain::dependency_graph::{DependencyGraph, GraphEdge, GraphNode, NodeKind};

/// Nodes and edges by what tells them from others.
type Keyed = (
    BTreeMap<Arc<str>, GraphNode>,
    BTreeMap<(EdgeKey, usize), Arc<GraphEdge>>,
);

/// Something that is in both graphs, and what is other about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed<T> {
    /// As it was.
    pub before: T,
    /// As it is.
    pub after: T,
    /// What is other, a few words each.
    pub what: Vec<String>,
}

/// What changed. Ids in it are what tells nodes from others in both graphs: names, not the ids of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphDiff {
    /// The nodes that are new.
    pub added_nodes: Vec<GraphNode>,
    /// The nodes that are gone.
    pub removed_nodes: Vec<GraphNode>,
    /// The nodes that are other than before.
    pub changed_nodes: Vec<Changed<GraphNode>>,
    /// The edges that are new.
    pub added_edges: Vec<Arc<GraphEdge>>,
    /// The edges that are gone.
    pub removed_edges: Vec<Arc<GraphEdge>>,
    /// The edges that are other than before.
    pub changed_edges: Vec<Changed<Arc<GraphEdge>>>,
    both: DependencyGraph,
}

/// Compares two graphs. Nodes are the same by the deployment's name, external ones by host and process
/// or the ROS nodes in them; edges by kind, both sides and name.
pub fn diff(before: &DependencyGraph, after: &DependencyGraph) -> GraphDiff {
    let (old_nodes, mut old_edges) = keyed(before);
    let (new_nodes, new_edges) = keyed(after);
    let mut found = GraphDiff::default();
    found.both.ros_details = after.ros_details;
    for (key, node) in &new_nodes {
        found.both.nodes.push(node.clone());
        match old_nodes.get(key) {
            None => found.added_nodes.push(node.clone()),
            Some(old) if lines(old) != lines(node) => found.changed_nodes.push(Changed {
                before: old.clone(),
                after: node.clone(),
                what: vec![format!(
                    "{} -> {}",
                    lines(old).join(", "),
                    lines(node).join(", ")
                )],
            }),
            Some(_) => {}
        }
    }
    for (key, node) in &old_nodes {
        if !new_nodes.contains_key(key) {
            found.both.nodes.push(node.clone());
            found.removed_nodes.push(node.clone());
        }
    }
    for (key, edge) in new_edges {
        found.both.edges.push(edge.clone());
        match old_edges.remove(&key) {
            None => found.added_edges.push(edge),
            Some(old) => {
                let what = edge_changes(&old, &edge);
                if !what.is_empty() {
                    found.changed_edges.push(Changed {
                        before: old,
                        after: edge,
                        what,
                    });
                }
            }
        }
    }
    found.both.edges.extend(old_edges.values().cloned());
    found.removed_edges = old_edges.into_values().collect();
    found
}

fn key_of(node: &GraphNode) -> String {
    match &node.kind {
        NodeKind::Deployment { .. } => node.name.clone(),
        NodeKind::External { host, process } if !host.is_empty() || !process.is_empty() => {
            format!("external:{host}/{process}")
        }
        NodeKind::External { .. } => {
            let names: Vec<&str> = node.ros_nodes.iter().map(|ros| &*ros.name).collect();
            format!(
                "external:{}",
                if names.is_empty() {
                    node.name.clone()
                } else {
                    names.join(",")
                }
            )
        }
    }
}

/// Nodes and edges by what tells them from others. Of several alike each has a number of its own.
fn keyed(graph: &DependencyGraph) -> Keyed {
    let mut nodes = BTreeMap::new();
    let mut keys = BTreeMap::new();
    for node in &graph.nodes {
        let base = key_of(node);
        let mut key: Arc<str> = base.as_str().into();
        let mut nth = 1;
        while nodes.contains_key(&key) {
            nth += 1;
            key = format!("{base} ({nth})").into();
        }
        keys.insert(&*node.id, key.clone());
        nodes.insert(
            key.clone(),
            GraphNode {
                id: key,
                ..node.clone()
            },
        );
    }
    let mut edges = BTreeMap::new();
    for edge in &graph.edges {
        let end = |id: &Arc<str>| keys.get(&**id).unwrap_or(id).clone();
        let edge = Arc::new(GraphEdge {
            source: end(&edge.source),
            target: end(&edge.target),
            ..GraphEdge::clone(edge)
        });
        let key = edge_key(&edge);
        let mut nth = usize::from(edge.domain_id) << 32;
        while edges.contains_key(&(key.clone(), nth)) {
            nth += 1;
        }
        edges.insert((key, nth), edge);
    }
    (nodes, edges)
}

fn edge_changes(old: &GraphEdge, new: &GraphEdge) -> Vec<String> {
    let mut what = Vec::new();
    if old.type_name != new.type_name {
        what.push(format!("{} -> {}", old.type_name, new.type_name));
    }
    if old.flow != new.flow {
        what.push(format!("flow {:?} -> {:?}", old.flow, new.flow).to_lowercase());
    }
    // Identifiers change whenever a process starts again; the quality of service says something.
    let qos = |edge: &GraphEdge| {
        let ends = [&edge.source_endpoints, &edge.target_endpoints];
        ends.map(|ends| ends.iter().map(|end| end.qos.clone()).collect::<Vec<_>>())
    };
    if qos(old) != qos(new) {
        what.push("other quality of service".to_owned());
    }
    what
}

impl GraphDiff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// A line each, with `+`, `-` or `~` before it; nothing when nothing changed.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let node = |n: &GraphNode| plain(&format!("{} ({})", n.name, lines(n).join(", ")));
        let edge = |e: &GraphEdge| {
            plain(&format!(
                "{} {}: {} -> {}",
                e.kind.name(),
                e.name,
                e.source,
                e.target
            ))
        };
        for (sign, nodes) in [('+', &self.added_nodes), ('-', &self.removed_nodes)] {
            for each in nodes {
                let _ = writeln!(out, "{sign} {}", node(each));
            }
        }
        for changed in &self.changed_nodes {
            let _ = writeln!(
                out,
                "~ {}: {}",
                plain(&changed.after.name),
                plain(&changed.what.join("; "))
            );
        }
        for (sign, edges) in [('+', &self.added_edges), ('-', &self.removed_edges)] {
            for each in edges {
                let _ = writeln!(out, "{sign} {}", edge(each));
            }
        }
        for changed in &self.changed_edges {
            let _ = writeln!(
                out,
                "~ {}: {}",
                edge(&changed.after),
                plain(&changed.what.join("; "))
            );
        }
        out
    }

    /// A picture of both graphs: green what is new, red and dashed what is gone, amber what changed.
    pub fn svg(&self) -> String {
        let mut marks = Marks {
            is_diff: true,
            ..Marks::default()
        };
        let nodes = |list: &[GraphNode], mark| {
            list.iter()
                .map(|n| (n.id.clone(), mark))
                .collect::<Vec<_>>()
        };
        marks.nodes.extend(nodes(&self.added_nodes, Mark::Added));
        marks
            .nodes
            .extend(nodes(&self.removed_nodes, Mark::Removed));
        marks.nodes.extend(
            self.changed_nodes
                .iter()
                .map(|c| (c.after.id.clone(), Mark::Changed)),
        );
        marks
            .edges
            .extend(self.added_edges.iter().map(|e| (edge_key(e), Mark::Added)));
        marks.edges.extend(
            self.removed_edges
                .iter()
                .map(|e| (edge_key(e), Mark::Removed)),
        );
        marks.edges.extend(
            self.changed_edges
                .iter()
                .map(|c| (edge_key(&c.after), Mark::Changed)),
        );
        draw(&self.both, &marks)
    }
}
