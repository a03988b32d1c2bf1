//! Edges between the same two nodes of the same kind, drawn as one.

use std::collections::BTreeMap;

use crate::domain::dependency_graph::{
    DependencyGraph, EdgeKind, Flow, GraphEdge, GraphNode, NodeKind,
};
use crate::domain::graph::sampling::two_digits;

/// The edges of one kind from one node to another.
pub(super) struct Bundle<'a> {
    /// The index of the node that they start from.
    pub source: usize,
    /// The index of the node that they point to.
    pub target: usize,
    pub kind: EdgeKind,
    /// Whether data can flow over them: Yes, Partly or No. What is not known counts as Yes.
    pub flow: Flow,
    pub edges: Vec<&'a GraphEdge>,
}

/// All edges, bundled. Those that cannot flow, or only in part, are apart from those that can, so that
/// none hides the other. Edges to nodes that are not there are left out.
pub(super) fn bundles(graph: &DependencyGraph) -> Vec<Bundle<'_>> {
    let index: BTreeMap<&str, usize> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (&*node.id, at))
        .collect();
    let mut found: BTreeMap<(usize, usize, EdgeKind, u8), Vec<&GraphEdge>> = BTreeMap::new();
    for edge in &graph.edges {
        if let (Some(&source), Some(&target)) = (index.get(&*edge.source), index.get(&*edge.target))
        {
            let key = (source, target, edge.kind, known(edge.flow) as u8);
            found.entry(key).or_default().push(edge);
        }
    }
    found
        .into_iter()
        .map(|((source, target, kind, _), mut edges)| {
            edges.sort_by(|a, b| a.name.cmp(&b.name));
            let flow = known(edges[0].flow);
            Bundle {
                source,
                target,
                kind,
                flow,
                edges,
            }
        })
        .collect()
}

fn known(flow: Flow) -> Flow {
    match flow {
        Flow::Unknown => Flow::Yes,
        flow => flow,
    }
}

/// The package, phase and status of a node, or that it is external; a line each.
pub(super) fn lines(node: &GraphNode) -> Vec<String> {
    match &node.kind {
        NodeKind::Deployment {
            package,
            version,
            phase,
            status,
            ..
        } => {
            let state = [phase.as_str(), status.as_str()];
            let state: Vec<&str> = state.into_iter().filter(|word| !word.is_empty()).collect();
            vec![format!("{package} {version}"), state.join(" · ")]
        }
        NodeKind::External { .. } => vec!["outside of any deployment".to_owned()],
    }
}

/// What an edge is called: its name, or of a dependency without alias its range.
pub(super) fn label(edge: &GraphEdge) -> String {
    match (edge.kind, edge.name.is_empty()) {
        (EdgeKind::Dependency, false) => format!("{} {}", edge.name, edge.type_name),
        (EdgeKind::Dependency, true) => format!("depends on {}", edge.type_name),
        _ => edge.name.to_string(),
    }
    .trim()
    .to_owned()
}

/// What flows along an edge, after something else: `, 10 Hz, 2.4 kB/s`; empty when it is not measured.
pub(super) fn rate(edge: &GraphEdge) -> String {
    let (Some(messages), Some(bytes)) = (edge.messages_per_second, edge.bytes_per_second) else {
        return String::new();
    };
    let units = ["B/s", "kB/s", "MB/s", "GB/s"];
    let mut bytes = two_digits(bytes);
    let mut unit = 0;
    while bytes >= 1000.0 && unit + 1 < units.len() {
        bytes = two_digits(bytes / 1000.0);
        unit += 1;
    }
    format!(", {} Hz, {bytes} {}", two_digits(messages), units[unit])
}
